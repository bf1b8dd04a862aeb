internal import DiskFormats

/// Where the descriptions of an ext's groups lie: behind the superblock, or with meta groups in the first of so many groups
/// as one block describes.
///
///     superblock: 20 first block(4)  32 blocks a group(4)  92 features: compatible(4), incompatible(4), read-only(4)
///       254 bytes of a description(2)  260 first meta group(4)  588 two groups with copies of the superblock(4 each)
///
/// Source: Linux, fs/ext4/super.c, `descriptor_loc`, and fs/ext4/balloc.c, `ext4_bg_has_super`.
struct ExtGroups {
  /// Bytes of a description.
  let length: UInt64

  private let blockSize: UInt64
  private let firstBlock: UInt64
  private let blocksPerGroup: UInt64
  /// The first block of descriptions that lies in its own meta group.
  private let firstMeta: UInt64
  private let isSparse: Bool
  /// With the newer form of few copies: the groups that have one beside the first.
  private let copies: [UInt64]?

  init(_ block: [UInt8], blockSize: UInt64) {
    let (compatible, incompatible, readOnly) = (block.number(92, 4), block.number(96, 4), block.number(100, 4))
    length = incompatible & 0x80 != 0 ? block.number(254, 2) : 32
    self.blockSize = blockSize
    firstBlock = block.number(20, 4)
    blocksPerGroup = block.number(32, 4)
    firstMeta = incompatible & 0x10 != 0 ? block.number(260, 4) : .max
    isSparse = readOnly & 0x1 != 0
    copies = compatible & 0x200 != 0 ? [block.number(588, 4), block.number(592, 4)] : nil
  }

  var isSound: Bool {
    (32...1024).contains(length) && length.nonzeroBitCount == 1 && blocksPerGroup > 0 && firstBlock <= 1
  }

  /// Bytes from the volume's start; nil where there is no such group among so many blocks. Groups have at most 32 bits.
  func place(of group: UInt64, among blocks: UInt64) -> UInt64? {
    guard group <= blocks / blocksPerGroup else { return nil }
    let perBlock = blockSize / length
    let (number, inside) = group.quotientAndRemainder(dividingBy: perBlock)
    // Of 1 KiB, the superblock fills the second block.
    let superblock: UInt64 = blockSize == 1024 ? 1 : 0
    if number < firstMeta { return (superblock + 1 + number) * blockSize + inside * length }
    let first = number * perBlock
    let isShifted = number == 0 && superblock > firstBlock
    let before: UInt64 = (hasSuperblock(first) ? 1 : 0) + (isShifted ? 1 : 0)
    return (firstBlock + first * blocksPerGroup + before) * blockSize + inside * length
  }

  private func hasSuperblock(_ group: UInt64) -> Bool {
    if group == 0 { return true }
    if let copies { return copies.contains(group) }
    if group == 1 || !isSparse { return true }
    return [UInt64](arrayLiteral: 3, 5, 7).contains { base in
      var power = base
      while power < group { power *= base }
      return power == group
    }
  }
}
