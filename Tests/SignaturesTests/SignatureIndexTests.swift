import Fingerprints
import Foundation
import Signatures
import TestSupport
import Testing

@Suite struct SignatureIndexTests {
  /// Writes signatures as files and opens an index of them.
  private func withIndex(_ signatures: [Signature], _ body: (SignatureIndex, URL) throws -> Void) throws {
    try withTemporaryFolder { folder in
      for (number, signature) in signatures.enumerated() {
        try signature.sealed().write(to: folder.appending(path: "\(number).json"))
      }
      let file = folder.appending(path: "index.db")
      let built = try SignatureIndex.build(from: [folder.path], at: file.path)
      #expect(built.problems.isEmpty)
      #expect(built.builds == signatures.count)
      try body(try SignatureIndex(path: file.path), folder)
    }
  }

  private func release(_ application: String, _ version: String, _ artifacts: [Artifact]) -> Signature {
    Signature(application: application, release: version, artifacts: artifacts)
  }

  @Test func `gives a build back whole`() throws {
    let signature = try hostileSignature().sealed()
    try withIndex([signature]) { index, _ in
      let id = try #require(signature.build)
      #expect(try index.builds() == [id])
      #expect(try index.build(id) == signature)
      #expect(try index.build(Digest(of: Data())) == nil)
    }
  }

  @Test func `hits by digest and by mark, and counts applications`() throws {
    let shared = sampleArtifact("lib/z", contents: "zlib")
    let shop = release(
      "shop", "1",
      [shared, sampleArtifact("bin/shop", contents: "shop", marks: [Mark(.elfLoad, "l1"), Mark(.shape, "s")])])
    let cart = release("cart", "1", [shared, sampleArtifact("bin/cart", contents: "cart")])
    try withIndex([shop, cart]) { index, _ in
      let found = try index.match([
        MatchKey(file: 10, sha256: shared.sha256, marks: []),
        MatchKey(file: 11, sha256: Digest(of: Data("patched".utf8)), marks: [Mark(.elfLoad, "l1"), Mark(.shape, "s")]),
        MatchKey(file: 12, sha256: nil, marks: [Mark(.buildID, "l1")]),
        MatchKey(file: 13, sha256: Digest(of: Data("shop".utf8)), marks: [Mark(.elfLoad, "l1")]),
      ])
      let shopID = try #require(try shop.sealed().build)
      let cartID = try #require(try cart.sealed().build)
      #expect(
        Set(found.hits) == [
          MatchHit(file: 10, build: shopID, artifact: 1, mark: nil),
          MatchHit(file: 10, build: cartID, artifact: 1, mark: nil),
          MatchHit(file: 11, build: shopID, artifact: 0, mark: Mark(.elfLoad, "l1")),
          MatchHit(file: 13, build: shopID, artifact: 0, mark: nil),
        ])
      #expect(found.hits.count == 4)
      let whole = [shopID: try shop.sealed(), cartID: try cart.sealed()]
      #expect(found.builds == whole)
      #expect(found.applications == 2)
      #expect(found.applicationsPerDigest == [shared.sha256: 2, Digest(of: Data("shop".utf8)): 1])
      // Temporary tables are gone: a second look-up sees nothing of the first.
      #expect(try index.match([]).hits.isEmpty)
    }
  }

  @Test func `what is common hits the builds that something rare hits`() throws {
    let licence = sampleArtifact("LICENSE", contents: "licence", marks: [Mark(.section, ".init=1"), Mark(.text, "t")])
    let builds = (0..<250).map {
      release("app\($0 % 50)", "\($0)", [licence, sampleArtifact("bin/x", contents: "x\($0)")])
    }
    try withIndex(builds) { index, _ in
      let rare = try index.match([
        MatchKey(file: 0, sha256: licence.sha256, marks: licence.marks),
        MatchKey(file: 1, sha256: Digest(of: Data("x249".utf8)), marks: []),
        MatchKey(file: 2, sha256: nil, marks: licence.marks),
      ])
      let last = try #require(try builds[249].sealed().build)
      #expect(rare.builds.keys.sorted() == [last])
      #expect(rare.hits.map(\.file) == [0, 1, 2])
      #expect(rare.hits[2].mark == Mark(.text, "t"))
      #expect(rare.applicationsPerDigest[licence.sha256] == 50)
      // In many applications and with nothing rare beside it, it says nothing but the count.
      let alone = try index.match([MatchKey(file: 0, sha256: licence.sha256, marks: [])])
      #expect(alone.hits.isEmpty)
      #expect(alone.applicationsPerDigest[licence.sha256] == 50)
    }
  }

  @Test func `a file that did not change for many releases still names its application`() throws {
    let same = sampleArtifact("bin/x", contents: "same")
    try withIndex((0..<250).map { release("app", "\($0)", [same]) }) { index, _ in
      let found = try index.match([MatchKey(file: 0, sha256: same.sha256, marks: [])])
      #expect(found.hits.count == 200)
      #expect(found.applicationsPerDigest == [same.sha256: 1])
    }
  }

  @Test func `the screen names what can match`() throws {
    let signature = release(
      "a", "1",
      [
        sampleArtifact("etc/a.conf", contents: "12345", marks: [Mark(.text, "t")]),
        sampleArtifact("bin/a", contents: "123", marks: [Mark(.shape, "s"), Mark(.buildID, "b")]),
      ])
    try withIndex([signature]) { index, _ in
      let screen = try index.screen()
      #expect(screen.sizes == [5, 3])
      #expect(screen.shapes == ["s"])
      #expect(screen.buildIDs == ["b"])
      #expect(screen.textNames == ["a.conf"])
    }
  }

  @Test func `the same input gives the same bytes, and an index of an index holds the same`() throws {
    try withIndex([hostileSignature(), release("b", "1", [sampleArtifact("b", contents: "b")])]) { index, folder in
      let (again, merged) = (folder.appending(path: "2.out"), folder.appending(path: "3.out"))
      let files = [folder.appending(path: "0.json").path, folder.appending(path: "1.json").path]
      #expect(try SignatureIndex.build(from: files, at: again.path).builds == 2)
      let first = try Data(contentsOf: URL(fileURLWithPath: index.path))
      #expect(try Data(contentsOf: again) == first)
      let built = try SignatureIndex.build(from: [index.path, files[0]], at: merged.path)
      #expect((built.builds, built.repeated) == (2, 1))
      let expected = try index.builds()
      #expect(try SignatureIndex(path: merged.path).builds() == expected)
      let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      #expect(!names.contains { $0.hasSuffix(".tmp") })
      // The truth of another reader.
      let check = try run([
        "sqlite3", index.path, "PRAGMA integrity_check; PRAGMA foreign_key_check; SELECT count(*) FROM marks",
      ])
      #expect(check.text == "ok\n24\n", "\(check.errorText)")
    }
  }

  @Test func `a bad file in a folder is a warning, one that is named is an error`() throws {
    try withTemporaryFolder { folder in
      try release("a", "1", [sampleArtifact("a", contents: "a")]).sealed().write(to: folder.appending(path: "a.json"))
      let bad = folder.appending(path: "bad.json")
      try Data("{}".utf8).write(to: bad)
      let forged = folder.appending(path: "forged.json")
      var signature = try release("b", "1", [sampleArtifact("b", contents: "b")]).sealed()
      signature.release = "2"
      try signature.write(to: forged)
      var warnings: [SignatureError] = []
      let index = try SignatureIndex.open(paths: [folder.path], temporaryFolder: folder) { warnings.append($0) }
      #expect(try index.builds().count == 1)
      #expect(warnings.map(\.file) == [bad.path, forged.path])
      for named in [bad.path, forged.path, folder.path + "/missing"] {
        #expect(throws: SignatureError.self) {
          try SignatureIndex.open(paths: [named], temporaryFolder: folder) { _ in }
        }
      }
    }
  }

  @Test func `refuses what poses as an index`() throws {
    try withIndex([hostileSignature()]) { index, folder in
      for (number, statement) in [
        "CREATE VIEW extra AS SELECT 1", "CREATE TRIGGER t AFTER INSERT ON builds BEGIN SELECT 1; END",
        "PRAGMA user_version = 2", "DROP INDEX artifacts_by_size",
        "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, 'size INTEGER', 'size TEXT')",
      ].enumerated() {
        let copy = folder.appending(path: "copy\(number).db")
        try FileManager.default.copyItem(at: URL(fileURLWithPath: index.path), to: copy)
        _ = try run(["sqlite3", copy.path, statement])
        #expect(throws: SignatureError.self, "\(statement)") { try SignatureIndex(path: copy.path) }
      }
      let text = folder.appending(path: "text.db")
      try Data("not a database".utf8).write(to: text)
      #expect(throws: SignatureError.self) { try SignatureIndex(path: text.path) }
      #expect(throws: SignatureError.self) { try SignatureIndex(path: folder.path + "/none.db") }
    }
  }

  @Test func `a damaged index gives an error or an answer`() throws {
    try withIndex([hostileSignature(), release("b", "1", [sampleArtifact("b", contents: "b")])]) { index, folder in
      let whole = try Data(contentsOf: URL(fileURLWithPath: index.path))
      let keys = [MatchKey(file: 0, sha256: Digest(of: Data("1".utf8)), marks: [Mark(.elfLoad, "2")])]
      var generator = SeededGenerator(seed: 9)
      for round in 0..<150 {
        var bytes = whole
        for _ in 0..<Int.random(in: 1...64, using: &generator) {
          bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
        }
        if round % 5 == 0 { bytes = bytes.prefix(Int.random(in: 0..<bytes.count, using: &generator)) }
        let file = folder.appending(path: "damaged.db")
        try bytes.write(to: file)
        do {
          let damaged = try SignatureIndex(path: file.path)
          _ = try damaged.screen()
          _ = try damaged.match(keys)
          for id in try damaged.builds() { _ = try damaged.build(id) }
        } catch is SignatureError {}
      }
    }
  }
}
