internal import DiskFormats
internal import Foundation
internal import Inventory

/// ext2, ext3 and ext4. libtsk is not asked for these: it takes a folder with a large tree of extents for damaged, has no
/// targets of long links and changes others, and tells times before 1970 and after 2038 wrong (4.11). Used from one
/// thread only. Everything in it is little-endian.
///
///     superblock, 1,024 bytes in: 0 inodes(4)  4 blocks(4)  24 logarithm of a block's size - 10(4)  40 inodes a group(4)
///       76 revision(4)  88 inode's size(2)  96 features(4)  254 group's size(2)  336 upper half of the blocks(4)
///     groups, where `ExtGroups` says: 8 first block of its inodes(4)  40 upper half(4)
///     inode: 0 mode(2)  2 uid(2)  4 size(4)  16 modified(4)  24 gid(2)  26 links(2)  28 blocks(4)  32 flags(4)
///       40 contents(60)  108 upper half of size(4)  120 of uid(2)  122 of gid(2)  128 more fields' length(2)
///       136 modified: two bits above the 32, then nanoseconds(4)
///
/// Source: Linux, Documentation/filesystems/ext4.
final class ExtFileSystem: UnixFileSystem {
  let volume: VolumeBytes
  let root: UInt64 = 2
  let blockSize: UInt64
  /// How many blocks there are.
  let blocks: UInt64
  private let inodes: UInt64
  private let inodesPerGroup: UInt64
  let inodeSize: UInt64
  /// Where the inodes of each group begin, as far as was asked.
  private var tables: [UInt64: UInt64] = [:]
  private let groups: ExtGroups
  /// Whether sizes of folders have an upper half.
  private let hasLargeFolders: Bool

  /// Encrypted folders that were listed.
  private var encrypted: Set<UInt64> = []

  var remark: String? {
    if encrypted.isEmpty { return nil }
    return "has \(encrypted.count) encrypted directories, whose files have no names and no contents without their key"
  }

  /// - Throws: where its superblock is damaged. Its features are `VolumeIdentity`'s to judge.
  init(_ volume: VolumeBytes) throws(DirectDiskError) {
    let block = try volume.bytes(at: 1024, count: 1024)
    let features = block.number(96, 4)
    let is64 = features & 0x80 != 0
    self.volume = volume
    blockSize = 1024 << min(block.number(24, 4), 6)
    blocks = block.number(4, 4) | (is64 ? block.number(336, 4) << 32 : 0)
    inodes = block.number(0, 4)
    inodesPerGroup = block.number(40, 4)
    inodeSize = block.number(76, 4) == 0 ? 128 : block.number(88, 2)
    groups = ExtGroups(block, blockSize: blockSize)
    hasLargeFolders = features & 0x4000 != 0
    guard inodesPerGroup > 0, (128...blockSize).contains(inodeSize), groups.isSound, blocks <= volume.size / blockSize
    else { throw DirectDiskError("open file system", "its superblock is damaged") }
  }

  func inode(_ number: UInt64) throws(DirectDiskError) -> ExtInode {
    guard (1...inodes).contains(number) else { throw DirectDiskError("read inode", "there is no inode \(number)") }
    let (group, inside) = ((number - 1) / inodesPerGroup, (number - 1) % inodesPerGroup)
    let place = try table(of: group) + inside * inodeSize
    let bytes = try volume.bytes(at: place, count: Int(min(inodeSize, 256)))
    guard bytes.count >= 128 else { throw DirectDiskError("read inode", "inode \(number) lies beyond the volume") }
    return ExtInode(number, bytes, at: place, hasLargeFolders: hasLargeFolders)
  }

  private func table(of group: UInt64) throws(DirectDiskError) -> UInt64 {
    if let known = tables[group] { return known }
    guard let place = groups.place(of: group, among: blocks) else {
      throw DirectDiskError("read inode", "there is no group \(group)")
    }
    let bytes = try volume.bytes(at: place, count: Int(groups.length))
    let block = bytes.number(8, 4) | (groups.length >= 64 ? bytes.number(40, 4) << 32 : 0)
    guard block > 0, block < blocks else { throw DirectDiskError("read inode", "group \(group) is damaged") }
    tables[group] = block * blockSize
    return block * blockSize
  }

  func target(of link: ExtInode) throws(DirectDiskError) -> [UInt8] {
    guard link.size <= 4096 else { throw DirectDiskError("read link", "its target is too long") }
    let isShort = link.size < 60 && !link.hasExtents && !link.isInline
    let target =
      isShort
      ? Array(link.contents.prefix(Int(link.size)))
      : Array(try contents(0..<link.size, try extents(of: link, before: .max)))
    guard link.isEncrypted else { return target }
    return nameWithoutKey(target.dropFirst(2).prefix(Int(target.number(0, 2))))
  }

  func obstacle(to inode: ExtInode) -> String? { inode.isEncrypted ? "it is encrypted" : nil }

  /// What stands for an encrypted name where there is no key. Linux has such names too: base64url(RFC 4648) of a hash, left
  /// out here, and of the encrypted bytes (fs/crypto/fname.c).
  private func nameWithoutKey(_ name: some Collection<UInt8>) -> [UInt8] {
    let hash = [UInt8](repeating: 0, count: 8)
    let letters = Data(hash + name).base64EncodedString().utf8.prefix { $0 != UInt8(ascii: "=") }
    return letters.map {
      $0 == UInt8(ascii: "+") ? UInt8(ascii: "-") : $0 == UInt8(ascii: "/") ? UInt8(ascii: "_") : $0
    }
  }

  func entries(of folder: ExtInode) throws(DirectDiskError) -> [Entry] {
    guard folder.kind == .directory else { throw DirectDiskError("list folder", "it is none") }
    if folder.isEncrypted { encrypted.insert(folder.number) }
    var entries: [Entry] = []
    if folder.isInline {
      for piece in try inlineFolder(folder) { try add(piece, of: folder, to: &entries) }
      return entries
    }
    let extents = try extents(of: folder, before: folder.size)
    for extent in extents {
      // A block at a time: an extent is only what a stranger says that it is.
      for start in stride(from: extent.logical, to: min(extent.logical + extent.count, folder.size), by: Int(blockSize))
      {
        guard entries.count < 8_000_000 else { throw DirectDiskError("list folder", "it has too many entries") }
        try add(Array(try contents(start..<start + blockSize, [extent])), of: folder, to: &entries)
      }
    }
    return entries
  }

  /// 0 inode(4)  4 length of the entry(2)  6 of its name(1)  7 type(1)  8 name. An index has entries of no inode.
  private func add(_ block: [UInt8], of folder: ExtInode, to entries: inout [Entry]) throws(DirectDiskError) {
    var position = 0
    while position + 8 <= block.count {
      var length = Int(block.number(position + 4, 2))
      // What does not fit in 16 bits (64 KiB) is written as one of these.
      if length == 0 || length == 65_535 { length = block.count - position }
      let name = Int(block.number(position + 6, 1))
      guard length >= 8, length <= block.count - position, name <= length - 8 else {
        throw DirectDiskError("list folder", "its entries are damaged")
      }
      let bytes = block[position + 8..<position + 8 + name]
      let number = block.number(position, 4)
      let isDots = bytes.elementsEqual(".".utf8) || bytes.elementsEqual("..".utf8)
      if number != 0, name > 0, !isDots {
        entries.append((folder.isEncrypted ? nameWithoutKey(bytes) : Array(bytes), number))
      }
      position += length
    }
  }
}

/// One file as its inode has it.
struct ExtInode: UnixInode {
  let number: UInt64
  let mode: UInt16
  let uid: UInt32
  let gid: UInt32
  let links: UInt32
  let modified: Int64
  let size: UInt64
  /// Where it lies on the volume.
  let place: UInt64
  /// Whether `contents` is a tree of extents, and not a list of blocks.
  let hasExtents: Bool
  /// Whether the file itself lies here.
  let isInline: Bool
  /// Whether its contents are encrypted, and with those of a folder the names in it (fscrypt).
  let isEncrypted: Bool
  let contents: [UInt8]

  init(_ number: UInt64, _ bytes: [UInt8], at place: UInt64, hasLargeFolders: Bool) {
    self.number = number
    self.place = place
    mode = UInt16(bytes.number(0, 2))
    uid = UInt32(bytes.number(2, 2) | bytes.number(120, 2) << 16)
    gid = UInt32(bytes.number(24, 2) | bytes.number(122, 2) << 16)
    links = UInt32(bytes.number(26, 2))
    hasExtents = bytes.number(32, 4) & 0x8_0000 != 0
    isInline = bytes.number(32, 4) & 0x1000_0000 != 0
    isEncrypted = bytes.number(32, 4) & 0x800 != 0
    contents = Array(bytes[40..<100])
    let isLarge = mode & 0o170000 == 0o100000 || hasLargeFolders && mode & 0o170000 == 0o040000
    let size = bytes.number(4, 4) | (isLarge ? bytes.number(108, 4) << 32 : 0)
    // More than any file can have: nothing is read of it then, as it has no extents there.
    self.size = min(size, UInt64(Int64.max))
    let seconds = Int64(Int32(truncatingIfNeeded: bytes.number(16, 4)))
    let hasMore = bytes.number(128, 2) >= 12
    modified = seconds + (hasMore ? Int64(bytes.number(136, 4) & 3) << 32 : 0)
  }
}
