internal import DiskFormats

/// Where the bytes of files lie.
///
///     extent: 128 bits: not written(1)  first block in the file(54)  first block of the volume(52)  blocks(21)
///     tree:   in the inode: 0 level(2)  2 records(2)  4 keys of 8, then places of 8 in the second half
///             a block:      0 "BMAP" or "BMA3"  4 level(2)  6 records(2)  then as above after 24 or 72 bytes; extents at level 0
extension XFSFileSystem {
  /// More than any file has that is read here.
  private static let most = 1 << 20

  func extents(of inode: XFSInode, before end: UInt64) throws(DirectDiskError) -> [FileExtent] {
    switch inode.form {
    case .device, .local: return []
    case .extents:
      guard inode.extentCount <= UInt64(inode.contents.count / 16) else { throw damaged }
      return try extents(inode.contents, at: 0, count: Int(inode.extentCount), before: end)
    case .tree:
      var extents: [FileExtent] = []
      let level = inode.contents.bigNumber(0, 2)
      guard (1...8).contains(level) else { throw damaged }
      try descend(inode.contents, header: 4, records: Int(inode.contents.bigNumber(2, 2)), level, end, &extents)
      return extents
    }
  }

  private var damaged: DirectDiskError { DirectDiskError("read file", "its list of extents is damaged") }

  private func descend(
    _ node: [UInt8], header: Int, records: Int, _ level: UInt64, _ end: UInt64, _ extents: inout [FileExtent]
  ) throws(DirectDiskError) {
    let room = (node.count - header) / 16
    guard records <= room, extents.count <= Self.most else { throw damaged }
    for record in 0..<records {
      guard let place = layout.place(ofBlock: node.bigNumber(header + room * 8 + record * 8, 8)) else { throw damaged }
      let block = try volume.bytes(at: place, count: Int(layout.blockSize))
      let below = block.bigNumber(4, 2)
      let start = layout.hasHeaders ? 72 : 24
      // Each step leads one level down, so none comes back.
      guard block.has("BMA", at: 0), below == level - 1 else { throw damaged }
      let count = Int(block.bigNumber(6, 2))
      if below > 0 {
        try descend(block, header: start, records: count, below, end, &extents)
      } else {
        extents += try self.extents(block, at: start, count: count, before: end)
      }
    }
  }

  private func extents(
    _ bytes: [UInt8], at start: Int, count: Int, before end: UInt64
  ) throws(DirectDiskError) -> [FileExtent] {
    guard count <= (bytes.count - start) / 16 else { throw damaged }
    var extents: [FileExtent] = []
    for position in 0..<count {
      let (high, low) = (bytes.bigNumber(start + position * 16, 8), bytes.bigNumber(start + position * 16 + 8, 8))
      let blocks = low & 0x1F_FFFF
      let logical = (high >> 9 & (1 << 54 - 1)).multipliedReportingOverflow(by: layout.blockSize)
      let number = (high & 0x1FF) << 43 | low >> 21
      guard !logical.overflow, logical.partialValue <= UInt64(Int64.max), blocks > 0,
        let place = layout.place(ofBlock: number), layout.place(ofBlock: number + blocks - 1) != nil
      else { throw damaged }
      if logical.partialValue >= end { break }
      extents.append(
        FileExtent(
          logical: logical.partialValue, start: place, count: blocks * layout.blockSize, isUnwritten: high >> 63 != 0))
    }
    return extents
  }
}
