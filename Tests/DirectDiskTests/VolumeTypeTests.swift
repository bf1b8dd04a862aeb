import Foundation
import Inventory
import TestSupport
import Testing

@testable import DirectDisk

/// What volumes hold that are not read here, by the names that blkid(8) has for it.
@Suite struct VolumeTypeTests {
  @Test(arguments: [
    ["mkfs.minix"], ["mkfs.minix", "-3"], ["mkfs.bfs"], ["mkfs.f2fs", "-q"], ["mkfs.btrfs", "-q"],
    ["mkfs.exfat"],
    ["mkfs.ntfs", "-q", "-Q", "-F", "-s", "4096"], ["mkfs.fat", "-S", "4096"], ["mkfs.xfs", "-q", "-s", "size=4096"],
  ])
  func `names what mkfs made as blkid does`(program: [String]) throws {
    try withTemporaryFolder { folder in
      let image = folder.appending(path: "volume")
      // XFS takes at least 300 MiB.
      try blank(image, 512 << 20)
      try make(program + [image.path])
      let type = try make(["blkid", "-p", "-o", "value", "-s", "TYPE", image.path])
      let volume = try #require(volumes(ofRaw: image).first)
      #expect(volume.type + "\n" == type)
      let isRead = ["exfat", "ntfs", "vfat", "xfs"].contains(volume.type)
      guard case .failure(let error) = volume.files else {
        #expect(isRead)
        return
      }
      #expect(!isRead && error.reason == "\(volume.type) is not read here" && !error.isFinal)
    }
  }

  @Test func `swap space of every form, and what is all zeros, hold no files`() throws {
    try withTemporaryFolder { folder in
      let image = folder.appending(path: "volume")
      try blank(image, 16 << 20)
      #expect(try found(onRaw: image).remarks.map(\.code) == ["empty-partition"])
      for page in ["4096", "8192", "65536"] {
        try make(["mkswap", "-q", "-p", page, image.path])
        let found = try found(onRaw: image)
        #expect(found.volumes.isEmpty && found.remarks.isEmpty)
      }
    }
  }

  /// The first one is that of bcache, the second that of a BSD disklabel, the third is none.
  @Test func `says what is not read, and what is not known`() throws {
    try withTemporaryFolder { folder in
      let image = folder.appending(path: "volume")
      try blank(image, 16 << 20)
      try change(
        image, at: 4120,
        to: [0xC6, 0x85, 0x73, 0xF6, 0x4E, 0x1A, 0x45, 0xCA, 0x82, 0x65, 0xF5, 0x7F, 0x48, 0xBA, 0x6D, 0x81])
      #expect(try found(onRaw: image).remarks.map(\.reason) == ["bcache is not read here"])
      try change(image, at: 4120, to: [1])
      #expect(
        try found(onRaw: image).remarks.map { [$0.code, $0.subject, $0.reason] }
          == [["not-understood", "/dev/sda", "holds nothing that is known here"]])
      try change(image, at: 512, to: [0x57, 0x45, 0x56, 0x82])
      let volume = try #require(volumes(ofRaw: image).first)
      guard case .failure(let error) = volume.files else { return #expect(Bool(false)) }
      #expect(volume.type == "bsd" && error.reason.contains("BSD disklabel"))
    }
  }

  @Test func `a part of a Windows dynamic disk is left to the appliance`() throws {
    try withTemporaryFolder { folder in
      let disk = folder.appending(path: "disk")
      try blank(disk, 16 << 20)
      let script = "label: dos\nstart=2048,size=8192,type=42\n"
      #expect(try run(["sfdisk", "-q", disk.path], input: Data(script.utf8)).status == 0)
      let volume = try #require(volumes(ofRaw: disk).first)
      guard case .failure(let error) = volume.files else { return #expect(Bool(false)) }
      #expect(volume.type == "ldm" && error.reason.contains("dynamic disk") && !error.isFinal)
    }
  }
}
