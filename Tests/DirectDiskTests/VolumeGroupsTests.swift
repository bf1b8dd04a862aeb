import Foundation
import Inventory
import TestSupport
import Testing

@testable import DirectDisk

/// Physical volumes as LVM writes them; real ones are in Fixtures/cases.
@Suite struct VolumeGroupsTests {
  private static let identifiers = ["CiAF5Q93cTgzJG7Wtc3qCQGXCrR3JILS", "606SNoeHr7EbFRrBlnZ0mmQB9ZEYRXDW"]

  private func text(_ volumes: String, name: String = "vg", id: String = "a", parts: [String] = identifiers) -> String {
    let physical = parts.enumerated().map { "pv\($0) {\nid = \"\($1)\"\npe_start = 2048\n}" }.joined(separator: "\n")
    return """
      \(name) {
      id = "\(id)"
      seqno = 3
      extent_size = 128
      physical_volumes {
      \(physical)
      }
      logical_volumes {
      \(volumes)
      }
      }
      """
  }

  private func volume(_ name: String, _ segment: String, isVisible: Bool = true) -> String {
    "\(name) {\nstatus = [\"READ\"\(isVisible ? ", \"VISIBLE\"" : "")]\nsegment1 {\nstart_extent = 0\nextent_count = 1\n\(segment)\n}\n}\n"
  }

  private func linear(_ part: String, _ extent: Int = 0) -> String {
    "type = \"striped\"\nstripe_count = 1\nstripes = [\"\(part)\", \(extent)]"
  }

  /// Areas of 64 KiB at 4 KiB and at 512 KiB, the texts in them at 512.
  private func physicalVolume(_ id: String, _ texts: [String?]) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 2 << 20)
    func put(_ value: some Sequence<UInt8>, _ place: Int) {
      for (offset, byte) in value.enumerated() { bytes[place + offset] = byte }
    }
    func number(_ value: UInt64, _ count: Int, _ place: Int) {
      put((0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }, place)
    }
    put("LABELONE".utf8, 512)
    number(32, 4, 512 + 20)
    put(id.utf8, 544)
    number(1 << 20, 8, 544 + 40)
    for (position, text) in texts.enumerated() {
      let place = [4096, 512 << 10][position]
      number(UInt64(place), 8, 544 + 72 + 16 * position)
      number(64 << 10, 8, 544 + 80 + 16 * position)
      put(" LVM2 x[5A%r0N*>".utf8, place + 4)
      if let text {
        put(text.utf8, place + 512)
        number(512, 8, place + 40)
        number(UInt64(text.utf8.count), 8, place + 48)
        number(checksum(Array(text.utf8)), 4, place + 56)
      }
      number(checksum(Array(bytes[place + 4..<place + 512])), 4, place)
    }
    return bytes
  }

  /// lvm2, lib/misc/crc.c, by its table of four bits.
  private func checksum(_ bytes: [UInt8]) -> UInt64 {
    let table: [UInt32] = [
      0x0000_0000, 0x1db7_1064, 0x3b6e_20c8, 0x26d9_30ac, 0x76dc_4190, 0x6b6b_51f4, 0x4db2_6158, 0x5005_713c,
      0xedb8_8320, 0xf00f_9344, 0xd6d6_a3e8, 0xcb61_b38c, 0x9b64_c2b0, 0x86d3_d2d4, 0xa00a_e278, 0xbdbd_f21c,
    ]
    return UInt64(
      bytes.reduce(0xf597_a6cf as UInt32) { sum, byte in
        let mixed = sum ^ UInt32(byte)
        let half = mixed >> 4 ^ table[Int(mixed & 0xf)]
        return half >> 4 ^ table[Int(half & 0xf)]
      })
  }

  /// What is found on a disk with these partitions of 2 MiB.
  private func found(_ parts: [[UInt8]]) throws -> FoundVolumes {
    try withTemporaryFolder { folder in
      let disk = folder.appending(path: "disk.raw")
      try blank(disk, UInt64(parts.count * 2 + 3) << 20)
      for position in parts.indices {
        try make(["sgdisk", "-n", "\(position + 1):\(position * 2 + 1)M:+2M", disk.path])
      }
      let handle = try FileHandle(forWritingTo: disk)
      for (position, part) in parts.enumerated() {
        try handle.seek(toOffset: UInt64(position * 2 + 1) << 20)
        try handle.write(contentsOf: Data(part))
      }
      try handle.close()
      return try DirectDiskTests.found(onRaw: disk)
    }
  }

  private func reasons(_ found: FoundVolumes) -> [String: String] {
    Dictionary(
      uniqueKeysWithValues: found.volumes.map { volume in
        if case .failure(let error) = volume.files { (volume.id, error.reason) } else { (volume.id, "") }
      })
  }

  private let first = identifiers[0], second = identifiers[1]

  @Test func `reads what is whole of a group that lacks a part`() throws {
    let text = text(volume("gone", linear("pv1")) + volume("here", linear("pv0")))
    let found = try found([physicalVolume(first, [text])])
    #expect(reasons(found) == ["/dev/vg/gone": "a physical volume of its group vg is not on this disk"])
    #expect(found.remarks.map(\.subject) == ["/dev/vg/here"] && found.remarks.map(\.code) == ["empty-partition"])
    #expect(found.problems.map(\.subject) == ["volume group vg"])
    #expect(found.problems.first?.reason == "1 of its physical volumes are not on this disk")
  }

  @Test func `of two descriptions one may be damaged`() throws {
    let text = text(volume("root", linear("pv0")), parts: [first])
    var good = physicalVolume(first, [text, text])
    good[4096 + 520] ^= 1
    let found = try found([good])
    #expect(found.volumes.isEmpty && found.remarks.map(\.subject) == ["/dev/vg/root"])
    for place in [4096 + 520, 4096 + 100, 4096 + 5] {
      var bad = physicalVolume(first, [text])
      bad[place] ^= 1
      #expect(reasons(try self.found([bad])) == ["/dev/sda1": "the description of its volume group is damaged"])
    }
  }

  @Test func `of two copies of a part one is read`() throws {
    let part = physicalVolume(first, [text(volume("root", linear("pv0")), parts: [first])])
    let found = try found([part, part])
    #expect(reasons(found).keys.sorted() == ["/dev/sda2"] && found.remarks.map(\.subject) == ["/dev/vg/root"])
    #expect(reasons(found)["/dev/sda2"]?.contains("copy of /dev/sda1") == true)
  }

  @Test func `two groups with one name have names of their own`() throws {
    let parts = zip(Self.identifiers, ["b", "a"]).map { id, group in
      physicalVolume(id, [text(volume("root", linear("pv0")), id: group, parts: [id])])
    }
    #expect(try found(parts).remarks.map(\.subject) == ["/dev/vg#2/root", "/dev/vg/root"])
  }

  @Test func `a snapshot has the name of what holds its changes`() throws {
    let snapshot = "type = \"snapshot\"\norigin = \"root\"\ncow_store = \"before\""
    let volumes = volume("root", linear("pv0")) + volume("before", linear("pv0", 1), isVisible: false)
    let found = try found([physicalVolume(first, [text(volumes + volume("snapshot0", snapshot), parts: [first])])])
    #expect(reasons(found) == ["/dev/vg/before": "it is a snapshot, which is not read here"])
    #expect(found.remarks.map(\.subject) == ["/dev/vg/root"])
    let merging = snapshot.replacing("cow_store", with: "merging_store")
    let other = try self.found([physicalVolume(first, [text(volumes + volume("snapshot0", merging), parts: [first])])])
    #expect(reasons(other) == ["/dev/vg/root": "a snapshot is being merged into it, which is not done here"])
  }

  @Test func `a kind that is not known is a volume that was not read`() throws {
    let volumes =
      volume("a", "type = \"thin\"\nthin_pool = \"pool\"") + volume("b", "type = \"newkind\"")
      + volume("c", "type = \"striped\"\nstripe_count = 2\nstripes = [\"pv0\", 0, \"pv0\", 1]")
      + volume("d", linear("a"))
    let found = try found([physicalVolume(first, [text(volumes, parts: [first])])])
    #expect(reasons(found).keys.sorted() == ["/dev/vg/a", "/dev/vg/b", "/dev/vg/c", "/dev/vg/d"])
    #expect(reasons(found)["/dev/vg/b"] == "it is of the kind newkind, which is not read here")
  }

  @Test func `a pool without volumes is told where something is in it`() throws {
    let pool = "type = \"thin-pool\"\nmetadata = \"meta\"\npool = \"data\""
    let text = text(
      volume("docker", pool) + volume("meta", linear("pv0"), isVisible: false)
        + volume("data", linear("pv0", 1), isVisible: false),
      parts: [first])
    var part = physicalVolume(first, [text])
    #expect(try found([part]).remarks.isEmpty && found([part]).volumes.isEmpty)
    // The superblock of a pool: its magic, and blocks in use.
    for (offset, byte) in [(32, 0xba), (33, 0x52), (34, 0x9c), (35, 0x01), (72, 5)] {
      part[(1 << 20) + offset] = UInt8(byte)
    }
    #expect(try found([part]).remarks.map(\.subject) == ["/dev/vg/docker"])
    part[(1 << 20) + 72] = 0
    #expect(try found([part]).remarks.isEmpty)
  }

  @Test func `says what holds no volumes`() throws {
    let found = try found([physicalVolume(first, [text("", parts: [first])]), physicalVolume(second, [nil])])
    #expect(found.volumes.isEmpty)
    #expect(found.remarks.map(\.subject) == ["/dev/sda2", "volume group vg"])
    #expect(found.remarks.allSatisfy { $0.code == "empty-partition" })
  }
}
