import Foundation
import TestSupport
import Testing

@Suite struct RepeatedScanTests {
  /// Two images scanned without a signature, then with one, then with it again: one catalog, in this order.
  @Test func `reads again only what a new signature may match`() async throws {
    // One after the other: more appliances than cores help nobody.
    _ = try await SharedScan.value
    let folder = packageFolder.appending(path: ".build/end-to-end-repeated")
    try? FileManager.default.removeItem(at: folder)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try copy(["shop.vhdx", "multi.qcow2"], to: folder)
    let nothing = folder.appending(path: "no-signatures").path
    try FileManager.default.createDirectory(atPath: nothing, withIntermediateDirectories: true)
    let catalog = folder.appending(path: "catalog.db").path
    let scan = [folder.path, "--jobs", "2", "--catalog", catalog, "--signatures"]

    let first = try await Program.scan(scan + [nothing])
    #expect(first.document.images.map(\.status) == ["scanned", "scanned"], "\(first.finished.errorText)")
    #expect(first.document.images.allSatisfy { !$0.unchanged && $0.packages("release").isEmpty })
    let before = try first.document.images.map { try storedFiles(of: $0, in: catalog) }

    let second = try await Program.scan(scan + [SharedScan.signatures[0]])
    #expect(second.document.images.allSatisfy { $0.unchanged }, "\(second.finished.errorText)")
    #expect(second.document.images.map(\.id) == first.document.images.map(\.id))
    let after = try second.document.images.map { try storedFiles(of: $0, in: catalog) }
    let (sizes, texts) = try shipped("1.9.4")
    for (old, new) in zip(before, after) {
      let read = new.filter { $0.value.sha256 != "" && old[$0.key]?.sha256 == "" }
      let due = old.filter { path, file in
        let name = URL(fileURLWithPath: "/" + path).lastPathComponent
        return file.sha256 == "" && (sizes.contains(file.size) || texts.contains(name))
      }
      #expect(Set(read.keys) == Set(due.keys))
    }
    let shop = try #require(second.document.images.first { $0.name == "shop.vhdx" })
    #expect(shop.packages("release").map(\.version) == ["1.9.4"])
    #expect(shop.packages("release").first?.match == "exact")

    // What was stripped is of another size than its build: its headers tell, as in a first scan with both signatures.
    let third = try await Program.scan(scan + SharedScan.signatures)
    #expect(third.document.images.allSatisfy { $0.unchanged } && third.finished.status == 0)
    let known = try await SharedScan.value.image("shop.vhdx")
    #expect(third.document.images.first { $0.name == "shop.vhdx" }?.applications == known.applications)
  }

  private static let hasLoopDevices = (try? run(["losetup", "--find"]).status) == 0

  @Test(.enabled(if: hasLoopDevices)) func `a device is read again, for nothing tells when it was written to`()
    async throws
  {
    let folder = packageFolder.appending(path: ".build/end-to-end-device")
    try? FileManager.default.removeItem(at: folder)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let raw = folder.appending(path: "shop.raw").path
    #expect(try run(["qemu-img", "convert", "-O", "raw", Program.image("shop.vhdx"), raw]).status == 0)
    let device = try run(["losetup", "--find", "--show", raw]).text.trimmingCharacters(in: .whitespacesAndNewlines)
    defer { _ = try? run(["losetup", "--detach", device]) }
    let scan = [device, "--reader", "direct", "--catalog", folder.appending(path: "catalog.db").path]
    for _ in 0..<2 {
      let (finished, document) = try await Program.scan(scan)
      #expect(document.images.map(\.status) == ["scanned"], "\(finished.errorText)")
      #expect(document.images.map(\.unchanged) == [false])
    }
  }

  @Test func `an unchanged image says what it said before`() async throws {
    let scan = try await SharedScan.value
    let paths = ["debian.qcow2", "shop.vhdx"].map { scan.folder.appending(path: $0).path }
    let again = try await Program.scan(
      paths + ["--files", "--catalog", scan.catalog, "--signatures"] + SharedScan.signatures)
    #expect(again.finished.status == 0 && again.document.images.count == 2)
    for image in again.document.images {
      let before = try scan.image(image.name)
      #expect(image.unchanged && !before.unchanged && image.id == before.id)
      #expect(image.applications == before.applications && image.counts == before.counts)
    }
  }

  /// Of the files that a release shipped: their sizes, and the names of texts, which may be edited where installed.
  private func shipped(_ version: String) throws -> (sizes: Set<String>, texts: Set<String>) {
    let folder = Program.fixtures.appending(path: "shop/\(version)")
    let files = try run(["find", folder.path, "-type", "f"]).text.split(separator: "\n").map(String.init)
    let contents = try files.map { ($0, try Data(contentsOf: URL(fileURLWithPath: $0))) }
    let texts = contents.filter { !$0.1.contains(0) }.map { URL(fileURLWithPath: $0.0).lastPathComponent }
    return (Set(contents.map { "\($0.1.count)" }), Set(texts))
  }
}
