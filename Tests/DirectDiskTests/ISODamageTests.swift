import Foundation
import Inventory
import TestSupport
import Testing

@testable import DirectDisk
@testable import DiskFormats

/// Discs that no tool makes: what is rare, damaged, or made to mislead.
@Suite struct ISODamageTests {
  /// A disc of the files that are given, and its bytes.
  private func withDisc(
    _ options: [String], _ files: [(path: String, contents: Data)], _ body: (URL, Data) throws -> Void
  ) throws {
    try withTemporaryFolder { folder in
      let tree = folder.appending(path: "tree")
      for file in files {
        let place = tree.appending(path: file.path)
        try FileManager.default.createDirectory(
          at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
        try file.contents.write(to: place)
      }
      let image = try disc(options, of: tree, in: folder)
      try body(image, try Data(contentsOf: image))
    }
  }

  /// Where the entry of this name begins.
  private func entry(_ name: String, in disc: Data) throws -> Int {
    let range = disc.range(of: Data([UInt8(name.utf8.count)] + Array(name.utf8)))
    return try #require(range?.lowerBound) - 32
  }

  private func listing(_ image: URL) throws -> (files: FileList, complaints: String) {
    try #require(volumes(ofRaw: image).first).files.get().list(as: "v")
  }

  @Test func `a file of several sections is one`() throws {
    let parts = [Data(repeating: 1, count: 4096), Data(repeating: 2, count: 2048), Data(repeating: 3, count: 999)]
    let files = parts.enumerated().map { (path: "part\($0.offset)", contents: $0.element) } + [("sub/other", Data([9]))]
    try withDisc([], files) { image, disc in
      for name in ["PART0.;1", "PART1.;1"] { try change(image, at: try entry(name, in: disc) + 25, to: [0x80]) }
      let found = try filesOf(try #require(volumes(ofRaw: image).first))
      #expect(Set(found.keys) == ["part2", "sub", "sub/other"])
      #expect(found["part2"]?.contents == parts.reduce(Data(), +))
    }
  }

  @Test func `what is compressed, interleaved or beyond the end is told as unreadable`() throws {
    // As mkzftree(1) writes it: the length unpacked, the header's by 4, the logarithm of a block.
    let magic: [UInt8] = [0x37, 0xE4, 0x53, 0x96, 0xC9, 0xDB, 0xD6, 0x07]
    let packed = Data(magic + [0x70, 0x11, 1, 0, 4, 15, 0, 0]) + Data(count: 200)
    let files = [
      ("packed", packed), ("between", Data(count: 10)), ("beyond", Data(count: 10)), ("good", Data(count: 10)),
    ]
    try withDisc(["-R", "-z"], files) { image, disc in
      try change(image, at: try entry("BETWEEN.;1", in: disc) + 27, to: [1])
      try change(image, at: try entry("BEYOND.;1", in: disc) + 2, to: [0xFF, 0xFF, 0xFF, 0xFF])
      let (files, complaints) = try listing(image)
      #expect(complaints.isEmpty)
      let reasons = Dictionary(uniqueKeysWithValues: files.map { ($0.path, $0.unreadable ?? "") })
      #expect(
        reasons == [
          "packed": "it is compressed (zisofs)", "between": "its parts lie between those of another file",
          "beyond": "it goes on beyond the volume", "good": "",
        ])
      #expect(files.first { $0.path == "packed" }?.size == 0x1_1170)
    }
  }

  @Test func `a folder that leads back to another is told and not followed`() throws {
    try withDisc([], [("a/b/file", Data([1])), ("c/file", Data([2]))]) { image, disc in
      // The folder `b` is the root, by its entry.
      let root = Array(disc[(16 * 2048 + 158)..<(16 * 2048 + 174)])
      try change(image, at: try entry("B", in: disc) + 2, to: root)
      let (files, complaints) = try listing(image)
      #expect(Set(files.map(\.path)) == ["a", "a/b", "c", "c/file"])
      #expect(complaints.contains("a folder in it is in another one too"))
    }
  }

  @Test func `a moved folder that leads back to the root is told and not followed`() throws {
    try withDisc(["-R"], [("1/2/3/4/5/6/7/8/9/file", Data([1]))]) { image, disc in
      #expect(try listing(image).files.contains { $0.path == "1/2/3/4/5/6/7/8/9/file" })
      let link = try #require(disc.range(of: Data(Array("CL".utf8) + [12, 1]))?.lowerBound)
      let root = Array(disc[(16 * 2048 + 158)..<(16 * 2048 + 166)])
      try change(image, at: link + 4, to: root)
      let (files, complaints) = try listing(image)
      #expect(!files.contains { $0.path.name == "file" })
      #expect(complaints.contains("a folder in it is in another one too"))
    }
  }

  @Test func `fields of Rock Ridge that go round in a circle end`() throws {
    try withDisc(["-R"], [("file", Data([1]))]) { image, disc in
      // The root's own entry goes on in a block that tells of Rock Ridge: that goes on in itself.
      let field = try #require(disc.range(of: Data(Array("CE".utf8) + [28, 1]))?.lowerBound)
      let block = Int(Array(disc[field + 4..<field + 8]).number(0, 4)) * 2048
      try change(image, at: block, to: Array(disc[field..<field + 28]))
      #expect(throws: Never.self) { _ = try listing(image) }
    }
  }

  @Test func `a disc that was cut shows what is there`() throws {
    let files = (0..<40).map { (path: "folder/file\($0)", contents: Data(repeating: UInt8($0), count: 3000)) }
    try withDisc(["-R", "-J"], files) { image, disc in
      let last = Int(try #require(disc.lastIndex { $0 != 0 }))
      for end in stride(from: 512, through: last, by: 1536) {
        try disc.prefix(end).write(to: image)
        guard let volume = try volumes(ofRaw: image).first, let system = try? volume.files.get() else { continue }
        let (found, complaints) = try system.list(as: "v")
        #expect(found.count == 41 || !complaints.isEmpty)
        for file in found where file.kind == .regular {
          let data = try? system.read([0..<file.size], of: file).first
          #expect(file.unreadable == nil ? data?.count == 3000 : data == nil)
          if let data { #expect(data.first.map { "folder/file\($0)" } == file.path.lossy) }
        }
      }
    }
  }

  @Test(arguments: [["-R"], ["-J"], []])
  func `a changed byte never ends the reader`(options: [String]) throws {
    try withTemporaryFolder { folder in
      let tree = folder.appending(path: "tree")
      try FileManager.default.createDirectory(
        at: tree.appending(path: "a/b/c/d/e/f/g/h/i"), withIntermediateDirectories: true)
      for name in ["one", "a/two", "a/b/three-with-a-longer-name", "a/b/c/d/e/f/g/h/i/deep"] {
        try Data(count: 5000).write(to: tree.appending(path: name))
      }
      try FileManager.default.createSymbolicLink(
        atPath: tree.appending(path: "link").path, withDestinationPath: "../" + String(repeating: "x/y", count: 80))
      try mutate(
        try disc(options + ["-D"].filter { _ in !options.contains("-R") }, of: tree, in: folder), seed: 41, rounds: 400)
    }
  }
}
