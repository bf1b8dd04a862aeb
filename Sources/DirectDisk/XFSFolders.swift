internal import DiskFormats
internal import Inventory

/// The entries of folders.
///
///     in the inode: 0 entries(1)  1 whether numbers have 8 bytes, not 4(1)  2 parent
///       entry:      0 length of its name(1)  3 name, type(1), number
///     in blocks:    16 or 64 bytes of header ("XD2B", "XD2D", "XDB3", "XDD3"), then entries, each filled up to 8 bytes
///       entry:      0 number(8)  8 length of its name(1)  9 name, type(1), its own offset(2)
///       no entry:   0 FFFF  2 length(2)
///     A folder of one block (…B) ends with an index: entries of 8 bytes, their number(4), and 4 bytes more.
extension XFSFileSystem {
  func entries(of folder: XFSInode) throws(DirectDiskError) -> [Entry] {
    guard folder.kind == .directory else { throw DirectDiskError("list folder", "it is none") }
    if folder.form == .local { return try localEntries(folder.contents) }
    // Indexes begin 32 GiB into a folder.
    let extents = try extents(of: folder, before: 32 << 30)
    var entries: [Entry] = []
    for extent in extents {
      var offset: UInt64 = 0
      while offset < extent.count {
        // More than fits in memory, whatever the file system says of itself.
        guard entries.count < 8_000_000 else { throw DirectDiskError("list folder", "it has too many entries") }
        let start = extent.logical + offset
        // A folder's block may be of several extents.
        let block = try contents(start..<start + layout.folderBlockSize, extents)
        entries += try blockEntries(Array(block))
        offset += layout.folderBlockSize
      }
    }
    return entries
  }

  private var damaged: DirectDiskError { DirectDiskError("list folder", "its entries are damaged") }

  private func localEntries(_ bytes: [UInt8]) throws(DirectDiskError) -> [Entry] {
    let width = bytes.bigNumber(1, 1) == 0 ? 4 : 8
    var position = 2 + width
    var entries: [Entry] = []
    for _ in 0..<bytes.bigNumber(0, 1) {
      let length = Int(bytes.bigNumber(position, 1))
      let number = position + 3 + length + (layout.hasTypes ? 1 : 0)
      guard length > 0, number + width <= bytes.count else { throw damaged }
      entries.append((Array(bytes[position + 3..<position + 3 + length]), bytes.bigNumber(number, width)))
      position = number + width
    }
    return entries
  }

  private func blockEntries(_ block: [UInt8]) throws(DirectDiskError) -> [Entry] {
    let isWhole = block.has(layout.hasHeaders ? "XDB3" : "XD2B", at: 0)
    guard isWhole || block.has(layout.hasHeaders ? "XDD3" : "XD2D", at: 0) else { throw damaged }
    var end = block.count
    if isWhole {
      let index = block.bigNumber(block.count - 8, 4)
      guard index <= UInt64(block.count / 8) else { throw damaged }
      end -= 8 + Int(index) * 8
    }
    var position = layout.hasHeaders ? 64 : 16
    var entries: [Entry] = []
    while position + 8 <= end {
      if block.has([0xFF, 0xFF], at: position) {
        let length = Int(block.bigNumber(position + 2, 2))
        guard length >= 8 else { throw damaged }
        position += length
        continue
      }
      let length = Int(block.bigNumber(position + 8, 1))
      let used = 9 + length + (layout.hasTypes ? 1 : 0) + 2
      guard length > 0, position + used <= end else { throw damaged }
      let name = Array(block[position + 9..<position + 9 + length])
      if name != Array(".".utf8), name != Array("..".utf8) { entries.append((name, block.bigNumber(position, 8))) }
      position += (used + 7) / 8 * 8
    }
    return entries
  }
}
