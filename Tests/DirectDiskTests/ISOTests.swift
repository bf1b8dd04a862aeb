import Foundation
import Inventory
import TestSupport
import Testing

@testable import DirectDisk

/// Makes a disc of the files of a folder.
func disc(_ options: [String], of tree: URL, in folder: URL) throws -> URL {
  let image = folder.appending(path: "disc.iso")
  try make(["genisoimage", "-quiet"] + options + ["-o", image.path, tree.path])
  return image
}

/// What isoinfo(1) calls the files of a disc.
private func isoinfo(_ options: [String], _ image: URL) throws -> [String] {
  try make(["isoinfo", "-i", image.path, "-f"] + options).split(separator: "\n")
    .map { String($0.dropFirst()) }
}

/// A file as isoinfo(1) extracts it.
private func extracted(_ path: String, _ options: [String], _ image: URL) throws -> Data {
  let finished = try run(["isoinfo", "-i", image.path, "-x", "/" + path] + options)
  guard finished.status == 0 else { throw Unusable(reason: finished.errorText) }
  return finished.output
}

/// Files whose names are odd on discs, and more of them than a block of a folder holds.
private func fillNamedTree(_ tree: URL) throws {
  try FileManager.default.createDirectory(at: tree.appending(path: "Sub Folder/b/c"), withIntermediateDirectories: true)
  let names = [
    "UPPER.TXT", "mixed Case.Text", "no-extension", "two.dots.txt", "ümläut", "日本語", "emoji-😀",
    "Sub Folder/b/c/deep.bin",
    "a-name-that-is-as-long-as-joliet-names-can-be-in-a-disc.text", "ends-with-dot.",
  ]
  for (number, name) in names.enumerated() {
    try Data((0..<number * 1500).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ number) }).write(
      to: tree.appending(path: name))
  }
  for number in 0..<300 { try Data("\(number)".utf8).write(to: tree.appending(path: "Sub Folder/number-\(number)")) }
}

@Suite struct ISOTests {
  /// Names in Rock Ridge are bytes, so they are written as they are.
  @Test(arguments: [["-R"], ["-R", "-J"], ["-R", "-D"], ["-R", "-iso-level", "4"], ["-R", "-hide-rr-moved"]])
  func `shows by Rock Ridge the files that were put there`(options: [String]) throws {
    try withTemporaryFolder { folder in
      let tree = folder.appending(path: "tree")
      try fillTree(tree, longest: 200)
      // This is longer than genisoimage writes it, and links of many parts have more than one field.
      try FileManager.default.removeItem(at: tree.appending(path: String(repeating: "n", count: 255)))
      for (name, target) in [
        ("parts", "../.././a"), ("many-parts", "/" + String(repeating: "part/../", count: 20) + "end"),
      ] {
        try FileManager.default.createSymbolicLink(
          atPath: tree.appending(path: name).path, withDestinationPath: target)
      }
      let plain = ["-input-charset", "iso8859-1", "-output-charset", "iso8859-1"]
      let volume = try #require(volumes(ofRaw: disc(options + plain, of: tree, in: folder)).first)
      #expect(volume.type == "iso9660")
      var found = try filesOf(volume)
      // Where genisoimage keeps what is too deep.
      for name in ["rr_moved", ".rr_moved"] { found[GuestPath(name)] = nil }
      let truth = try filesBelow(tree)
      expectSame(found.mapValues(withoutLinks), truth.mapValues(withoutLinks))
      #expect(found["random"]?.links == 2 && found["empty"]?.links == 1)
    }
  }

  /// Of folders and links genisoimage does not say how many names they have.
  private func withoutLinks(_ file: SeenFile) -> SeenFile {
    var file = file
    file.links = 0
    return file
  }

  @Test func `shows Joliet's names where there is no Rock Ridge`() throws {
    try withTemporaryFolder { folder in
      let tree = folder.appending(path: "tree")
      try fillNamedTree(tree)
      let image = try disc(["-J", "-input-charset", "utf-8"], of: tree, in: folder)
      let volume = try #require(volumes(ofRaw: image).first)
      let found = try filesOf(volume)
      // What is beyond 16 bits genisoimage leaves out, and a point at the end Linux does.
      let truth = Dictionary(
        uniqueKeysWithValues: try filesBelow(tree).map { path, file in
          (path.lossy.replacing("😀", with: "").replacing(/\.$/, with: ""), file)
        })
      #expect(Set(found.keys.map(\.lossy)).symmetricDifference(truth.keys) == [])
      for (path, file) in truth {
        let seen = try #require(found[GuestPath(path)], "\(path)")
        #expect(seen.kind == file.kind && seen.contents == file.contents && seen.modified == file.modified, "\(path)")
        #expect(seen.mode == 0o555 && seen.uid == 0 && seen.links == 1)
      }
    }
  }

  @Test func `a name in Joliet may have characters of two units, and halves of such are left out`() {
    let units = Array("a😀".utf16) + [0xD83D, 0xDC00, 0xDC00] + Array("z..;1".utf16)
    let name = units.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }
    let length = UInt8(33 + name.count)
    let bytes = [length] + [UInt8](repeating: 0, count: 31) + [UInt8(name.count)] + name
    #expect(ISORecord(bytes, at: 0)?.jolietName == Array("a😀\u{1F400}z".utf8))
    #expect(ISORecord(Array(bytes.dropLast()), at: 0) == nil && ISORecord(bytes, at: 1) == nil)
  }

  @Test func `reads times with their distance from Greenwich`() {
    // 2026-11-26 01:30:15, an hour east of Greenwich; 1969; what is no time.
    #expect(ISOTime.short([126, 11, 26, 1, 30, 15, 4], 0) == 1_795_653_015)
    #expect(ISOTime.short([69, 12, 31, 23, 59, 59, 0], 0) == -1)
    #expect(ISOTime.short([200, 3, 1, 0, 0, 0, 0xFC], 0) == 4_107_546_000)
    #expect(ISOTime.short([0, 0, 0, 0, 0, 0, 0], 0) == nil && ISOTime.short([1], 0) == nil)
    #expect(ISOTime.long(Array("2026112601301500".utf8) + [4], 0) == 1_795_653_015)
    #expect(ISOTime.long(Array("20261126013015xx".utf8), 0) == nil)
  }

  @Test(arguments: [[], ["-iso-level", "3"], ["-l"], ["-U"]])
  func `shows plain names where there is nothing else`(options: [String]) throws {
    try withTemporaryFolder { folder in
      let tree = folder.appending(path: "tree")
      try fillNamedTree(tree)
      let image = try disc(options, of: tree, in: folder)
      let found = try filesOf(try #require(volumes(ofRaw: image).first))
      let names = try isoinfo([], image)
      #expect(names.count == found.count && found.count > 300)
      for name in names {
        let shown = name.replacing(/\.?;1$/, with: "").lowercased()
        let seen = try #require(found[GuestPath(shown)], "\(name)")
        if seen.kind == .regular { #expect(seen.contents == (try extracted(name, [], image)), "\(name)") }
      }
      if options.isEmpty {
        #expect(found["upper.txt"]?.kind == .regular && found["sub_fold/b/c/deep.bin"]?.size == 10_500)
      }
    }
  }

  @Test(arguments: ["SETUP", "Mixed Case_label", "a_very_long_label_of_32_chars_ab", "Straße_ü"], [[], ["-J"]])
  func `tells label and id as blkid does`(label: String, options: [String]) throws {
    try withTemporaryFolder { folder in
      let tree = folder.appending(path: "tree")
      try fillNamedTree(tree)
      let image = try disc(["-R", "-V", label] + options, of: tree, in: folder)
      // Some writers have the first one in upper case, others have one of their own.
      let label = try Data(contentsOf: image)[(16 * 2048 + 40)..<(16 * 2048 + 72)]
      for other in [
        label, Data(String(decoding: label, as: UTF8.self).uppercased().utf8.prefix(32)), Data("OTHER".utf8),
      ] {
        try change(image, at: 16 * 2048 + 40, to: Array(other))
        try expectNamedAsByBlkid(image)
      }
    }
  }

  private func expectNamedAsByBlkid(_ image: URL) throws {
    let volume = try #require(volumes(ofRaw: image).first)
    func blkid(_ name: String) throws -> String { try make(["blkid", "-p", "-o", "value", "-s", name, image.path]) }
    #expect(volume.label.map { $0 + "\n" } == (try blkid("LABEL")))
    #expect(volume.uuid.map { $0 + "\n" } == (try blkid("UUID")))
  }

  @Test func `a disc that can be put on a stick is one volume`() throws {
    try withTemporaryFolder { folder in
      let tree = folder.appending(path: "tree")
      try fillNamedTree(tree)
      let image = try disc(["-R"], of: tree, in: folder)
      // As isohybrid(1) writes it, and as Debian's are: a partition of no type that spans the disc, and one for UEFI.
      let table = ISOTests.entry(type: 0xEF, first: 64, sectors: 8)
      try change(image, at: 446, to: table + [UInt8](repeating: 0, count: 48) + [0x55, 0xAA])
      #expect(try volumes(ofRaw: image).map(\.type) == ["iso9660"])
      #expect(try volumes(ofRaw: image).map(\.id) == ["/dev/sda"])
      try change(image, at: 446, to: ISOTests.entry(type: 0, first: 0, sectors: 1000) + table)
      let found = try found(onRaw: image)
      #expect(found.volumes.map(\.id) == ["/dev/sda1"] && found.volumes.map(\.type) == ["iso9660"])
      #expect(found.remarks.map { [$0.code, $0.subject] } == [["not-understood", "/dev/sda2"]])
    }
  }

  private static func entry(type: UInt8, first: UInt8, sectors: UInt16) -> [UInt8] {
    [0, 0, 0, 0, type, 0, 0, 0, first, 0, 0, 0, UInt8(sectors & 255), UInt8(sectors >> 8), 0, 0]
  }

  @Test func `a disc that has UDF too is left to the appliance`() throws {
    try withTemporaryFolder { folder in
      let tree = folder.appending(path: "tree")
      try fillNamedTree(tree)
      let volume = try #require(volumes(ofRaw: disc(["-udf", "-J"], of: tree, in: folder)).first)
      #expect(volume.type == "udf")
      #expect(throws: DirectDiskError.self) { try volume.files.get() }
    }
  }
}

/// Writes bytes into an image.
func change(_ image: URL, at offset: Int, to bytes: [UInt8]) throws {
  let handle = try FileHandle(forUpdating: image)
  try handle.seek(toOffset: UInt64(offset))
  try handle.write(contentsOf: Data(bytes))
  try handle.close()
}
