import Foundation
import TestSupport
import Testing

@testable import Fingerprints

struct DigestsTests {
  @Test(arguments: [0, 1, 65_535, 65_536, 65_537, 300_000])
  func `digests agree with git, sha256sum and md5sum`(size: Int) throws {
    try withTemporaryFolder { folder in
      var random = SeededGenerator(seed: UInt64(size))
      let data = Data((0..<size).map { _ in UInt8.random(in: 0...255, using: &random) })
      try data.write(to: folder.appending(path: "file"))
      let found = digests(of: data, further: [.git, .md5])
      try runs(["git", "init", "-q", "--object-format=sha256", "new"], in: folder)
      try runs(["git", "init", "-q", "old"], in: folder)
      func said(_ arguments: [String], in place: String = "") throws -> String {
        let text = try runs(arguments, in: folder.appending(path: place))
        return String(text.prefix { !$0.isWhitespace })
      }
      #expect(found.gitBlob == (try said(["git", "hash-object", "../file"], in: "old")))
      #expect(found.gitoid?.description == (try said(["git", "hash-object", "../file"], in: "new")))
      #expect(found.sha256.description == (try said(["sha256sum", "file"])))
      #expect(found.md5 == (try said(["md5sum", "file"])))
      // A part of larger data, whose indices do not begin at 0, is the same.
      #expect(digests(of: (Data([1, 2, 3]) + data).dropFirst(3), further: [.git, .md5]) == found)
      #expect(digests(of: data, further: []) == FileDigests(sha256: found.sha256))
      #expect(gitBlob(of: data) == found.gitBlob)
    }
  }
}
