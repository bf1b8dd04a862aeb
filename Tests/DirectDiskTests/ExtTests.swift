import Foundation
import Inventory
import TestSupport
import Testing

@testable import DirectDisk

/// Makes an ext with the files of a folder; what debugfs(8) then does to it.
func ext(
  _ options: [String], of tree: URL, in folder: URL, changes: [String] = []
) throws -> URL {
  let image = folder.appending(path: "ext.raw")
  try blank(image, options.contains("65536") ? 512 << 20 : 96 << 20)
  try make(["mkfs.ext4", "-q", "-F"] + options + ["-d", tree.path, image.path])
  for change in changes { try make(["debugfs", "-w", "-R", change, image.path]) }
  return image
}

func withoutLostAndFound(_ files: [GuestPath: SeenFile]) -> [GuestPath: SeenFile] {
  files.filter { $0.key != "lost+found" }
}

@Suite struct ExtTests {
  @Test(arguments: [
    ["-t", "ext2", "-b", "1024"], ["-t", "ext3", "-b", "2048"], ["-t", "ext4", "-b", "1024"], ["-t", "ext4"],
    ["-t", "ext4", "-O", "^64bit,^metadata_csum,^extent", "-I", "128"],
    ["-t", "ext4", "-O", "metadata_csum_seed,large_dir"],
    ["-t", "ext4", "-O", "bigalloc"], ["-t", "ext4", "-b", "1024", "-O", "bigalloc,^resize_inode", "-C", "16384"],
    ["-t", "ext4", "-O", "meta_bg,^resize_inode"],
    ["-t", "ext4", "-O", "meta_bg,bigalloc,^resize_inode", "-b", "1024"],
    ["-t", "ext4", "-b", "1024", "-g", "256", "-O", "meta_bg,^resize_inode,^flex_bg"],
    ["-t", "ext4", "-b", "1024", "-g", "256", "-O", "meta_bg,sparse_super2,^resize_inode,^flex_bg"],
    ["-t", "ext4", "-b", "1024", "-g", "256", "-O", "meta_bg,^sparse_super,^resize_inode,^64bit,^flex_bg"],
    ["-t", "ext2", "-b", "1024", "-O", "meta_bg,^resize_inode"],
    ["-t", "ext4", "-O", "casefold,encrypt,verity,stable_inodes"], ["-t", "ext4", "-O", "quota,project"],
    ["-t", "ext4", "-O", "orphan_file,ea_inode,mmp"],
    ["-t", "ext4", "-O", "^has_journal,uninit_bg,^metadata_csum"],
    ["-t", "ext4", "-b", "65536"], ["-t", "ext2", "-r", "0", "-b", "1024"],
  ])
  func `shows the files that mke2fs put there`(options: [String]) throws {
    try withTemporaryFolder { folder in
      let tree = folder.appending(path: "tree")
      try fillTree(tree)
      let found = try volumes(ofRaw: ext(options, of: tree, in: folder))
      #expect(found.map(\.id) == ["/dev/sda"])
      let volume = try #require(found.first)
      #expect(volume.type == options[1])
      let type = try make(["blkid", "-p", "-o", "value", "-s", "TYPE", folder.appending(path: "ext.raw").path])
      #expect(volume.type + "\n" == type)
      expectSame(withoutLostAndFound(try filesOf(volume)), try filesBelow(tree))
    }
  }

  @Test func `reads a file system of more than 2^32 blocks`() throws {
    try withTemporaryFolder { folder in
      let (tree, image) = (folder.appending(path: "tree"), folder.appending(path: "ext.raw"))
      try FileManager.default.createDirectory(at: tree.appending(path: "a"), withIntermediateDirectories: true)
      try Data(count: 5000).write(to: tree.appending(path: "a/file"))
      try blank(image, 5 << 40)
      let options = ["-b", "1024", "-O", "bigalloc,^has_journal,^resize_inode", "-C", "1048576", "-N", "4096"]
      try make(["mkfs.ext4", "-q", "-F"] + options + ["-d", tree.path, image.path])
      expectSame(withoutLostAndFound(try filesOf(try #require(volumes(ofRaw: image).first))), try filesBelow(tree))
    }
  }

  /// Without a key, names of fscrypt are numbers to Linux too, and files cannot be opened. Here the names are no ciphertext,
  /// which makes no difference to who has no key.
  @Test func `lists what is encrypted by other names, and says that it cannot be read`() throws {
    try withTemporaryFolder { folder in
      let tree = folder.appending(path: "tree")
      try FileManager.default.createDirectory(at: tree.appending(path: "secret"), withIntermediateDirectories: true)
      try Data(count: 5000).write(to: tree.appending(path: "secret/sixteen?>bytes??"))
      try Data(count: 5000).write(to: tree.appending(path: "plain"))
      let image = try ext(
        ["-t", "ext4", "-O", "encrypt"], of: tree, in: folder,
        changes: ["set_inode_field secret/sixteen?>bytes?? flags 0x80800", "set_inode_field secret flags 0x80800"])
      let system = try #require(volumes(ofRaw: image).first).files.get()
      let (files, complaints) = try system.list(as: "v")
      #expect(complaints.isEmpty && system.remark?.hasPrefix("has 1 encrypted directories") == true)
      let name = "AAAAAAAAAABzaXh0ZWVuPz5ieXRlcz8_"
      let file = try #require(files.first { $0.path == GuestPath("secret/\(name)") })
      #expect(file.size == 5000 && file.kind == .regular && file.unreadable == "it is encrypted")
      #expect(files.first { $0.path == "plain" }?.unreadable == nil)
    }
  }

  @Test func `a journal that is a device of its own holds no files`() throws {
    try withTemporaryFolder { folder in
      let image = folder.appending(path: "journal")
      try blank(image, 8 << 20)
      try make(["mke2fs", "-q", "-F", "-O", "journal_dev", image.path])
      let found = try found(onRaw: image)
      #expect(found.volumes.isEmpty && found.remarks.isEmpty)
    }
  }

  @Test func `says of one that is larger than its disk how large both are`() throws {
    try withTemporaryFolder { folder in
      let image = folder.appending(path: "ext.raw")
      try blank(image, 8 << 20)
      try make(["mkfs.ext4", "-q", image.path])
      try FileHandle(forWritingTo: image).truncate(atOffset: 4 << 20)
      let volume = try #require(volumes(ofRaw: image).first)
      let error = #expect(throws: DirectDiskError.self) { try volume.files.get() }
      #expect(error?.reason == "it has 8388608 bytes, and what it lies on has only 4194304" && error?.isFinal == true)
    }
  }

  @Test func `reads what was not written as zeros, and times after 2038`() throws {
    try withTemporaryFolder { folder in
      let tree = folder.appending(path: "tree")
      try FileManager.default.createDirectory(at: tree, withIntermediateDirectories: true)
      try Data(repeating: 7, count: 10).write(to: tree.appending(path: "file"))
      let volume = try #require(
        volumes(
          ofRaw: ext(
            ["-t", "ext4"], of: tree, in: folder,
            changes: [
              "fallocate file 1 40", "set_inode_field file size 100000", "set_inode_field file mtime @0",
              "set_inode_field file mtime_extra 1",
            ])
        ).first)
      let file = try #require(try filesOf(volume)["file"])
      #expect(file.contents == Data(repeating: 7, count: 10) + Data(count: 99_990))
      #expect(file.modified == 1 << 32)
    }
  }

  @Test(arguments: [
    ("needs_recovery", "its journal was not replayed"),
    ("dirdata", "it has the feature dirdata, which is not read here"),
    ("compression", "it has the feature compression, which is not read here"),
  ])
  func `leaves to the appliance what it does not know`(feature: String, reason: String) throws {
    try withTemporaryFolder { folder in
      let tree = folder.appending(path: "tree")
      try FileManager.default.createDirectory(at: tree, withIntermediateDirectories: true)
      let image = try ext(
        ["-t", "ext4"], of: tree, in: folder, changes: ["feature \(feature)"])
      let volume = try #require(volumes(ofRaw: image).first)
      #expect(throws: DirectDiskError.self) { try volume.files.get() }
      if case .failure(let error) = volume.files { #expect(error.reason == reason) }
    }
  }

  /// debugfs says of a file where it lies.
  @Test func `files that lie in their inodes are whole`() throws {
    try withTemporaryFolder { folder in
      let tree = folder.appending(path: "tree")
      try FileManager.default.createDirectory(at: tree, withIntermediateDirectories: true)
      let lengths = [0, 1, 59, 60, 61, 99, 100, 120, 128, 156, 200, 4096]
      for length in lengths {
        try Data((0..<length).map { UInt8($0 % 251) }).write(to: tree.appending(path: "file-\(length)"))
      }
      let image = try ext(["-t", "ext4", "-O", "inline_data"], of: tree, in: folder)
      let inline = try lengths.filter { length in
        try make(["debugfs", "-R", "stat file-\(length)", image.path]).contains("Size of inline data")
      }
      #expect(inline.contains(60) && inline.contains(100) && !inline.contains(4096))
      expectSame(withoutLostAndFound(try filesOf(try #require(volumes(ofRaw: image).first))), try filesBelow(tree))
    }
  }

  @Test func `a folder that is in itself, or in two others, is listed once`() throws {
    try withTemporaryFolder { folder in
      let tree = folder.appending(path: "tree")
      for name in ["a/b/c", "d"] {
        try FileManager.default.createDirectory(at: tree.appending(path: name), withIntermediateDirectories: true)
      }
      try Data("x".utf8).write(to: tree.appending(path: "a/b/c/file"))
      let image = try ext(
        ["-t", "ext4"], of: tree, in: folder, changes: ["link a a/b/c/loop", "link / d/root", "link a/b d/second"])
      let system = try #require(volumes(ofRaw: image).first).files.get()
      let (files, complaints) = try system.list(as: "v")
      #expect(files.count { $0.path.name == "file" } == 1 && files.count < 20)
      #expect(complaints.contains("in another one too"))
    }
  }

  @Test(arguments: [[], ["-O", "inline_data"]])
  func `a changed byte never ends the reader`(options: [String]) throws {
    try withTemporaryFolder { folder in
      let tree = folder.appending(path: "tree")
      try FileManager.default.createDirectory(at: tree.appending(path: "a/b"), withIntermediateDirectories: true)
      for name in ["one", "a/two", "a/b/three"] { try Data(count: 9000).write(to: tree.appending(path: name)) }
      for name in ["tiny", "a/tiny"] { try Data(count: 100).write(to: tree.appending(path: name)) }
      try FileManager.default.createSymbolicLink(
        atPath: tree.appending(path: "link").path, withDestinationPath: String(repeating: "x", count: 100))
      let image = folder.appending(path: "ext.raw")
      try blank(image, 1 << 20)
      try make(["mkfs.ext4", "-q", "-F", "-N", "64", "-b", "1024"] + options + ["-d", tree.path, image.path])
      try mutate(image, seed: 21, rounds: 300)
    }
  }
}

/// Changes bytes of an image, some near where it has any, and reads all that its reader then shows.
func mutate(_ image: URL, seed: UInt64, rounds: Int) throws {
  let whole = try Data(contentsOf: image)
  let used = stride(from: 0, to: whole.count, by: 64).filter {
    whole[$0..<min($0 + 64, whole.count)].contains { $0 != 0 }
  }
  var generator = SeededGenerator(seed: seed)
  var readable = 0
  for round in 0..<rounds {
    var bad = round % 10 == 9 ? whole.prefix(Int.random(in: 512..<whole.count, using: &generator)) : whole
    for _ in 0..<Int.random(in: 1...20, using: &generator) {
      let place = (used.randomElement(using: &generator) ?? 0) + Int.random(in: 0..<64, using: &generator)
      if place < bad.count { bad[place] = [0, 1, 0xFF, UInt8.random(in: 0...255, using: &generator)][round % 4] }
    }
    try bad.write(to: image)
    for volume in (try? volumes(ofRaw: image)) ?? [] {
      guard let system = try? volume.files.get(), let (files, _) = try? system.list(as: volume.id) else { continue }
      readable += 1
      for file in files where file.kind == .regular && file.size < 1 << 20 {
        _ = system.place(of: file)
        _ = try? system.read([0..<file.size], of: file)
      }
    }
  }
  #expect(readable > rounds / 10)
}
