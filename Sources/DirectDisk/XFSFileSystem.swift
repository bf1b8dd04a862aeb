internal import Foundation
internal import Inventory

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
final class XFSFileSystem: FileSystem {
  let volume: VolumeBytes
  let layout: XFSLayout

  /// - Throws: where its superblock is damaged, it has features that are not known, or its log is not clean.
  init(_ volume: VolumeBytes) throws(DirectDiskError) {
    self.volume = volume
    layout = try XFSLayout(try volume.bytes(at: 0, count: 512), volume.size)
    guard try XFSLog(volume, layout).isClean() else {
      throw DirectDiskError("open file system", "its journal was not replayed")
    }
  }

  func list(as volume: String) throws -> (files: [FileRecord], complaints: String) {
    var walk = Walk(root: layout.root)
    while let folder = walk.next() {
      do throws(DirectDiskError) {
        for (name, number) in try entries(of: try inode(folder.inode)) {
          do throws(DirectDiskError) {
            walk.add(name, try record(try inode(number), volume), in: folder)
          } catch {
            walk.complain(folder, error.reason)
          }
        }
      } catch {
        walk.complain(folder, error.reason)
      }
    }
    return (walk.files, walk.complaint)
  }

  func place(of file: FileRecord) -> UInt64 {
    guard let inode = try? inode(file.inode), let first = try? extents(of: inode, before: .max).first else { return 0 }
    return first.start
  }

  func read(_ pieces: [Range<UInt64>], of file: FileRecord) throws -> [Data] {
    let inode = try inode(file.inode)
    guard inode.kind == 0o100000, inode.size == file.size, !inode.isRealtime else {
      throw DirectDiskError("read file", "it is not what it was, or lies on another device")
    }
    let extents = try extents(of: inode, before: .max)
    return try pieces.map { try contents($0, extents) }
  }

  func inode(_ number: UInt64) throws(DirectDiskError) -> XFSInode {
    guard let place = layout.place(ofInode: number) else {
      throw DirectDiskError("read inode", "there is no inode \(number)")
    }
    return try XFSInode(number, try volume.bytes(at: place, count: layout.inodeSize), layout)
  }

  private func record(_ inode: XFSInode, _ volume: String) throws(DirectDiskError) -> FileRecord {
    let kind: FileRecord.Kind =
      switch inode.kind {
      case 0o100000: .regular
      case 0o040000: .directory
      case 0o120000: .link
      default: .other
      }
    var record = FileRecord(
      volume: volume, path: "", kind: kind, size: inode.size, modified: inode.modified, inode: inode.number,
      mode: inode.mode & 0o7777, uid: inode.uid, gid: inode.gid, links: inode.links)
    if kind == .link { record.target = GuestPath(verbatim: try target(of: inode)) }
    return record
  }

  /// A link's target lies in its inode, or in blocks that have a header each in version 5.
  private func target(of inode: XFSInode) throws(DirectDiskError) -> [UInt8] {
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

  /// A run of a file's bytes; what lies between two runs, or was not written yet, reads as zeros.
  func contents(_ piece: Range<UInt64>, _ extents: [XFSExtent]) throws(DirectDiskError) -> Data {
    var data = Data(count: piece.count)
    for extent in extents where !extent.isUnwritten {
      let part = piece.clamped(to: extent.logical..<extent.logical + extent.count)
      if part.isEmpty { continue }
      let target = Int(part.lowerBound - piece.lowerBound)..<Int(part.upperBound - piece.lowerBound)
      let got = data.withUnsafeMutableBytes { buffer in
        Result { () throws(DirectDiskError) in
          try volume.read(
            into: UnsafeMutableRawBufferPointer(rebasing: buffer[target]),
            at: extent.start + (part.lowerBound - extent.logical))
        }
      }
      guard try got.get() == target.count else { throw DirectDiskError("read file", "it goes on beyond the volume") }
    }
    return data
  }
}
