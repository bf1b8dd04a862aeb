import DiskFormats
import Foundation
import TestSupport
import Testing

/// Disks without a header, made by the programs that make them; what blkid(8) and sfdisk(8) say is the truth.
struct RawDiskTests {
  /// A bare file system.
  struct Made: CustomTestStringConvertible, Sendable {
    var type: String
    var megabytes: Int
    var words: [String]
    /// Bytes of the least that is enough of it; nil where it needs all of its bytes but the slack of the file.
    var needed: UInt64?
    var testDescription: String { words.joined(separator: " ") }

    static let all = [
      Made(type: "ext4", megabytes: 16, words: ["mkfs.ext4", "-q", "-F"]),
      Made(type: "ext2", megabytes: 8, words: ["mkfs.ext2", "-q", "-F", "-b", "1024"]),
      Made(type: "xfs", megabytes: 320, words: ["mkfs.xfs", "-q"]),
      Made(type: "ntfs", megabytes: 16, words: ["mkfs.ntfs", "-F", "-q", "-f"]),
      Made(type: "vfat", megabytes: 2, words: ["mkfs.vfat", "-F", "12"]),
      Made(type: "vfat", megabytes: 16, words: ["mkfs.vfat", "-F", "16"]),
      Made(type: "vfat", megabytes: 64, words: ["mkfs.vfat", "-F", "32"]),
      Made(type: "vfat", megabytes: 64, words: ["mkfs.vfat", "-S", "4096"]),
      Made(type: "btrfs", megabytes: 128, words: ["mkfs.btrfs", "-q"]),
    ]

    func make(in folder: URL) throws -> URL {
      let file = folder.appending(path: "disk.img")
      try done("truncate", "-s", "\(megabytes)M", file.path, in: folder)
      let finished = try run(words + [file.path], in: folder)
      try #require(finished.status == 0, "\(finished.errorText)")
      return file
    }
  }

  private static func blkid(_ file: URL, _ tag: String) throws -> String {
    try run(["blkid", "-p", "-o", "value", "-s", tag, file.path]).text.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  private func error(_ file: URL) -> DiskFormatError? { chainFailure(file) }

  @Test(arguments: Made.all)
  func `a bare file system is a disk, and one that was cut is not`(_ made: Made) throws {
    try withTemporaryFolder { folder in
      let file = try made.make(in: folder)
      #expect(try Self.blkid(file, "TYPE") == made.type)
      let chain = try readDiskChain(path: file.path)
      #expect(chain.header.format == .raw && chain.header.virtualSize == UInt64(made.megabytes) << 20)
      // QEMU is told that it is raw.
      #expect(try qemuBacking(chain).driver == "raw")
      try done("truncate", "-s", "\(made.megabytes - 1)M", file.path, in: folder)
      let cut = try #require(error(file))
      #expect(cut.code == .truncated && cut.reason.hasPrefix("holds \(made.type) of "))
      // Whoever says that it is raw gets what is there.
      #expect(try readDiskChain(path: file.path, assume: .raw).header.format == .raw)
    }
  }

  @Test func `so are discs and squashfs`() throws {
    try withTemporaryFolder { folder in
      let tree = folder.appending(path: "tree")
      try FileManager.default.createDirectory(at: tree, withIntermediateDirectories: true)
      var generator = SeededGenerator(seed: 3)
      let bytes = (0..<300_000).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
      try Data(bytes).write(to: tree.appending(path: "file"))
      try done("genisoimage", "-quiet", "-r", "-J", "-o", "disc.iso", "tree", in: folder)
      try done("mksquashfs", "tree", "packed.squashfs", "-quiet", "-no-progress", in: folder)
      for (name, type) in [("disc.iso", "iso9660"), ("packed.squashfs", "squashfs")] {
        let file = folder.appending(path: name)
        #expect(try Self.blkid(file, "TYPE") == type)
        #expect(try readDiskChain(path: file.path).header.format == .raw)
        try done("truncate", "-s", "200K", file.path, in: folder)
        #expect(error(file)?.code == .truncated)
      }
    }
  }

  @Test(arguments: ["luks1", "luks2"])
  func `so are encrypted volumes`(_ type: String) throws {
    try withTemporaryFolder { folder in
      try done("truncate", "-s", "32M", "disk.img", in: folder)
      let finished = try run(
        ["cryptsetup", "luksFormat", "--type", type, "-q", "--pbkdf", "pbkdf2", "--iter-time", "1", "disk.img", "-"],
        in: folder, input: Data("secret".utf8))
      try #require(finished.status == 0, "\(finished.errorText)")
      #expect(try readDiskChain(path: folder.path + "/disk.img").header.format == .raw)
      try done("truncate", "-s", "16K", "disk.img", in: folder)
      #expect(error(folder.appending(path: "disk.img"))?.code == .truncated)
    }
  }

  /// Parts of volume groups and of arrays, of which the tools that make them want devices: the fields that blkid reads.
  @Test func `so are parts of volume groups and arrays`() throws {
    try withTemporaryFolder { folder in
      var group = MemoryBytes(bytes: [UInt8](repeating: 0, count: 4 << 20))
      group.put("LABELONE", at: 512)
      group.put(UInt64(1).byteSwapped, at: 520)
      group.put(UInt32(32).byteSwapped, at: 532)
      group.put("LVM2 001", at: 536)
      group.put("5EX1GOhJ8CVWYav20sAw0vhEvlqMKi88", at: 544)
      group.put(UInt64(4 << 20).byteSwapped, at: 576)
      // LVM2, lib/misc/crc.c: a CRC-32 that begins with this and is not inverted.
      let script = "import sys,zlib; b=sys.stdin.buffer.read(); print(zlib.crc32(b, 0xf597a6cf^0xffffffff)^0xffffffff)"
      let sum = try run(["python3", "-c", script], input: Data(group.bytes[532..<1024])).text
      group.put(try #require(UInt32(sum.trimmingCharacters(in: .whitespacesAndNewlines))).byteSwapped, at: 528)
      var array = MemoryBytes(bytes: [UInt8](repeating: 0, count: 4 << 20))
      for (value, place) in [(0xA92B_4EFC, 0), (1, 4)] as [(UInt32, Int)] {
        array.put(value.byteSwapped, at: 4096 + place)
      }
      for (value, place) in [(2048, 128), (6144, 136), (8, 144)] as [(UInt64, Int)] {
        array.put(value.byteSwapped, at: 4096 + place)
      }
      array.put(UInt8(7), at: 4096 + 16)
      for (image, type) in [(group, "LVM2_member"), (array, "linux_raid_member")] {
        let file = folder.appending(path: "disk.img")
        try Data(image.bytes).write(to: file)
        #expect(try Self.blkid(file, "TYPE") == type)
        #expect(try header(image.bytes).format == .raw)
        #expect(failure(Array(image.bytes.dropLast(512)))?.code == .truncated)
      }
    }
  }

  // MARK: partition tables

  private static func partitioned(_ script: String, in folder: URL, megabytes: Int = 64) throws -> MemoryBytes {
    let file = folder.appending(path: "table.img")
    try done("truncate", "-s", "\(megabytes)M", file.path, in: folder)
    let finished = try run(["sfdisk", "-q", "--wipe", "never", file.path], in: folder, input: Data(script.utf8))
    try #require(finished.status == 0, "\(finished.errorText)")
    return MemoryBytes(bytes: try [UInt8](Data(contentsOf: file)))
  }

  @Test func `a GPT shows a disk, also where its first header is damaged`() throws {
    try withTemporaryFolder { folder in
      var disk = try Self.partitioned("label: gpt\n2048,40000\n", in: folder)
      #expect(try header(disk.bytes).sectorSize == 512)
      disk.put(UInt8(0x99), at: 512 + 40)
      #expect(try header(disk.bytes).format == .raw)
      // Neither the first header nor the sector before it: the second one is in the last sector.
      disk.bytes.replaceSubrange(0..<34 * 512, with: [UInt8](repeating: 0, count: 34 * 512))
      #expect(try header(disk.bytes).sectorSize == 512)
      disk.bytes[disk.bytes.count - 512 + 40] ^= 1
      #expect(failure(disk.bytes)?.code == .unrecognised)
    }
  }

  @Test func `a disk with sectors of 4,096 bytes says so`() throws {
    let script = """
      import struct, sys, zlib
      size, sector = 64 << 20, 4096
      disk, last = bytearray(size), size // sector - 1
      entries = bytearray(128 * 128)
      entries[:16] = bytes.fromhex("af3dc60f838472478e793d69d8477de4")
      entries[16:32] = bytes(range(16))
      struct.pack_into("<QQ", entries, 32, 256, last - 300)
      def header(own, other, place):
          bytes = bytearray(92)
          bytes[:8] = b"EFI PART"
          struct.pack_into("<II8xQQQQ", bytes, 8, 0x10000, 92, own, other, 6, last - 6)
          struct.pack_into("<QIII", bytes, 72, place, 128, 128, zlib.crc32(entries))
          struct.pack_into("<I", bytes, 16, zlib.crc32(bytes))
          return bytes
      struct.pack_into("<4xB3xII", disk, 446, 0xEE, 1, last)
      disk[510:512] = b"\\x55\\xaa"
      for place, bytes in [(1, header(1, last, 2)), (2, entries), (last - 4, entries), (last, header(last, 1, last - 4))]:
          disk[place * sector:place * sector + len(bytes)] = bytes
      sys.stdout.buffer.write(disk)
      """
    var disk = MemoryBytes(bytes: [UInt8](try run(["python3", "-c", script]).output))
    #expect(disk.bytes.count == 64 << 20)
    #expect(try header(disk.bytes).sectorSize == 4096)
    // The partition that stands for the GPT counts in these sectors too.
    disk.put(UInt8(0x99), at: 4096 + 40)
    #expect(try header(disk.bytes).sectorSize == 4096)
  }

  @Test func `an MBR shows a disk by one partition that lies inside`() throws {
    try withTemporaryFolder { folder in
      let script = "label: dos\n2048,40000,83\n50000,40000,5\n50100,1000,83\n"
      var disk = try Self.partitioned(script, in: folder)
      #expect(try header(disk.bytes).sectorSize == nil)
      // The first one goes on beyond the end, and so does the other then.
      disk.put(UInt32(10_000_000).byteSwapped, at: 446 + 12)
      #expect(try header(disk.bytes).format == .raw)
      disk.put(UInt32(10_000_000).byteSwapped, at: 462 + 8)
      #expect(failure(disk.bytes)?.code == .truncated)
      // An entry whose first byte is no flag is no entry.
      var odd = try Self.partitioned(script, in: folder)
      odd.put(UInt8(0x41), at: 494)
      #expect(failure(odd.bytes)?.code == .unrecognised)
    }
  }

  @Test func `a boot loader alone, and swap space alone, are said to be that`() throws {
    try withTemporaryFolder { folder in
      let empty = try Self.partitioned("label: dos\n", in: folder)
      #expect(failure(empty.bytes)?.reason == "has a boot sector with no partition in its table")
      try done("truncate", "-s", "8M", "swap.img", in: folder)
      try done("mkswap", "swap.img", in: folder)
      #expect(error(folder.appending(path: "swap.img"))?.reason == "holds swap space and no files")
    }
  }

  // MARK: what is none

  @Test func `text, zeros, random bytes and boot sectors alone are no disks`() throws {
    var generator = SeededGenerator(seed: 5)
    let random = (0..<1 << 20).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
    var marked = random
    marked.replaceSubrange(510..<512, with: [0x55, 0xAA])
    let text = [UInt8](repeating: UInt8(ascii: "a"), count: 2 << 20)
    for bytes in [random, marked, text, [UInt8](repeating: 0, count: 1 << 20), [UInt8](repeating: 0, count: 4096)] {
      let error = try #require(failure(bytes))
      #expect(error.code == .unrecognised)
      #expect(
        error.reason == "has no known disk image header, and shows neither a partition table nor a file system")
      #expect(error.remedy?.contains("--image-format raw") == true)
    }
    try withTemporaryFolder { folder in
      let floppy = try Made(type: "vfat", megabytes: 1, words: ["mkfs.vfat"]).make(in: folder)
      let whole = try [UInt8](Data(contentsOf: floppy))
      #expect(failure(Array(whole.prefix(4096)))?.code == .truncated)
      // The table of clusters does not begin as the boot sector says.
      var odd = whole
      let reserved = Int(whole[14]) | Int(whole[15]) << 8
      odd[reserved * 512] = 0x41
      #expect(failure(whole) == nil && failure(odd)?.code != nil)
    }
  }

  @Test func `no file of this machine's programs is taken for a disk`() throws {
    for folder in ["/usr/bin", "/usr/lib/x86_64-linux-gnu", "/usr/share/mime", "/boot"] {
      #expect(findImages(in: [folder]).images == [])
    }
  }

  @Test func `a known header wins, whatever comes after it`() throws {
    try withTemporaryFolder { folder in
      let disk = try Self.partitioned("2048,40000,83\n", in: folder)
      #expect(try header(disk.bytes).format == .raw)
      let headers: [(text: [UInt8], place: Int, format: DiskFormat)] = [
        (Array("QFI".utf8) + [0xFB], 0, .qcow2), (Array("KDMV".utf8), 0, .vmdk), (Array("vhdxfile".utf8), 0, .vhdx),
        ([0x7F, 0x10, 0xDA, 0xBE], 0x40, .vdi), (Array("conectix".utf8), disk.bytes.count - 512, .vhd),
        (Array("conectix".utf8), disk.bytes.count - 511, .vhd),
      ]
      for known in headers {
        var image = disk
        image.bytes.replaceSubrange(known.place..<known.place + known.text.count, with: known.text)
        let error = try #require(failure(image.bytes))
        #expect(error.header?.format == known.format)
        // To say that it is raw does not make it so.
        #expect(failure(image.bytes, assume: .raw)?.header?.format == known.format)
      }
      // A fixed VHD without its footer begins like a raw disk.
      let cut = folder.appending(path: "cut.VHD")
      try Data(disk.bytes).write(to: cut)
      #expect(error(cut)?.reason.contains("no VHD footer") == true)
    }
  }

  @Test func `what is packed, or of another program, is said by name`() throws {
    try withTemporaryFolder { folder in
      _ = try makeRawDisk(in: folder, megabytes: 1)
      try done("sh", "-c", "gzip -k disk.raw; xz -k disk.raw; bzip2 -k disk.raw; zstd -q disk.raw", in: folder)
      try done("tar", "cf", "disk.ova", "disk.raw", in: folder)
      try done("python3", "-m", "zipfile", "-c", "disk.zip", "disk.raw", in: folder)
      let names = ["raw.gz": "gzip", "raw.xz": "xz", "raw.bz2": "bzip2", "raw.zst": "zstd", "ova": "tar", "zip": "zip"]
      for (name, word) in names {
        let refusal = try #require(error(folder.appending(path: "disk.\(name)")))
        #expect(refusal.code == .archive && refusal.remedy == "unpack it first")
        #expect(refusal.reason == "is a \(word) file, not a disk image")
      }
      try done("qemu-img", "create", "-q", "-f", "qed", "disk.qed", "8M", in: folder)
      try done("qemu-img", "create", "-q", "-f", "parallels", "disk.hdd", "8M", in: folder)
      for (name, word) in ["qed": "QED", "hdd": "Parallels"] {
        let refusal = try #require(error(folder.appending(path: "disk.\(name)")))
        #expect(refusal.code == .otherFormat && refusal.reason.contains(word))
      }
      #expect(failure([0x45, 0x56, 0x46, 0x09, 0x0D, 0x0A, 0xFF, 0x00])?.reason.contains("E01") == true)
    }
  }

  @Test func `any start of a disk ends in a header or an error`() throws {
    try withTemporaryFolder { folder in
      for made in Made.all where made.megabytes <= 16 {
        let whole = try [UInt8](Data(contentsOf: made.make(in: folder)))
        for length in [0, 1, 511, 512, 1023, 1080, 2048, 4097, 32_768, 65_537, 69_631, 69_632, 69_633] {
          #expect(failure(Array(whole.prefix(length))) != nil, "\(made.type) \(length)")
        }
        var generator = SeededGenerator(seed: 17)
        for _ in 0..<300 {
          var bytes = Array(whole.prefix(128 << 10))
          for _ in 0..<6 {
            let place = Int(generator.next() % (generator.next() % 2 == 0 ? 600 : 2048))
            bytes[place] =
              [0, 1, 0x7F, 0x80, 0xFF, UInt8(truncatingIfNeeded: generator.next())][Int(generator.next() % 6)]
          }
          if let error = failure(bytes) { #expect(!error.reason.isEmpty) }
        }
      }
    }
  }

  // MARK: reads

  /// Notes what is read.
  private final class Watched: RandomAccessBytes {
    let bytes: MemoryBytes
    var reads: [Range<UInt64>] = []
    init(_ bytes: MemoryBytes) { self.bytes = bytes }
    var size: UInt64 { bytes.size }
    func read(at offset: UInt64, count: Int) -> [UInt8] {
      reads.append(offset..<offset + UInt64(count))
      return bytes.read(at: offset, count: count)
    }
  }

  @Test func `two reads tell a raw disk`() throws {
    try withTemporaryFolder { folder in
      let disk = Watched(try Self.partitioned("label: gpt\n2048,40000\n", in: folder))
      #expect(try readDiskHeader(disk, name: "image").format == .raw)
      #expect(disk.reads == [0..<69_632, disk.size - 512..<disk.size])
    }
  }
}
