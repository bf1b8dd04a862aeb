import Foundation
import TestSupport
import Testing

@testable import Fingerprints

struct ArchiveTests {
  /// Names as guests have them, and their contents.
  private static let files: [(name: [UInt8], contents: String)] = [
    (Array("plain".utf8), "one"), (Array("café".utf8), "two"), (Array("new\nline".utf8), "three"),
    (Array("bad".utf8) + [0xFF, 0xFE] + Array("name".utf8), "four"),
    (Array("long".utf8) + [UInt8](repeating: 0x78, count: 150), "five"),
  ]

  /// Fills a folder by Python, for Foundation takes no names that are not UTF-8.
  private func fill(_ folder: URL) throws {
    let program = """
      import os, sys
      os.chdir(sys.argv[1])
      for name, contents in zip(sys.argv[2::2], sys.argv[3::2]):
          open(bytes.fromhex(name), 'w').write(contents)
      """
    _ = try python(program, [folder.path] + Self.files.flatMap { [$0.name.hex, $0.contents] })
  }

  private func list(_ data: Data, limits: ArchiveLimits = ArchiveLimits()) throws -> [[UInt8]: String] {
    var found: [[UInt8]: String] = [:]
    try ArchiveReader.entries(of: data, limits: limits) { entry, contents in
      if entry.kind == .file { found[entry.path] = String(decoding: try contents.read(), as: UTF8.self) }
    }
    return found
  }

  @Test(arguments: ["gnu", "pax", "ustar", "v7"], ["none", "gzip", "bzip2", "xz", "zstd"])
  func `names of any bytes arrive whole from tar`(format: String, filter: String) throws {
    try withTemporaryFolder { folder in
      let (from, file) = (folder.appending(path: "from"), folder.appending(path: "out.tar"))
      try FileManager.default.createDirectory(at: from, withIntermediateDirectories: true)
      try fill(from)
      let isShort = ["v7", "ustar"].contains(format)
      if isShort { try runs(["sh", "-c", "rm -f long*"], in: from) }
      let packing = filter == "none" ? [] : ["--\(filter)"]
      try runs(["tar", "--format=\(format)", "-cf", file.path] + packing + ["-C", from.path, "."])
      var told = Dictionary(uniqueKeysWithValues: Self.files.map { (Array("./".utf8) + $0.name, $0.contents) })
      if isShort { told = told.filter { $0.key.count < 100 } }
      #expect(try list(try Data(contentsOf: file)) == told)
      var fromPath: [[UInt8]: String] = [:]
      try ArchiveReader.entries(at: file.path) { entry, contents in
        if entry.kind == .file { fromPath[entry.path] = String(decoding: try contents.read(), as: UTF8.self) }
      }
      #expect(fromPath == told)
    }
  }

  @Test func `kinds, modes and link targets are given in order`() throws {
    try withTemporaryFolder { folder in
      try runs(
        [
          "sh", "-c",
          "mkdir d; echo hello > d/a; chmod 4751 d/a; ln d/a d/b; ln -s ../é d/c; mkfifo d/e; tar --sort=name -cf out d",
        ], in: folder)
      var found: [ArchiveEntry] = []
      try ArchiveReader.entries(at: folder.appending(path: "out").path) { entry, _ in found.append(entry) }
      func path(_ text: String) -> [UInt8] { Array(text.utf8) }
      #expect(found.map(\.path) == ["d/", "d/a", "d/b", "d/c", "d/e"].map(path))
      #expect(found.map(\.kind) == [.directory, .file, .hardLink, .symbolicLink, .other])
      #expect(found[1].mode == 0o4751)
      #expect(found[1].size == 6)
      #expect(found[2].linkTarget == path("d/a"))
      #expect(found[3].linkTarget == path("../é"))
    }
  }

  @Test func `holes of sparse files are zeros`() throws {
    try withTemporaryFolder { folder in
      try runs(
        ["sh", "-c", "truncate -s 3M s; printf middle | dd of=s bs=1 seek=1500000 conv=notrunc; tar -S -cf out s"],
        in: folder)
      let told = try Data(contentsOf: folder.appending(path: "s"))
      try ArchiveReader.entries(at: folder.appending(path: "out").path) { _, contents in
        let whole = try contents.read()
        #expect(whole == told)
      }
    }
  }

  @Test func `reads zip and wheels from memory`() throws {
    try withTemporaryFolder { folder in
      let program = """
        import sys, zipfile
        with zipfile.ZipFile(sys.argv[1], 'w', zipfile.ZIP_DEFLATED) as z:
            z.writestr('META-INF/MANIFEST.MF', 'Implementation-Version: 4\\n')
            z.writestr('d\\u00fc/\\u4e2d', 'x' * 5000)
        """
      _ = try python(program, [folder.appending(path: "z.jar").path])
      let data = try Data(contentsOf: folder.appending(path: "z.jar"))
      let told = ["META-INF/MANIFEST.MF": "Implementation-Version: 4\n", "dü/中": String(repeating: "x", count: 5000)]
      #expect(try list(data) == Dictionary(uniqueKeysWithValues: told.map { (Array($0.key.utf8), $0.value) }))
    }
  }

  @Test func `reads a Debian package's inner archive`() throws {
    try withTemporaryFolder { folder in
      let control = "Package: shop\nVersion: 2.1-3\nArchitecture: all\nMaintainer: a <a@example.org>\nDescription: x\n"
      try FileManager.default.createDirectory(at: folder.appending(path: "p/DEBIAN"), withIntermediateDirectories: true)
      try Data(control.utf8).write(to: folder.appending(path: "p/DEBIAN/control"))
      try Data("till\n".utf8).write(to: folder.appending(path: "p/till"))
      try runs(["dpkg-deb", "--root-owner-group", "-b", "p", "shop.deb"], in: folder)
      var members: [String: Data] = [:]
      try ArchiveReader.entries(of: try Data(contentsOf: folder.appending(path: "shop.deb"))) { entry, contents in
        members[String(decoding: entry.path, as: UTF8.self)] = try contents.read()
      }
      #expect(members["debian-binary"] == Data("2.0\n".utf8))
      let data = try #require(members["data.tar.xz"])
      #expect(try list(data)[Array("./till".utf8)] == "till\n")
      #expect(try list(try #require(members["control.tar.xz"]))[Array("./control".utf8)] == control)
    }
  }

  @Test func `limits end the reading`() throws {
    try withTemporaryFolder { folder in
      try runs(["sh", "-c", "truncate -s 20M zeros; touch a b c; tar -czf out zeros a b c"], in: folder)
      let data = try Data(contentsOf: folder.appending(path: "out"))
      func code(_ limits: ArchiveLimits) -> ArchiveError.Code? {
        do {
          _ = try list(data, limits: limits)
          return nil
        } catch {
          return (error as? ArchiveError)?.code
        }
      }
      #expect(code(ArchiveLimits(ratio: 2000)) == nil)
      #expect(code(ArchiveLimits(ratioFrom: 1 << 20)) == .limit)
      #expect(code(ArchiveLimits(entries: 3, ratio: 2000)) == .limit)
      #expect(code(ArchiveLimits(entryBytes: 19 << 20, ratio: 2000)) == .entryLimit)
      #expect(code(ArchiveLimits(totalBytes: 19 << 20, ratio: 2000)) == .limit)
      // Passing over packed contents costs as much as reading them.
      #expect(throws: ArchiveError.self) {
        try ArchiveReader.entries(of: data, limits: ArchiveLimits(totalBytes: 19 << 20)) { _, _ in }
      }
    }
  }

  @Test func `what is no archive is an error, and so are contents that have gone by`() throws {
    for data in [Data("no archive at all, but some text".utf8), Data()] {
      let error = #expect(throws: ArchiveError.self) { try list(data) }
      #expect(error?.code == .unreadable)
    }
    let error = #expect(throws: ArchiveError.self) { try ArchiveReader.entries(at: "/nowhere/at/all") { _, _ in } }
    #expect(error?.code == .unreadable)
    try withTemporaryFolder { folder in
      try runs(["sh", "-c", "echo x > a; tar -cf out a"], in: folder)
      var kept: ArchiveContents?
      try ArchiveReader.entries(at: folder.appending(path: "out").path) { kept = $1 }
      #expect(throws: ArchiveError(code: .gone, operation: "read contents", reason: "the entry has gone by")) {
        try kept?.read()
      }
    }
  }

  @Test(arguments: ["out.tar", "out.tar.gz", "out.zip", "out.a"])
  func `returns whatever the bytes are`(name: String) throws {
    try withTemporaryFolder { folder in
      try runs(
        [
          "sh", "-c",
          "seq 1000 > a; seq 9 > b; ln b c; tar --format=pax -cf out.tar a b c; gzip -k out.tar; ar rc out.a a b; python3 -m zipfile -c out.zip a b",
        ], in: folder)
      let data = try Data(contentsOf: folder.appending(path: name))
      var random = SeededGenerator(seed: 0xA2)
      for round in 0..<400 {
        var copy = round % 4 == 0 ? data.prefix(Int.random(in: 0..<data.count, using: &random)) : data
        for _ in 0..<3 where !copy.isEmpty {
          copy[Int.random(in: 0..<copy.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
        }
        do {
          _ = try list(copy, limits: ArchiveLimits(totalBytes: 8 << 20))
        } catch {
          #expect(error is ArchiveError)
        }
      }
    }
  }
}
