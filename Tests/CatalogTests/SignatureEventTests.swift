import Fingerprints
import Foundation
import Signatures
import TestSupport
import Testing

@testable import Catalog

/// Events that name the signature of a build.
struct SignatureEventTests {
  /// Artifacts that share most of their sources.
  private func signature(_ release: String) throws -> Signature {
    let sources = (0..<12).map { number in
      SourceRevision(
        path: "src/\(number).c", repository: "https://git.example/shop", revision: number == 5 ? nil : hex(number, 40),
        blob: hex(number + 100, 40), author: "Ann <a@x>", created: Date(timeIntervalSince1970: 1),
        revised: Date(timeIntervalSince1970: 1_769_860_800 + Double(number)), revisions: number,
        uncommitted: number == 7)
    }
    let artifacts = (0..<3).map { number in
      Artifact(
        path: "bin/\(number)", size: 9, sha256: Digest(of: Data([UInt8(number)])), gitoid: hex(number, 40), kind: .elf,
        sources: Array(sources[number * 2..<number * 2 + 8]) + [sources[number * 2]])
    }
    return try Signature(
      application: "shop", release: release, built: Date(timeIntervalSince1970: 1_769_860_000), artifacts: artifacts
    ).sealed()
  }

  private func hex(_ number: Int, _ digits: Int) -> String {
    let text = String(number, radix: 16)
    return String(repeating: "0", count: digits - text.count) + text
  }

  private func event(_ id: String, _ release: String, _ signature: String) -> Data {
    Data(
      #"{"id":"\#(id)","kind":"release-built","at":"2026-02-01T00:00:00Z","application":"shop","release":"\#(release)","signature":"\#(signature)"}"#
        .utf8)
  }

  @Test func `what a signature file says is stored once, and made again without it`() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "c.db").path
      let catalog = try Catalog(path: path)
      let (file, signature) = (folder.appending(path: "shop.json"), try signature("2.1"))
      try signature.write(to: file)
      #expect(
        try catalog.record([event("1", "2.1", file.path), event("2", "2.1", file.path)]) == [.recorded(), .recorded()])
      // As the file has it, not as this program reads it.
      let said = try run([
        "python3", "-c",
        """
        import json, sys
        for a in json.load(open(sys.argv[1]))["artifacts"]:
          for s in sorted({(s["path"], s.get("revision", ""), s["blob"], s.get("uncommitted", False)) for s in a["sources"]}):
            print(a["path"], s[0], s[1], s[2], int(s[3]), sep="|")
        """, file.path,
      ])
      let stored = """
        SELECT a.path, s.path, coalesce(r.revision_commit, ''), r.blob, r.uncommitted FROM artifact a
        JOIN link l ON l.from_id = a.thing_id JOIN revision r ON r.thing_id = l.to_id
        JOIN source s ON s.thing_id = r.source_id ORDER BY a.path, s.path
        """
      let lines = { (text: String) in text.split(separator: "\n").sorted() }
      #expect(try lines(sqlite(path, stored)) == lines(said.text))
      #expect(lines(said.text).count == 24)
      let joined = """
        SELECT r.version, lower(hex(b.digest)), b.release_id = r.thing_id, r.released FROM application_release r
        JOIN link l ON l.from_id = r.thing_id JOIN build b ON b.thing_id = l.to_id
        """
      #expect(try sqlite(path, joined) == "2.1|\(signature.build?.description ?? "")|1|1769860000000")
      let before = try dump(path)
      try FileManager.default.removeItem(at: file)
      try catalog.rebuild()
      #expect(before.contains("release-built"))
      try expectSame(before, path)
      #expect(try catalog.record([event("1", "2.1", file.path)]) == [.repeated])
      #expect(try catalog.check() == [])
    }
  }

  @Test func `a signature that cannot be read or is another's is refused`() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "c.db").path
      let catalog = try Catalog(path: path)
      let (file, forged) = (folder.appending(path: "shop.json"), folder.appending(path: "forged.json"))
      var signature = try signature("2.1")
      try signature.write(to: file)
      signature.artifacts[0].size = 10
      try signature.write(to: forged)
      let outcomes = try catalog.record([
        event("1", "2.2", file.path), event("2", "2.1", file.path + ".none"), event("3", "2.1", forged.path),
        event("4", "2.1", folder.path), event("5", "2.1", file.path),
      ])
      let reasons = outcomes.map { if case .refused(let reason) = $0 { reason } else { "" } }
      #expect(reasons[0] == "signature \"\(file.path)\" is of shop 2.1")
      #expect(reasons[1].hasPrefix("read signature \(file.path).none: "))
      #expect(reasons[2] == "signature \"\(forged.path)\" is not what its build id says")
      #expect(reasons[3].hasSuffix("not a regular file"))
      #expect(outcomes[4] == .recorded())
      #expect(try sqlite(path, "SELECT count(*) FROM event; SELECT count(*) FROM build") == "1\n1")
    }
  }
}
