internal import DiskFormats

/// XFS, of versions 4 and 5. The libraries that read it (libfsxfs) know neither numbers of links nor times after 2038.
/// Used from one thread only. Everything in it is big-endian.
///
///     superblock: 4 block(4)  48 log's first block(8)  56 root(8)  84 blocks a group(4)  96 log's blocks(4)  100 version(2)
///                 104 inode's size(2)  120 logarithms: block, sector, inode, inodes a block, blocks a group
///                 192 logarithm of blocks in a folder's block(1)  200 features of version 4(4)  216 of version 5(4)
///     inode:      2 mode(2)  4 version(1)  5 form(1)  8 uid(4)  12 gid(4)  16 links(4)  40 modified(8)  56 size(8)
///                 76 extents(4)  82 where attributes begin, by 8(1)  90 flags(2)  120 more flags(8)  176 contents
///
/// A block's number and an inode's hold the number of its group in front. Source: XFS Algorithms and Data Structures, 3rd ed.
final class XFSFileSystem: UnixFileSystem {
  let volume: VolumeBytes
  let layout: XFSLayout
  var root: UInt64 { layout.root }

  /// - Throws: where its superblock is damaged, it has features that are not known, or its log is not clean.
  init(_ volume: VolumeBytes) throws(DirectDiskError) {
    self.volume = volume
    layout = try XFSLayout(try volume.bytes(at: 0, count: 512), volume.size)
    guard try XFSLog(volume, layout).isClean() else {
      throw DirectDiskError("open file system", "its journal was not replayed")
    }
  }

  func inode(_ number: UInt64) throws(DirectDiskError) -> XFSInode {
    guard let place = layout.place(ofInode: number) else {
      throw DirectDiskError("read inode", "there is no inode \(number)")
    }
    return try XFSInode(number, try volume.bytes(at: place, count: layout.inodeSize), layout)
  }

  func obstacle(to inode: XFSInode) -> String? {
    inode.isRealtime ? "its contents lie on another device" : nil
  }

  /// A link's target lies in its inode, or in blocks that have a header each in version 5.
  func target(of inode: XFSInode) throws(DirectDiskError) -> [UInt8] {
    guard inode.size <= 4096 else { throw DirectDiskError("read link", "its target is too long") }
    if inode.form == .local { return Array(inode.contents.prefix(Int(inode.size))) }
    var target: [UInt8] = []
    for extent in try extents(of: inode, before: .max) where target.count < inode.size {
      for block in 0..<min(extent.count / layout.blockSize, 16) {
        let bytes = try volume.bytes(at: extent.start + block * layout.blockSize, count: Int(layout.blockSize))
        target += layout.hasHeaders ? Array(bytes.dropFirst(56).prefix(Int(bytes.bigNumber(8, 4)))) : bytes
      }
    }
    return Array(target.prefix(Int(inode.size)))
  }
}
