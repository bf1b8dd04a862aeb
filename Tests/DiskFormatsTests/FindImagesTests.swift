import DiskFormats
import Foundation
import TestSupport
import Testing

struct FindImagesTests {
  private func names(_ found: FoundImages, in folder: URL) -> [String] {
    found.images.map { String($0.dropFirst(folder.path.count + 1)) }
  }

  @Test func `finds by header and by extension, and counts the rest`() throws {
    try withTemporaryFolder { folder in
      let deep = folder.appending(path: "a/b")
      try FileManager.default.createDirectory(at: deep, withIntermediateDirectories: true)
      try Data(HostileHeaderTests.qcow2().bytes).write(to: deep.appending(path: "no-extension"))
      try Data("text".utf8).write(to: folder.appending(path: "text.VHD"))
      try Data().write(to: folder.appending(path: "empty.img"))
      try Data("text".utf8).write(to: folder.appending(path: "notes.txt"))
      try FileManager.default.createSymbolicLink(
        atPath: folder.appending(path: "link.qcow2").path, withDestinationPath: "a/b/no-extension")
      try FileManager.default.createSymbolicLink(
        atPath: deep.appending(path: "loop").path, withDestinationPath: folder.path)
      try done("mkfifo", "pipe.raw", in: folder)
      let found = findImages(in: [folder.path])
      #expect(names(found, in: folder) == ["a/b/no-extension", "empty.img", "text.VHD"])
      #expect(found.skipped.counts == [.notAnImage: 1, .link: 2, .specialFile: 1])
      #expect(found.parts.isEmpty)
      // The link to an image and the pipe are named before the rest, and the link to a directory after them.
      #expect(
        found.skipped.files.map { String($0.path.dropFirst(folder.path.count + 1)) }
          == ["link.qcow2", "pipe.raw", "a/b/loop", "notes.txt"])
    }
  }

  @Test func `a raw disk counts by its name, or by what it shows and a mebibyte`() throws {
    try withTemporaryFolder { folder in
      for (name, size) in [("large", "2M"), ("small", "512K"), ("small.dd", "512K"), ("cut", "2M")] {
        try done("truncate", "-s", size, name, in: folder)
        try done("mkfs.ext2", "-q", "-F", name, in: folder)
      }
      try done("truncate", "-s", "1M", "cut", in: folder)
      let found = findImages(in: [folder.path])
      #expect(names(found, in: folder) == ["large", "small.dd"])
      #expect(found.skipped.counts == [.tooSmall: 1, .truncated: 1])
      #expect(found.skipped.files.map { $0.path.split(separator: "/").last } == ["cut", "small"])
    }
  }

  @Test func `what looks like an image or an archive is named, of the rest a thousand`() throws {
    try withTemporaryFolder { folder in
      try done("sh", "-c", "seq 1100 | xargs touch", in: folder)
      try Data([0x1F, 0x8B, 0x08, 0]).write(to: folder.appending(path: "z"))
      try Data("memory".utf8).write(to: folder.appending(path: "web.vmem"))
      let skipped = findImages(in: [folder.path]).skipped
      #expect(skipped.counts == [.notAnImage: 1101, .archive: 1])
      #expect(skipped.files.count == 1002)
      #expect(skipped.files.prefix(2).map { $0.path.split(separator: "/").last } == ["web.vmem", "z"])
      #expect(skipped.files[1].message == "is a gzip file, not a disk image: unpack it first")
    }
  }

  @Test func `a directory counts once, and a named file is not searched for`() throws {
    try withTemporaryFolder { folder in
      try FileManager.default.createDirectory(at: folder.appending(path: "a"), withIntermediateDirectories: true)
      try Data(HostileHeaderTests.qcow2().bytes).write(to: folder.appending(path: "a/one"))
      try Data("text".utf8).write(to: folder.appending(path: "a/text"))
      let found = findImages(
        in: [folder.path, folder.path + "/a", folder.path], except: [folder.path + "/a/text"])
      #expect(names(found, in: folder) == ["a/one"] && found.skipped.counts.isEmpty)
    }
  }

  @Test func `a name that is no text is reported with its bytes`() throws {
    try withTemporaryFolder { folder in
      try done("sh", "-c", "echo text > \"$(printf 'disk\\377')\"", in: folder)
      let file = try #require(findImages(in: [folder.path]).skipped.files.first)
      #expect(file.reason == .unreadable && file.bytes == Array((folder.path + "/disk").utf8) + [0xFF])
    }
  }

  @Test func `extents belong to their descriptor`() throws {
    try withTemporaryFolder { folder in
      _ = try makeRawDisk(in: folder, megabytes: 1)
      try done(
        "qemu-img", "convert", "-f", "raw", "-O", "vmdk", "-o", "subformat=twoGbMaxExtentSparse", "disk.raw",
        "disk.vmdk", in: folder)
      let found = findImages(in: [folder.path])
      #expect(names(found, in: folder) == ["disk.raw", "disk.vmdk"])
      #expect(Array(found.parts.values) == [folder.path + "/disk.vmdk"])
      #expect(found.skipped.counts == [.part: 1])
      #expect(found.skipped.files.map(\.message) == ["belongs to \(folder.path)/disk.vmdk"])
    }
  }

  @Test func `a backing file belongs to the image above it where that can be read`() throws {
    try withTemporaryFolder { folder in
      _ = try DiskChainTests.makeChain(in: folder)
      #expect(names(findImages(in: [folder.path]), in: folder) == ["disk.raw", "middle.qcow2", "top.qcow2"])
      let found = findImages(in: [folder.path], allowed: [folder.path])
      #expect(names(found, in: folder) == ["top.qcow2"])
      #expect(Set(found.parts.keys) == [folder.path + "/disk.raw", folder.path + "/middle.qcow2"])
    }
  }

  @Test func `what cannot be looked at is reported in a line`() throws {
    let missing = findImages(in: ["/nonexistent"]).skipped.files
    #expect(missing.map(\.reason) == [.unreadable])
    #expect(missing[0].message == "cannot be searched: No such file or directory")
    try withTemporaryFolder { folder in
      let deep = folder.appending(path: Array(repeating: "d", count: 70).joined(separator: "/"))
      try FileManager.default.createDirectory(at: deep, withIntermediateDirectories: true)
      let found = findImages(in: [folder.path]).skipped
      #expect(found.counts == [.tooMany: 1] && found.files[0].message.contains("64 directories deep"))
    }
  }
}
