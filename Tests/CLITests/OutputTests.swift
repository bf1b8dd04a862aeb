import Foundation
import TestSupport
import Testing

@Suite struct OutputTests {
  @Test func `the document is what its JSON Schema says`() async throws {
    let scan = try await SharedScan.value
    let check = packageFolder.appending(path: ".build/python/bin/check-jsonschema").path
    let schema = packageFolder.appending(path: "Signatures/schemas/vmlineage.scan-1.json").path
    let checked = try withTemporaryFolder { folder in
      let file = folder.appending(path: "scan.json")
      try scan.finished.output.write(to: file)
      return try run([check, "--schemafile", schema, file.path])
    }
    #expect(checked.status == 0, "\(checked.text.prefix(4000))\(checked.errorText)")
    // An output that is JSON to others too, with keys in order.
    let sorted = try run(["python3", "-c", Self.isSorted], input: scan.finished.output)
    #expect(sorted.status == 0, "\(sorted.errorText)")
  }

  private static let isSorted = """
    import json, sys
    def check(pairs):
        keys = [key for key, _ in pairs]
        assert keys == sorted(set(keys)), keys
        return dict(pairs)
    json.load(sys.stdin, object_pairs_hook=check)
    """

  @Test func `keeps names whatever bytes they are of`() async throws {
    let scan = try await SharedScan.value
    let image = try scan.image("names.qcow2")
    // A FIFO is where the package database should be.
    #expect(image.status == "partial" && image.error?.code == "not-a-file" && image.applications.isEmpty)
    #expect(image.error?.message.contains("var/lib/dpkg/status") == true)
    let stored = try rows(
      scan.catalog,
      """
      SELECT hex(path) AS path, kind FROM v_files
      WHERE inventory_id = \(inventory(of: image))
      """)
    let paths = Dictionary(
      stored.map { (bytes(hexadecimal: $0["path"] ?? ""), $0["kind"] ?? "") }, uniquingKeysWith: { $1 })
    // As Fixtures/images/make-small writes them.
    let odd: [[UInt8]] = [
      Array("new\nline".utf8), Array("\u{1B}[31mred\u{1B}]0;title\u{7}".utf8), Array("latin-1 ".utf8) + [0xE9, 0xFF],
      Array("\u{202E}gpj.exe".utf8), Array("-rf".utf8), Array(" ".utf8), Array("$(reboot)`;'\"".utf8),
    ]
    for name in odd { #expect(paths[Array("srv/odd/".utf8) + name] == "regular", "\(name)") }
    let bottom = "srv/deep" + String(repeating: "/d", count: 200) + "/bottom"
    #expect(paths[Array(bottom.utf8)] == "regular")
    #expect(paths[Array("srv/odd/loop-a".utf8)] == "link" && paths[Array("srv/odd/fifo".utf8)] == "other")
    // A link to the host's own /etc/passwd stays a link of the guest.
    #expect(image.operatingSystems.allSatisfy { $0.hostname == nil })
  }

  @Test(arguments: ["table", "json"])
  func `what a name holds does not reach the terminal`(_ format: String) async throws {
    let hostile = Program.fixtures.appending(path: "hostile/text.vhd")
    let folder = FileManager.default.temporaryDirectory.appending(path: "vmlineage-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let named = folder.appending(path: "a\u{1B}[31mred\u{1B}]0;title\u{7}\nfake: scanned\u{202E}.vhd")
    try FileManager.default.copyItem(at: hostile, to: named)
    let finished = try await Program.run(
      ["scan", folder.path, named.path, "--format", format, "--catalog", folder.appending(path: "catalog.db").path])
    #expect(finished.status == 2)
    for output in [finished.text, finished.errorText] {
      #expect(output.unicodeScalars.allSatisfy { $0 == "\n" || ($0.value >= 0x20 && $0.value != 0x7F) })
      #expect(!output.split(separator: "\n").contains { $0.hasPrefix("fake: scanned") })
    }
    #expect(format == "json" || !finished.text.unicodeScalars.contains("\u{202E}"))
    #expect(!finished.errorText.unicodeScalars.contains("\u{202E}"))
  }

  @Test func `the table fits 80 columns and says what matters`() async throws {
    let scan = try await SharedScan.value
    // Unchanged images, so that no appliance boots; the folder's hostile ones are quick.
    let names = ["debian.qcow2", "dpkg-cut.qcow2", "names.qcow2", "shop.vhdx", "windows.vhd"]
    let paths = names.map { scan.folder.appending(path: $0).path }
    let finished = try await Program.run(
      ["scan"] + paths + ["--packages", "--sources", "--catalog", scan.catalog, "--signatures"] + SharedScan.signatures,
      environment: ["COLUMNS": "80"])
    let text = finished.text
    #expect(finished.status == 2)
    #expect(text.unicodeScalars.allSatisfy { $0 == "\n" || ($0.value >= 0x20 && $0.value != 0x7F) })
    let tooWide = text.split(separator: "\n").filter { line in line.count > 80 && !paths.contains { line.hasPrefix($0) }
    }
    #expect(tooWide.isEmpty, "\(tooWide)")
    #expect(text.contains("1.10.0"))
    for package in try truth("debian.dpkg.tsv") { #expect(text.contains(package[0]), "\(package[0])") }
    #expect(text.contains("5 images: 3 scanned, 2 partial"))
  }
}
