internal import DiskFormats

/// Where the bytes of files lie.
///
///     tree of extents: 0 F30A  2 entries(2)  6 depth(2), then entries of 12 bytes
///       at depth 0:    0 first block in the file(4)  4 blocks, 32,768 more where not written(2)  6 upper half(2)  8 block(4)
///       above:         4 block of the node below(4)  8 upper half(2)
///     list of blocks:  12 blocks, then one each of a block of numbers, of blocks of such, and of blocks of those; 0 is a hole
extension ExtFileSystem {
  /// More than any file has that is read here.
  private static let most = 1 << 20

  func extents(of inode: ExtInode, before end: UInt64) throws(DirectDiskError) -> [FileExtent] {
    if let inline = try inlineExtents(of: inode) { return inline }
    var extents: [FileExtent] = []
    if inode.hasExtents {
      try addTree(inode.contents, depth: nil, end, &extents)
    } else {
      let end = min(end, inode.size)
      var logical: UInt64 = 0
      for position in 0..<15 where logical < end {
        try addBlocks(inode.contents.number(position * 4, 4), level: max(0, position - 11), &logical, end, &extents)
      }
    }
    return extents
  }

  private var damaged: DirectDiskError { DirectDiskError("read file", "its list of blocks is damaged") }

  private func addTree(
    _ node: [UInt8], depth: UInt64?, _ end: UInt64, _ extents: inout [FileExtent]
  ) throws(DirectDiskError) {
    let below = node.number(6, 2)
    let count = Int(node.number(2, 2))
    // Each step leads one level down, so none comes back.
    guard node.has([0x0A, 0xF3], at: 0), depth.map({ $0 == below }) ?? (below <= 5), count <= (node.count - 12) / 12,
      extents.count <= Self.most
    else { throw damaged }
    for entry in stride(from: 12, to: 12 + count * 12, by: 12) {
      if below > 0 {
        let place = try place(node.number(entry + 4, 4) | node.number(entry + 8, 2) << 32)
        try addTree(try volume.bytes(at: place, count: Int(blockSize)), depth: below - 1, end, &extents)
        continue
      }
      let length = node.number(entry + 4, 2)
      let logical = node.number(entry, 4) * blockSize
      if logical >= end { return }
      let (isUnwritten, number) = (length > 32_768, length > 32_768 ? length - 32_768 : length)
      let first = node.number(entry + 8, 4) | node.number(entry + 6, 2) << 32
      guard number > 0, extents.last.map({ $0.logical + $0.count <= logical }) ?? true else { throw damaged }
      _ = try place(first + number - 1)
      extents.append(
        FileExtent(
          logical: logical, start: try place(first), count: number * blockSize, isUnwritten: isUnwritten))
    }
  }

  private func place(_ block: UInt64) throws(DirectDiskError) -> UInt64 {
    guard block > 0, block < blocks else { throw damaged }
    return block * blockSize
  }

  /// Adds the blocks that a number stands for at its level: itself at 0.
  private func addBlocks(
    _ number: UInt64, level: Int, _ logical: inout UInt64, _ end: UInt64, _ extents: inout [FileExtent]
  ) throws(DirectDiskError) {
    let entries = blockSize / 4
    if number == 0 {
      logical += (0..<level).reduce(blockSize) { size, _ in size * entries }
      return
    }
    let start = try place(number)
    if level == 0 {
      if let last = extents.last, last.start + last.count == start, last.logical + last.count == logical {
        extents[extents.count - 1].count += blockSize
      } else {
        guard extents.count <= Self.most else { throw damaged }
        extents.append(FileExtent(logical: logical, start: start, count: blockSize))
      }
      logical += blockSize
      return
    }
    let block = try volume.bytes(at: start, count: Int(blockSize))
    for position in 0..<Int(entries) where logical < end {
      try addBlocks(block.number(position * 4, 4), level: level - 1, &logical, end, &extents)
    }
  }
}
