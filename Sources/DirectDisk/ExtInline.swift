internal import DiskFormats

/// Files and folders so small that they lie in their inodes.
///
///     40 the first bytes (60); of a folder its parent (4), then entries
///     128 + length of more fields, in inodes of more than 128 bytes:
///        EA020000 (4), then attributes: 0 length of the name(1)  1 prefix, 7 is `system.`(1)  2 place of the value(2)
///          4 inode of the value, 0 for this one(4)  8 bytes of the value(4)  16 name, padded to 4; the list ends with four
///          zero bytes. Places count from the first
///     `system.data`: the other bytes; of a folder more entries
///
/// Source: Linux, Documentation/filesystems/ext4, Inline Data and Extended Attributes.
extension ExtFileSystem {
  private static let first: UInt64 = 60

  /// Where the parts lie, each beginning where it does in the file; nil where it does not lie in its inode. What is missing
  /// reads as zeros, as Linux has it: mke2fs writes files that are all holes so.
  func inlineExtents(of inode: ExtInode) throws(DirectDiskError) -> [FileExtent]? {
    guard inode.isInline else { return nil }
    var extents = [FileExtent(logical: 0, start: inode.place + 40, count: min(Self.first, inode.size))]
    if inode.size > Self.first, let value = try inlineValue(of: inode) {
      let count = min(UInt64(value.count), inode.size - Self.first)
      extents.append(FileExtent(logical: Self.first, start: value.lowerBound, count: count))
    }
    return extents
  }

  /// The entries of such a folder, in pieces that each stand alone.
  func inlineFolder(_ folder: ExtInode) throws(DirectDiskError) -> [[UInt8]] {
    var pieces = [Array(folder.contents[4...])]
    if let value = try inlineValue(of: folder), !value.isEmpty {
      pieces.append(try volume.bytes(at: value.lowerBound, count: value.count))
    }
    return pieces
  }

  /// Where the value of `system.data` lies on the volume.
  private func inlineValue(of inode: ExtInode) throws(DirectDiskError) -> Range<UInt64>? {
    let bytes = try volume.bytes(at: inode.place, count: Int(inodeSize))
    let start = 128 + Int(bytes.number(128, 2))
    guard bytes.number(start, 4) == 0xEA02_0000 else { return nil }
    let list = start + 4
    var entry = list
    while entry <= bytes.count - 16, bytes.number(entry, 4) != 0 {
      let name = Int(bytes.number(entry, 1))
      if bytes.number(entry + 1, 1) == 7, name == 4, bytes.has("data", at: entry + 16) {
        let (place, count) = (list + Int(bytes.number(entry + 2, 2)), Int(bytes.number(entry + 8, 4)))
        guard bytes.number(entry + 4, 4) == 0, place <= bytes.count, count <= bytes.count - place else {
          throw DirectDiskError("read inode", "its inline data lies outside of it")
        }
        return inode.place + UInt64(place)..<inode.place + UInt64(place + count)
      }
      entry += 16 + (name + 3) & ~3
    }
    return nil
  }
}
