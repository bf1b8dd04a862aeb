import Catalog
import Foundation
import Inventory
import Lineage
import Reports
import TestSupport
import Testing

struct DocumentTests {
  private let schema = packageFolder.appending(path: "Signatures/schemas/vmlineage.scan-1.json")

  /// What check-jsonschema says, which knows nothing of this program.
  private func validate(_ data: Data) throws -> Finished {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "scan.json")
      try data.write(to: file)
      let program = packageFolder.appending(path: ".build/python/bin/check-jsonschema").path
      return try run([program, "--schemafile", schema.path, file.path])
    }
  }

  @Test func `the schema is one`() throws {
    let program = packageFolder.appending(path: ".build/python/bin/check-jsonschema").path
    let finished = try run([program, "--check-metaschema", schema.path])
    #expect(finished.status == 0, "\(finished.text)")
  }

  @Test(arguments: [false, true])
  func `documents fit the schema`(files: Bool) throws {
    let finished = try validate(try ScanDocument(images: Sample.all, files: files).data())
    #expect(finished.status == 0, "\(finished.text)")
    #expect(try validate(try ScanDocument(images: []).data()).status == 0)
  }

  @Test func `what was left out has its place`() throws {
    let data = try ScanDocument(images: [], skipped: Sample.skipped).data()
    let finished = try validate(data)
    #expect(finished.status == 0, "\(finished.text)")
    let document = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    let skipped = try #require(document["skipped"] as? [String: Any])
    #expect(skipped["count"] as? Int == 1204)
    #expect(skipped["byReason"] as? [String: Int] == ["archive": 1, "unreadable": 3, "not-an-image": 1200])
    let files = try #require(skipped["files"] as? [[String: String]])
    #expect(files.count == 14)
    // base64 of `disk` and 0xFF, by the base64 program.
    #expect(files[1]["path"] == "disk\\xff" && files[1]["pathBytes"] == "ZGlza/8=")
    #expect(files[0] == ["path": "/a.gz", "reason": "archive", "message": "is packed"])
  }

  @Test func `a key that the contract does not have, or one that lacks, does not fit`() throws {
    let text = String(decoding: try ScanDocument(images: Sample.all).data(), as: UTF8.self)
    let changes = [
      text.replacing("\"conflicts\"", with: "\"conflict\""), text.replacing("\"golden\"", with: "\"gold\""),
      text.replacing("vmlineage.scan/1", with: "vmlineage.scan/2"), text.replacing("0.9981", with: "1.9981"),
    ]
    for changed in changes {
      #expect(changed != text)
      #expect(try validate(Data(changed.utf8)).status == 1)
    }
  }

  @Test func `values are where the contract puts them`() throws {
    let data = try ScanDocument(images: [Sample.whole]).data()
    let document = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    #expect(document["schema"] as? String == "vmlineage.scan/1")
    let image = try #require((document["images"] as? [[String: Any]])?.first)
    #expect(image["unchanged"] as? Bool == true && image["role"] as? String == "golden")
    #expect(image["error"] == nil && image["virtualSize"] as? Int == 8_589_934_592)
    let shop = try #require((image["applications"] as? [[String: Any]])?.first)
    let file = try #require((shop["files"] as? [[String: Any]])?.first)
    // 0xFF is no UTF-8: base64 of `opt/` and that byte, by the base64 program: b3B0L/8=
    #expect(file["path"] as? String == "opt/\\xff" && file["pathBytes"] as? String == "b3B0L/8=")
    let source = try #require((shop["sources"] as? [[String: Any]])?[3])
    #expect(source["revised"] as? String == "2026-01-31T12:00:00Z")
    let counts = try #require(image["counts"] as? [String: Int])
    #expect(
      counts == ["files": 20, "read": 10, "digested": 9, "explained": 15, "unexplained": 4, "unreadable": 1])
  }

  @Test func `files of packages come only when asked for`() throws {
    func files(_ withFiles: Bool) throws -> Int {
      let data = try ScanDocument(images: [Sample.whole], files: withFiles).data()
      return String(decoding: data, as: UTF8.self).ranges(of: "\"level\" : \"declared\"").count
    }
    #expect(try files(false) == 0)
    #expect(try files(true) == 209)
  }

  @Test func `keys are sorted and nothing of a terminal is in it`() throws {
    let data = try ScanDocument(images: Sample.all, files: true).data()
    let program = """
      import json, sys
      def check(pairs):
          assert [k for k, _ in pairs] == sorted(k for k, _ in pairs), pairs
          return dict(pairs)
      json.load(sys.stdin, object_pairs_hook=check)
      """
    let finished = try run(["python3", "-c", program], input: data)
    #expect(finished.status == 0, "\(finished.errorText)")
    #expect(!data.contains(0x1B) && data.last == 0x0A)
  }

  @Test func `an image in which nothing was found says so, one that could not be stored has failed`() {
    #expect(Sample.empty.status == .unrecognised && Sample.empty.reason?.code == "unrecognised")
    var lost = Sample.whole
    lost.problem = Problem(code: "catalog-full", operation: "write catalog", subject: "c", reason: "full")
    #expect(lost.status == .failed && lost.reason?.code == "catalog-full")
    #expect(Sample.encrypted.status == .partial && Sample.whole.reason == nil)
  }
}
