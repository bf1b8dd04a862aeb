import Foundation
import TestSupport
import Testing

/// Scans that look only where systems record what is installed.
@Suite struct DeclaredScanTests {
  @Test(arguments: ["debian.qcow2", "multi.qcow2", "shop.vhdx", "windows.vhd"])
  func `tells the systems and their packages as a whole scan does`(name: String) async throws {
    let whole = try await SharedScan.value.image(name)
    try await with(name) { scan, catalog in
      let image = try await scan(["--only", "declared"])
      #expect(image.status == "scanned" && !image.unchanged)
      #expect(image.operatingSystems == whole.operatingSystems)
      for kind in ["deb", "apk", "windows", "pypi"] where kind != "windows" || name == "windows.vhd" {
        // Versions that executables say of themselves are not looked for.
        let expected = kind == "windows" ? Set(try uninstallEntries()) : Set(whole.names(kind))
        #expect(Set(image.names(kind)) == expected, "\(kind)")
      }
      #expect(image.applications.allSatisfy { $0.origin == "declared" && $0.artifacts["expected"] == 0 })
      #expect(image.counts["files"] == 0 && image.counts["unexplained"] == 0)
      #expect(try rows(catalog, "SELECT count(*) AS files FROM v_files").first?["files"] == "0")
    }
  }

  @Test func `is not taken for a whole scan, and a whole scan is taken for it`() async throws {
    try await with("multi.qcow2") { scan, _ in
      _ = try await scan(["--only", "declared"])
      #expect(try await scan(["--only", "declared"]).unchanged)
      let whole = try await scan([])
      #expect(!whole.unchanged && (whole.counts["files"] ?? 0) > 0)
      #expect(try await scan([]).unchanged)
      let again = try await scan(["--only", "declared"])
      #expect(again.unchanged && again.counts == whole.counts && again.applications == whole.applications)
      #expect(try await scan(["--digests", "all"]).unchanged == false)
    }
  }

  @Test func `says where the time went`() async throws {
    try await with("multi.qcow2") { _, catalog in
      let arguments = ["scan", Program.image("multi.qcow2"), "--reader", "direct", "--timings", "--catalog"]
      let finished = try await Program.run(arguments + [catalog])
      let lines = finished.errorText.split(separator: "\n")
      let heading = try #require(lines.first { $0.hasPrefix("image ") })
      for phase in ["check", "start", "open volumes", "list files", "read files", "conclude and store", "files read"] {
        #expect(heading.contains(phase))
      }
      #expect(lines.contains { $0.hasPrefix("multi.qcow2 ") })
    }
  }

  private func with(
    _ name: String, _ body: (([String]) async throws -> ScanResult.Image, String) async throws -> Void
  ) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "vmlineage-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let catalog = folder.appending(path: "catalog.db").path
    try await body(
      { options in
        let scan = [Program.image(name), "--reader", "direct", "--catalog", catalog, "--signatures"]
        let (finished, document) = try await Program.scan(scan + [SharedScan.signatures[0]] + options)
        return try #require(document.images.first, "\(finished.errorText)")
      }, catalog)
  }
}
