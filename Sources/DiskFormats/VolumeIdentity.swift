/// What a volume holds by its first bytes, in the words of blkid(8), which names volumes in the appliance.
package struct VolumeIdentity: Equatable {
  package enum Content: Equatable {
    /// Nothing that files are in: swap space, or nothing at all.
    case nothing
    /// What is known by nothing that it begins with.
    case unknown
    /// What is known and read by no reader, and why.
    case unread(String)
    /// A file system that no reader can open, and why.
    case broken(String)
    /// A file system that is read here.
    case files
    /// A part of a volume group.
    case volumeGroup
    /// What only the appliance can read, and why.
    case beyond(String)
  }

  /// blkid's name; empty where it is not known.
  package var type = ""
  package var label: String?
  package var uuid: String?
  package var content: Content

  package init(_ type: String, label: String? = nil, uuid: String? = nil, _ content: Content) {
    self.type = type
    self.label = label
    self.uuid = uuid
    self.content = content
  }

  /// What each kind of content begins with. One that is made on top of another leaves its traces, so what encloses
  /// others comes first, as with blkid.
  private static let probes: [@Sendable ([UInt8]) -> VolumeIdentity?] = [
    encrypted, volumeGroup, xfs, btrfs, others, ntfs, exfat, udf, iso, fat, swap, unread, shortMagics, disklabel,
  ]

  /// How many bytes from the start of a volume decide: up to the end of btrfs's superblock.
  package static let length = 69_632

  /// - Parameters:
  ///   - start: the first `length` bytes of the volume, or fewer where it is shorter.
  ///   - size: bytes of the volume.
  package init(start: [UInt8], size: UInt64) {
    if let found = Self.ext(start, size) ?? Self.probes.lazy.compactMap({ $0(start) }).first {
      self = found
    } else {
      self.init("", start.allSatisfy { $0 == 0 } ? .nothing : .unknown)
    }
  }

  private static func encrypted(_ start: [UInt8]) -> VolumeIdentity? {
    if start.has(Array("LUKS".utf8) + [0xBA, 0xBE], at: 0) {
      return VolumeIdentity("crypto_LUKS", uuid: start.text(168, 40), .beyond("it is encrypted"))
    }
    return start.has("-FVE-FS-", at: 3) ? VolumeIdentity("BitLocker", .beyond("it is encrypted")) : nil
  }

  private static func volumeGroup(_ start: [UInt8]) -> VolumeIdentity? {
    let isPart = (0..<4).contains { start.has("LABELONE", at: $0 * 512) }
    return isPart ? VolumeIdentity("LVM2_member", .volumeGroup) : nil
  }

  private static func xfs(_ start: [UInt8]) -> VolumeIdentity? {
    guard start.has("XFSB", at: 0) else { return nil }
    return VolumeIdentity("xfs", label: start.text(108, 12), uuid: start.uuid(32), .files)
  }

  private static func ext(_ start: [UInt8], _ size: UInt64) -> VolumeIdentity? {
    let block = Array(start.dropFirst(1024).prefix(1024))
    guard block.has([0x53, 0xEF], at: 56) else { return nil }
    let features = ExtFeatures(block)
    return VolumeIdentity(
      features.type, label: block.text(120, 16), uuid: block.uuid(104), features.content(on: size))
  }

  private static func btrfs(_ start: [UInt8]) -> VolumeIdentity? {
    guard start.has("_BHRfS_M", at: 0x1_0040) else { return nil }
    return VolumeIdentity(
      "btrfs", label: start.text(0x1_012B, 256), uuid: start.uuid(0x1_0020),
      .beyond("btrfs is not read here"))
  }

  /// File systems that Linux knows, with their first bytes as util-linux, libblkid/src/superblocks has them.
  private static let otherFileSystems: [(type: String, magic: [UInt8], offsets: [Int])] = [
    ("squashfs", Array("hsqs".utf8), [0]), ("squashfs3", Array("sqsh".utf8), [0]),
    ("f2fs", [0x10, 0x20, 0xF5, 0xF2], [1024]), ("erofs", [0xE2, 0xE1, 0xF5, 0xE0], [1024]),
    ("reiserfs", Array("ReIsEr".utf8), [0x1_0034, 0x2034]), ("reiser4", Array("ReIsEr4".utf8), [0x1_0000]),
    ("jfs", Array("JFS1".utf8), [0x8000]), ("ReFS", [0, 0, 0] + Array("ReFS".utf8), [0]),
    ("apfs", Array("NXSB".utf8), [32]), ("hfsplus", Array("H+".utf8) + [0, 4], [1024]),
    ("hfsplus", Array("HX".utf8) + [0, 5], [1024]),
    ("ufs", [0x54, 0x19, 0x01, 0], [8192 + 1372]),
    ("ufs", [0x19, 0x01, 0x54, 0x19], [65_536 + 1372, 8192 + 1372]),
    ("ocfs2", Array("OCFSV2".utf8), [1024, 2048, 4096, 8192]), ("gfs2", [1, 0x16, 0x19, 0x70, 0, 0, 0, 1], [0x1_0000]),
    (
      "bcachefs", [0xC6, 0x85, 0x73, 0xF6, 0x66, 0xCE, 0x90, 0xA9, 0xD9, 0x6A, 0x60, 0xCF, 0x80, 0x3D, 0xF7, 0xEF],
      [4120]
    ),
    ("zfs_member", Array("\u{0}\u{0}\u{0}\u{7}version".utf8), [16_384 + 20]),
    ("romfs", Array("-rom1fs-".utf8), [0]), ("cramfs", [0x45, 0x3D, 0xCD, 0x28], [0]),
    ("vxfs", [0xF5, 0xFC, 0x01, 0xA5], [1024]), ("befs", Array("1SFB".utf8), [544]),
    ("bfs", [0xCE, 0xFA, 0xAD, 0x1B], [0]), ("hpfs", [0x49, 0xE8, 0x95, 0xF9], [8192]),
  ]

  private static func others(_ start: [UInt8]) -> VolumeIdentity? { first(of: otherFileSystems, start) }

  /// Two bytes may stand anywhere by chance: these come last.
  private static func shortMagics(_ start: [UInt8]) -> VolumeIdentity? {
    first(
      of: [
        ("hfs", Array("BD".utf8), [1024]), ("nilfs2", [0x34, 0x34], [1030]), ("minix", [0x7F, 0x13], [1040]),
        ("minix", [0x8F, 0x13], [1040]), ("minix", [0x68, 0x24], [1040]), ("minix", [0x78, 0x24], [1040]),
        ("minix", [0x5A, 0x4D], [1048]),
      ], start)
  }

  private static func first(
    of fileSystems: [(type: String, magic: [UInt8], offsets: [Int])], _ start: [UInt8]
  ) -> VolumeIdentity? {
    fileSystems.first { known in known.offsets.contains { start.has(known.magic, at: $0) } }
      .map { VolumeIdentity($0.type, .beyond("\($0.type) is not read here")) }
  }

  /// Layers below file systems that neither reader puts together, and hash trees, in which there are no files.
  private static func unread(_ start: [UInt8]) -> VolumeIdentity? {
    if start.has(Array("verity".utf8) + [0, 0], at: 0) { return VolumeIdentity("DM_verity_hash", .nothing) }
    let known: [(type: String, magic: [UInt8], offset: Int)] = [
      (
        "bcache", [0xC6, 0x85, 0x73, 0xF6, 0x4E, 0x1A, 0x45, 0xCA, 0x82, 0x65, 0xF5, 0x7F, 0x48, 0xBA, 0x6D, 0x81], 4120
      ),
      ("stratis", Array("!Stra0tis".utf8), 516), ("vdo", Array("dmvdo001".utf8), 0),
      ("DM_integrity", Array("integrt".utf8) + [0], 0),
    ]
    return known.first { start.has($0.magic, at: $0.offset) }
      .map { VolumeIdentity($0.type, .unread("\($0.type) is not read here")) }
  }

  /// FreeBSD, sys/disklabel.h: the second sector of a partition that is divided again.
  private static func disklabel(_ start: [UInt8]) -> VolumeIdentity? {
    guard start.has([0x57, 0x45, 0x56, 0x82], at: 512) else { return nil }
    return VolumeIdentity("bsd", .beyond("it is divided by a BSD disklabel, which is not read here"))
  }

  private static func ntfs(_ start: [UInt8]) -> VolumeIdentity? {
    guard start.has("NTFS    ", at: 3) else { return nil }
    return VolumeIdentity("ntfs", uuid: hexadecimal(start.number(0x48, 8), digits: 16).uppercased(), .files)
  }

  private static func exfat(_ start: [UInt8]) -> VolumeIdentity? {
    guard start.has("EXFAT   ", at: 3) else { return nil }
    return VolumeIdentity("exfat", uuid: serial(start.number(100, 4)), .files)
  }

  /// ECMA-119, 8.4: the primary volume descriptor is sector 16. blkid's UUID is the time of the last change.
  private static func iso(_ start: [UInt8]) -> VolumeIdentity? {
    guard start.has("CD001", at: 32_769), let descriptors = ISODescriptors(start) else { return nil }
    let dates = [830, 813].map { start.text(32_768 + $0, 16) ?? "" }
    let digits = dates.first { $0.contains { $0 != "0" } }.map(Array.init) ?? []
    let fields = [0..<4, 4..<6, 6..<8, 8..<10, 10..<12, 12..<14, 14..<16]
    let uuid = digits.count == 16 ? fields.map { String(digits[$0]) }.joined(separator: "-") : nil
    return VolumeIdentity("iso9660", label: descriptors.label, uuid: uuid, .files)
  }

  /// ECMA-167, 2/9.1: a disc that has both file systems, as those of Windows, often shows all its files by this one only.
  private static func udf(_ start: [UInt8]) -> VolumeIdentity? {
    let isUDF = (16..<34).contains { start.has("NSR02", at: $0 * 2048 + 1) || start.has("NSR03", at: $0 * 2048 + 1) }
    return isUDF ? VolumeIdentity("udf", .beyond("udf is not read here")) : nil
  }

  /// Microsoft, FAT: General Overview of On-Disk Format. No one field tells it, all together do.
  private static func fat(_ start: [UInt8]) -> VolumeIdentity? {
    let bytes = start
    let sectors = bytes.number(13, 1)
    guard bytes.has([0x55, 0xAA], at: 510), [0xEB, 0xE9].contains(bytes.number(0, 1)),
      [512, 1024, 2048, 4096].contains(bytes.number(11, 2)), sectors.nonzeroBitCount == 1, bytes.number(14, 2) > 0,
      (1...4).contains(bytes.number(16, 1)), bytes.number(21, 1) >= 0xF0
    else { return nil }
    let isFAT32 = bytes.number(22, 2) == 0
    let label = bytes.text(isFAT32 ? 71 : 43, 11)
    return VolumeIdentity(
      "vfat", label: label == "NO NAME" ? nil : label, uuid: serial(bytes.number(isFAT32 ? 67 : 39, 4)), .files)
  }

  private static func serial(_ number: UInt64) -> String {
    let digits = hexadecimal(number, digits: 8).uppercased()
    return "\(digits.prefix(4))-\(digits.suffix(4))"
  }

  private static func swap(_ start: [UInt8]) -> VolumeIdentity? {
    let ends = [4096, 8192, 16_384, 32_768, 65_536].map { $0 - 10 }
    let isSwap = ends.contains { start.has("SWAPSPACE2", at: $0) || start.has("SWAP-SPACE", at: $0) }
    // Hibernated systems lie in their swap space.
    let isImage = ends.contains { start.has("S1SUSPEND", at: $0) || start.has("S2SUSPEND", at: $0) }
    return isSwap || isImage ? VolumeIdentity(isSwap ? "swap" : "swsuspend", .nothing) : nil
  }
}
