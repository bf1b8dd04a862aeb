/// How large a volume says that it is, which tells a file system from bytes that look like one, and a whole one from one
/// that was cut.
enum ClaimedSize: Equatable {
  case bytes(UInt64)
  /// What it begins with is certain, and its size stands elsewhere.
  case unstated
  /// It is none: what should say its size is out of bounds, or too little is known of it.
  case none
}

extension VolumeIdentity {
  /// Places and widths of the fields are those of Linux's headers and, for others, of util-linux (libblkid/src/superblocks).
  /// - Parameter start: what this identity was read from.
  func claimedSize(_ start: [UInt8]) -> ClaimedSize {
    let bytes = start
    switch type {
    case "ext2", "ext3", "ext4": return extSize(bytes)
    case "xfs": return blocks(bytes.bigNumber(8, 8), of: bytes.bigNumber(4, 4))
    case "btrfs":
      // That of this device, of one or more. The superblock says where it stands.
      return bytes.number(0x1_0030, 8) == 0x1_0000 ? blocks(bytes.number(0x1_00D1, 8), of: 1) : .none
    case "squashfs": return bytes.number(28, 2) == 4 ? blocks(bytes.number(40, 8), of: 1) : .none
    case "f2fs": return power(bytes.number(1040, 4), blocks: bytes.number(1060, 8))
    case "erofs": return power(bytes.number(1036, 1), blocks: bytes.number(1060, 4))
    case "reiserfs": return blocks(bytes.number(0x1_0000, 4), of: bytes.number(0x1_002C, 2))
    case "jfs": return blocks(bytes.number(0x8008, 8), of: bytes.number(0x8018, 4))
    case "ReFS": return blocks(bytes.number(24, 8), of: bytes.number(32, 4))
    case "ntfs": return blocks(bytes.number(40, 8), of: bytes.number(11, 2))
    case "exfat": return power(bytes.number(108, 1), blocks: bytes.number(72, 8))
    case "vfat": return fatSize(bytes)
    case "iso9660": return isoSize(bytes)
    case "apfs": return blocks(bytes.number(40, 8), of: bytes.number(36, 4))
    case "hfsplus": return blocks(bytes.bigNumber(1068, 4), of: bytes.bigNumber(1064, 4))
    case "cramfs": return blocks(bytes.number(4, 4), of: 1)
    case "romfs": return blocks(bytes.bigNumber(8, 4), of: 1)
    case "nilfs2": return blocks(bytes.number(1056, 8), of: 1)
    case "LVM2_member": return volumeGroupSize(bytes)
    case "crypto_LUKS": return luksSize(bytes)
    case "BitLocker", "udf", "bcachefs", "gfs2", "ocfs2", "ufs", "zfs_member", "reiser4": return .unstated
    default: return .none
    }
  }

  /// So many blocks; none where there are none, or of no size that blocks have.
  private func blocks(_ count: UInt64, of size: UInt64) -> ClaimedSize {
    guard count > 0, size.isPowerOfTwo, size <= 1 << 21 else { return .none }
    return .bytes(count.times(size))
  }

  private func power(_ exponent: UInt64, blocks count: UInt64) -> ClaimedSize {
    exponent <= 21 ? blocks(count, of: 1 << exponent) : .none
  }

  /// Its magic number has two bytes only, so what stands around it must fit too.
  private func extSize(_ start: [UInt8]) -> ClaimedSize {
    let block = Array(start.dropFirst(1024).prefix(1024))
    let (inodes, first, exponent) = (block.number(0, 4), block.number(20, 4), block.number(24, 4))
    let (blocksPerGroup, state, revision) = (block.number(32, 4), block.number(58, 2), block.number(76, 4))
    guard inodes > 0, first <= 1, exponent <= 6, blocksPerGroup > 0, state <= 7, revision <= 1 else { return .none }
    // INCOMPAT_64BIT: the number of blocks has a higher half.
    let high = block.number(96, 4) & 0x80 != 0 ? block.number(336, 4) : 0
    return power(10 + exponent, blocks: block.number(4, 4) | high << 32)
  }

  /// The table of clusters begins with the same byte for the kind of medium as the boot sector has.
  private func fatSize(_ start: [UInt8]) -> ClaimedSize {
    let (sector, reserved, tables) = (start.number(11, 2), start.number(14, 2), start.number(16, 1))
    let sectors = start.number(19, 2) > 0 ? start.number(19, 2) : start.number(32, 4)
    let tableSectors = start.number(22, 2) > 0 ? start.number(22, 2) : start.number(36, 4)
    let table = Int(reserved * sector)
    guard tableSectors > 0, reserved + tables * tableSectors < sectors,
      table >= start.count || start.number(table, 1) == start.number(21, 1)
    else { return .none }
    return blocks(sectors, of: sector)
  }

  /// ECMA-119, 8.4.8: the number of blocks stands in both byte orders.
  private func isoSize(_ start: [UInt8]) -> ClaimedSize {
    guard let descriptors = ISODescriptors(start), let descriptor = descriptors.primary ?? descriptors.joliet,
      descriptor.number(80, 4) == descriptor.bigNumber(84, 4)
    else { return .none }
    return blocks(descriptor.number(80, 4), of: descriptors.blockSize)
  }

  /// LVM2, lib/format_text/layout.h: a label says in which sector it is and where the header is, which has the size of the
  /// device behind its UUID.
  private func volumeGroupSize(_ start: [UInt8]) -> ClaimedSize {
    for sector in 0..<4 {
      let label = sector * 512
      guard start.has("LABELONE", at: label), start.has("LVM2 001", at: label + 24),
        start.number(label + 8, 8) == UInt64(sector)
      else { continue }
      return blocks(start.number(label + Int(start.number(label + 20, 4)) + 32, 8), of: 1)
    }
    return .none
  }

  /// LUKS1 On-Disk Format: where the data begin, in sectors. LUKS2 On-Disk Format: the length of a header with its keys, of
  /// which there are two.
  private func luksSize(_ start: [UInt8]) -> ClaimedSize {
    switch start.bigNumber(6, 2) {
    case 1: blocks(start.bigNumber(104, 4), of: 512)
    case 2: blocks(start.bigNumber(8, 8), of: 2)
    default: .none
    }
  }
}
