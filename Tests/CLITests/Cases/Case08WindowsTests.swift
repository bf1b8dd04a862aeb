import Foundation
import TestSupport
import Testing

/// A Windows 11 whose programs are where inventories forget to look (Fixtures/cases/08-windows).
@Suite struct Case08WindowsTests {
  private static let programs = [
    "7-Zip 23.01 (x64) 23.01", "Contoso Legacy 4.2", "Microsoft Visual Studio Code (User) 1.91.1",
    "Old User Tool (32 bit) 7.0", "Postman x86_64 11.2.0 11.2.0", "Signal 7.15.0 7.15.0",
  ]

  /// The host name that hivexregedit reads of the hive, in UTF-16.
  private func hostName() throws -> String {
    let text = try String(
      contentsOf: Program.fixtures.appending(path: "cases/08-windows/hives.truth"), encoding: .utf8)
    let digits = try #require(text.firstMatch(of: /"Hostname"=hex\(1\):([0-9a-f,]+)/)?.1)
    let bytes = digits.split(separator: ",").compactMap { UInt8($0, radix: 16) }
    return try #require(String(bytes: bytes.dropLast(2), encoding: .utf16LittleEndian))
  }

  private func scan(_ image: String, _ options: String...) async throws -> (status: Int32, image: ScanResult.Image) {
    try await withFolder { folder in
      let (finished, document) = try await Program.scan(
        [Program.image("cases/08-windows/\(image)"), "--reader", "direct"]
          + ["--catalog", folder.appending(path: "db").path] + options)
      return (finished.status, try #require(document.images.first))
    }
  }

  @Test(arguments: [[], ["--only", "declared"]])
  func `lists the programs of every account and the packages of the store`(_ options: [String]) async throws {
    let (status, image) =
      options.isEmpty ? try await scan("windows.vhd") : try await scan("windows.vhd", "--only", "declared")
    #expect(status == 0 && image.status == "scanned")
    let system = try #require(image.operatingSystems.first)
    #expect(system.version == "10.0.26100.2342" && system.architecture == "x86_64")
    #expect(try system.hostname == hostName() && system.hostname?.count == 16)
    #expect(image.names("windows") == Self.programs)
    #expect(image.names("msix") == ["Microsoft Teams 24102.2223.2870.9480"])
  }

  @Test func `a hive that was being written and has no log makes the image partial`() async throws {
    let (status, image) = try await scan("dirty.vhd")
    #expect(status == 2 && image.status == "partial" && image.error?.code == "dirty")
    #expect(image.error?.message.contains("SOFTWARE") == true)
    #expect(image.names("windows") == Self.programs)
  }
}

/// A folder that is gone afterwards, for what takes its time.
private func withFolder<Result>(_ body: (URL) async throws -> Result) async throws -> Result {
  let folder = FileManager.default.temporaryDirectory.appending(path: "vmlineage-case-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try await body(folder)
}
