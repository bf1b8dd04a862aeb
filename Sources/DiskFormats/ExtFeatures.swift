/// What an ext2, ext3 or ext4 says of itself in its superblock, 1,024 bytes in: whether its files can be read here.
///
///     4 blocks(4)  24 logarithm of a block's size - 10(4)  92 features: compatible(4), incompatible(4), read-only(4)
///       208 UUID of an external journal(16)  224 inode of the journal(4)  336 upper half of the blocks(4)
///
/// A feature that is only "read-only compatible" or "compatible" may be unknown to whoever only reads. Of the incompatible
/// ones the reader knows those that change what it looks at, and need not know the others that are named as harmless.
///
/// Source: Linux, Documentation/filesystems/ext4/super.rst and fs/ext4/ext4.h; e2fsprogs, lib/ext2fs/ext2_fs.h.
struct ExtFeatures {
  private static let recover: UInt64 = 0x4
  private static let journalDevice: UInt64 = 0x8

  /// File types, meta groups, extents, 64 bits, multiple mounts, flexible groups, extended attributes in inodes, checksum
  /// seeds, large directories, inline data, encryption, case folding.
  private static let readable: UInt64 =
    0x2 | 0x10 | 0x40 | 0x80 | 0x100 | 0x200 | 0x400 | 0x2000 | 0x4000 | 0x8000 | 0x1_0000 | 0x2_0000

  private static let names: [(bit: UInt64, name: String)] = [(0x1, "compression"), (0x1000, "dirdata")]

  private let block: [UInt8]
  private let compatible: UInt64
  private let incompatible: UInt64
  private let readOnly: UInt64

  /// - Parameter block: the superblock.
  init(_ block: [UInt8]) {
    self.block = block
    (compatible, incompatible, readOnly) = (block.number(92, 4), block.number(96, 4), block.number(100, 4))
  }

  /// blkid's name. ext3 knows all but file types, recovery and meta groups; sparse superblocks, large files, trees.
  var type: String {
    if incompatible & Self.journalDevice != 0 { return "jbd" }
    if incompatible & ~0x16 != 0 || readOnly & ~0x7 != 0 { return "ext4" }
    return compatible & 0x4 != 0 ? "ext3" : "ext2"
  }

  /// - Parameter size: bytes of the volume that it lies on.
  func content(on size: UInt64) -> VolumeIdentity.Content {
    if incompatible & Self.journalDevice != 0 { return .nothing }
    let own = blocks.times(1024 << min(block.number(24, 4), 6))
    if own > size { return .broken("it has \(own) bytes, and what it lies on has only \(size)") }
    if let feature = unreadable { return .beyond("it has the feature \(feature), which is not read here") }
    guard incompatible & Self.recover != 0 else { return .files }
    let isElsewhere = block.number(224, 4) == 0 && block.uuid(208) != nil
    return .beyond(
      isElsewhere ? "its journal, which is on another disk, was not replayed" : "its journal was not replayed")
  }

  private var blocks: UInt64 {
    block.number(4, 4) | (incompatible & 0x80 != 0 ? block.number(336, 4) << 32 : 0)
  }

  private var unreadable: String? {
    let unknown = incompatible & ~(Self.readable | Self.recover)
    if unknown == 0 { return nil }
    return Self.names.first { unknown & $0.bit != 0 }?.name ?? "0x" + String(unknown, radix: 16)
  }
}
