import DiskFormats
import Foundation
import TestSupport
import Testing

@testable import Guestfs

// What programs in the appliance print is as hostile as the image that they read.
struct ParsingTests {
  private func parseListing(_ data: Data) -> [ListedFile] {
    var files: [ListedFile] = []
    Guestfs.parseListing(data) { files.append($0) }
    return files
  }

  @Test func `reads the entries of find`() {
    let text =
      "etc\0d\u{0}4096\u{0}1700000000.5\u{0}12\u{0}3\u{0}755\u{0}0\u{0}0\u{0}\u{0}"
      + "a\nb\0l\u{0}5\u{0}-11644473600.0\u{0}13\u{0}1\u{0}4777\u{0}1000\u{0}50\u{0}/x y\u{0}"
    let files = parseListing(Data(text.utf8))
    #expect(files.count == 2)
    #expect(files.map { String(decoding: $0.path, as: UTF8.self) } == ["etc", "a\nb"])
    #expect(files[1].modified == -11_644_473_600)
    #expect(files[1].mode == 0o4777)
    #expect(String(decoding: files[1].target, as: UTF8.self) == "/x y")
  }

  @Test func `leaves out an entry that is cut short or no entry`() {
    let whole = "a\0f\u{0}1\u{0}1.0\u{0}1\u{0}1\u{0}644\u{0}0\u{0}0\u{0}\u{0}"
    for length in 0..<whole.utf8.count {
      #expect(parseListing(Data(whole.utf8.prefix(length))).isEmpty)
    }
    #expect(parseListing(Data(whole.utf8)).count == 1)
    let wrong = whole.replacingOccurrences(of: "644", with: "9x4")
    #expect(parseListing(Data((wrong + whole).utf8)).count == 1)
  }

  @Test func `a file cannot pose as the header of another`() {
    // The first file holds the header of the second.
    let first = "==> ./b <==\nfalse"
    let data = Data("==> ./a <==\n\(first)\n==> ./b <==\ntrue!".utf8)
    let slices = parseSlices(data, [(Array("a".utf8), UInt64(first.utf8.count)), (Array("b".utf8), 5)])
    #expect(slices[Array("a".utf8)] == Data(first.utf8))
    #expect(slices[Array("b".utf8)] == Data("true!".utf8))
  }

  @Test func `a file that could not be opened is absent and the next is found`() {
    let data = Data("==> ./b <==\nbb\n==> ./c <==\nccc".utf8)
    let slices = parseSlices(data, [(Array("a".utf8), 4), (Array("b".utf8), 2), (Array("c".utf8), 3)])
    #expect(slices[Array("a".utf8)] == nil)
    #expect(slices[Array("b".utf8)] == Data("bb".utf8))
    #expect(slices[Array("c".utf8)] == Data("ccc".utf8))
  }

  @Test func `reads the extents that filefrag prints`() {
    // As filefrag 1.47.0 prints with -v -b1.
    let text = """
      Filesystem type is: ef53
      File size of ./a
      b is 10485760 (10485760 blocks of 1 bytes)
       ext:     logical_offset:        physical_offset: length:   expected: flags:
         0:        0..    4095:      40960..     45055:   4096:
         1:   409600..  417791:  159887278..159895469:   8192:     409600: last
      ./a
      b: 2 extents found
      File size of ./inline is 60 (4096 block of 1 bytes)
       ext:     logical_offset:        physical_offset: length:   expected: flags:
         0:        0..    4095:          0..      4095:   4096:             last,inline,eof
      ./inline: 1 extent found
      File size of ./empty is 0 (0 blocks of 4096 bytes)
      ./empty: 0 extents found

      """
    let names = ["a\nb", "gone", "inline", "empty"].map { Array($0.utf8) }
    let extents = parseExtents(Data(text.utf8), names)
    #expect(
      extents[names[0]] == [
        Extent(logical: 0, physical: 40960, length: 4096),
        Extent(logical: 409_600, physical: 159_887_278, length: 8192),
      ])
    #expect(extents[names[1]] == nil)
    #expect(extents[names[2]] == nil)
    #expect(extents[names[3]] == [])
  }

  /// As the script printed it for a disk with LVM; the kernel found the disks in another order than they were given.
  private let devices = #"""
    B 253:0 - 0 16384 dm-0
    N 253:0 LVM-Vz5vTgWKAM08l4XWoHm9RwInFoI2y92fR6PknnyEASjw3JdKwEiQqq5RudVs3GMf my--group-root-a
    B 253:1 - 0 100 dm-1
    N 253:1 CRYPT-LUKS2-1 luks odd
    D 8:32
    B 8:32 - 0 204800 sdc
    B 8:42 8:32 150000 100 sdc10
    H 8:42
    B 8:33 8:32 2048 100000 sdc1
    H 8:33
    B 8:34 8:32 110000 1000 sdc2
    T
    luks\x20odd: 0 100 crypt aes-xts-plain64 :64:logon:cryptsetup:1 0 8:42 32768
    my--group-root-a: 0 8192 linear 8:33 2048
    my--group-root-a: 8192 8192 linear 8:33 20480
    I
    DEVNAME=/dev/sdc2
    LABEL=a\ label
    UUID=7bab8ff7
    TYPE=ext4
    USAGE=filesystem
    PART_ENTRY_NAME=EFI\\x20System

    DEVNAME=/dev/sdc1
    TYPE=LVM2_member
    USAGE=raid

    DEVNAME=/dev/sdc10
    TYPE=crypto_LUKS
    USAGE=crypto

    DEVNAME=/dev/dm-0
    TYPE=xfs
    USAGE=filesystem
    """#

  @Test func `names devices as libguestfs does, whatever the kernel calls the disk`() {
    let found = parseDeviceReport(devices).devices
    #expect(
      found.map(\.name) == [
        "/dev/sda", "/dev/sda1", "/dev/sda2", "/dev/sda10", "/dev/mapper/luks odd", "/dev/my-group/root-a",
      ])
    #expect(found.filter(\.isVolume).map(\.name) == ["/dev/sda2", "/dev/my-group/root-a"])
    #expect(found.filter(\.isLocked).isEmpty)
    let plain = found[2].identity
    #expect(plain["LABEL"] == "a label" && plain["PART_ENTRY_NAME"] == "EFI System" && plain["UUID"] == "7bab8ff7")
    let locked = devices.replacingOccurrences(of: "H 8:42\n", with: "")
    #expect(parseDeviceReport(locked).devices.filter(\.isLocked).map(\.name) == ["/dev/sda10"])
  }

  @Test func `maps a logical volume through its partition to the disk`() throws {
    let maps = Dictionary(uniqueKeysWithValues: parseDeviceReport(devices).devices.map { ($0.name, $0.map) })
    let volume = try #require(maps["/dev/my-group/root-a"] ?? nil)
    let pieces = try #require(volume.pieces(at: 8190 * 512, count: 4 * 512))
    let starts: [UInt64] = [12_286, 22_528]
    #expect(pieces.map(\.disk) == starts.map { $0 * 512 })
    #expect(pieces.map(\.count) == [1024, 1024])
    #expect(volume.pieces(at: 8_388_607, count: 2) == nil)
    #expect(volume.pieces(at: .max, count: .max) == nil)
    #expect(maps["/dev/sda1"]??.pieces(at: 0, count: 512)?.first?.disk == 1_048_576)
    #expect(maps["/dev/mapper/luks odd"] == .some(nil))
  }

  @Test func `a device that stands on itself has no map`() {
    let text = "D 8:0\nB 8:0 - 0 100 sda\nB 253:0 - 0 100 dm-0\nN 253:0 - x\nT\nx: 0 100 linear 253:0 0\nI"
    #expect(
      parseDeviceReport(text).devices.map(\.map) == [BlockMap(joining: [(0, 51_200)]), nil])
  }

  // As the script printed it for an NTFS, a disk without a file system, and a btrfs of which a subvolume is the default.
  private let mounts = """
    V 0 0
    P 0 14
    V 1 32 mount: /sysroot/v1: wrong fs type, bad option, bad superblock on /dev/sda2.
    V 2 0
    U 2 \tUUID: \t\t\t6fe3b5d2-8b71-5647-bda4-e5a0b599e246
    D 2 ID 256 gen 9 top level 5 path @
    C 2 655
    S 2 ID 256 gen 9 top level 5 parent_uuid -                                    uuid 6fe3b5d2-8b71-5647-bda4-e5a0b599e246 path @
    S 2 ID 257 gen 8 top level 5 parent_uuid -                                    uuid 9b663464-50c5-1648-b998-1df8ae3c5c45 path odd
    S 2 name
    S 2 ID 258 gen 11 top level 256 parent_uuid 6fe3b5d2-8b71-5647-bda4-e5a0b599e246 uuid e79f1e85-acb3-a042-bce8-31dc844e2c05 path .snapshots/1
    S 2 ID 259 gen 10 top level 5 parent_uuid 200c0551-c772-4c54-a94b-2a30f1d2df71 uuid 29004aa3-9d27-bc4d-a39b-5da5b8bb4826 path top-snap
    O 2 ID 258 gen 11 cgen 9 top level 256 otime 2026-11-29 00:50:09 path .snapshots/1
    O 2 ID 259 gen 10 cgen 10 top level 5 otime 2026-11-29 00:50:09 path top-snap
    V 3 0
    K
    [    3.1] EXT4-fs (sdc): recovery complete
    [    9.7] vmlineage mounts 0
    [    9.8] vmlineage mounts 1
    [    9.9] vmlineage mounts 2
    [   10.0] BTRFS info (device dm-1): start tree-log replay
    [   10.1] vmlineage mounts 3
    """

  @Test func `reads what mounting came to`() {
    let outcomes = parseMounts(mounts)
    #expect(outcomes.keys.sorted() == [0, 1, 2, 3])
    #expect(outcomes[0]?.failure == nil && outcomes[0]?.isCleanNTFS == false)
    #expect(outcomes[1]?.failure?.hasPrefix("mount: /sysroot/v1: wrong fs") == true)
    #expect(outcomes[2]?.replayedJournal == true && outcomes[2]?.lacksSubvolumes == false)
    #expect(outcomes[3] == MountOutcome())
  }

  @Test func `says which subvolume is mounted and which is a snapshot of which`() {
    let outcome = parseMounts(mounts)[2]
    let mounted = "6fe3b5d2-8b71-5647-bda4-e5a0b599e246"
    #expect(outcome?.mounted == .init(id: 256, path: "@", uuid: mounted))
    #expect(
      outcome?.subvolumes == [
        .init(id: 257, path: "odd\nname", uuid: "9b663464-50c5-1648-b998-1df8ae3c5c45"),
        .init(
          id: 258, path: "@/.snapshots/1", uuid: "e79f1e85-acb3-a042-bce8-31dc844e2c05", parent: mounted,
          created: 1_795_913_409),
        .init(
          id: 259, path: "top-snap", uuid: "29004aa3-9d27-bc4d-a39b-5da5b8bb4826",
          parent: "200c0551-c772-4c54-a94b-2a30f1d2df71", created: 1_795_913_409),
      ])
  }

  @Test func `a list of subvolumes that was cut says so and has no half names`() {
    let cut = parseMounts(mounts.replacingOccurrences(of: "C 2 655", with: "C 2 300000"))[2]
    #expect(cut?.lacksSubvolumes == true && cut?.subvolumes.map(\.id) == [257, 258])
  }

  @Test func `where the log says nothing of a volume its journal may have been replayed`() {
    let outcomes = parseMounts(mounts.replacingOccurrences(of: "[    9.8] vmlineage mounts 1\n", with: ""))
    #expect(outcomes.filter(\.value.replayedJournal).keys.sorted() == [1, 2])
  }

  @Test func `knows the files of which tar complains`() throws {
    let missing = ["a: b\n\\\t\u{1}ü \"'", "gone"].map { Array($0.utf8) }
    let names = missing + [Array("a".utf8), Array("whole".utf8)]
    let tar = try withTemporaryFolder { folder in
      for name in ["a", "whole"] { try Data("x".utf8).write(to: folder.appending(path: name)) }
      try Data(names.map { Array("./".utf8) + $0 + [0] }.joined()).write(to: folder.appending(path: "names"))
      return try run(
        [
          "tar", "--create", "--ignore-failed-read", "--quoting-style=escape", "--null", "--files-from=names",
          "--file=/dev/null",
        ], in: folder, environment: ["LC_ALL": "C"])
    }
    #expect(damagedFiles(tar.errorText, names) == Set(missing))
    let damaged = "tar: ./whole: Read error at byte 0, while reading 10240 bytes: Input/output error\n"
    #expect(damagedFiles(damaged, names) == [names[3]])
  }

  @Test func `whatever a shell prints, it is read to its end`() {
    var generator = SeededGenerator(seed: 7)
    for text in [devices, mounts] {
      for _ in 0..<500 {
        var bytes = Array(text.utf8)
        for _ in 0..<Int.random(in: 1...8, using: &generator) {
          bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
        }
        let broken = String(decoding: bytes.prefix(Int.random(in: 0...bytes.count, using: &generator)), as: UTF8.self)
        #expect(parseDeviceReport(broken).devices.count <= 6)
        #expect(parseMounts(broken).count <= 6)
      }
    }
  }
}
