internal import Foundation
internal import Inventory

/// One file of a file system that was made for Unix.
protocol UnixInode {
  var number: UInt64 { get }
  /// The file type and its permissions, as stat(2) has them.
  var mode: UInt16 { get }
  var uid: UInt32 { get }
  var gid: UInt32 { get }
  var links: UInt32 { get }
  /// Seconds since 1970.
  var modified: Int64 { get }
  var size: UInt64 { get }
  /// What tells a folder from all others; its number, where that is the same wherever the folder is found.
  var identity: UInt64 { get }
}

extension UnixInode {
  var identity: UInt64 { number }

  var kind: FileRecord.Kind {
    switch mode & 0o170000 {
    case 0o100000: .regular
    case 0o040000: .directory
    case 0o120000: .link
    default: .other
    }
  }
}

/// A run of a file's bytes on its volume.
struct FileExtent {
  /// From the start of the file.
  var logical: UInt64
  /// From the start of the volume.
  var start: UInt64
  var count: UInt64
  /// It has a place, but its bytes were not written: they read as zeros.
  var isUnwritten = false
}

/// A file system that is all inodes: what its readers have in common.
protocol UnixFileSystem: FileSystem {
  associatedtype Inode: UnixInode
  typealias Entry = (name: [UInt8], inode: UInt64)

  var volume: VolumeBytes { get }
  var root: UInt64 { get }

  func inode(_ number: UInt64) throws(DirectDiskError) -> Inode
  /// All but the folder itself and its parent.
  func entries(of folder: Inode) throws(DirectDiskError) -> [Entry]
  /// The runs of a file in their order, as far as they begin before this offset; what lies between them is a hole.
  func extents(of inode: Inode, before end: UInt64) throws(DirectDiskError) -> [FileExtent]
  /// Where a symbolic link points.
  func target(of link: Inode) throws(DirectDiskError) -> [UInt8]
  /// Why the contents of a file cannot be read; nil where they can.
  func obstacle(to inode: Inode) -> String?
}

extension UnixFileSystem {
  func list(
    as volume: String, admitting: ((GuestPath) -> Bool)?
  ) throws -> (files: FileList, complaints: String) {
    var walk = Walk(root: root, admitting: admitting)
    while let folder = walk.next() {
      do throws(DirectDiskError) {
        for (name, number) in try entries(of: try inode(folder.inode)) where walk.admits(name, in: folder) {
          do throws(DirectDiskError) {
            let inode = try inode(number)
            walk.add(name, try record(inode, volume), in: folder, identity: inode.identity)
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
    guard let inode = try? inode(file.inode) else { return 0 }
    return (try? extents(of: inode, before: .max))?.first?.start ?? 0
  }

  func read(_ pieces: [Range<UInt64>], of file: FileRecord) throws -> [Data] {
    let inode = try inode(file.inode)
    guard inode.kind == .regular, inode.size == file.size else {
      throw DirectDiskError("read file", "it is not what it was when it was listed")
    }
    let extents = try extents(of: inode, before: .max)
    return try pieces.map { try contents($0, extents) }
  }

  private func record(_ inode: Inode, _ volume: String) throws(DirectDiskError) -> FileRecord {
    var record = FileRecord(
      volume: volume, path: "", kind: inode.kind, size: inode.size, modified: inode.modified, inode: inode.number,
      mode: inode.mode & 0o7777, uid: inode.uid, gid: inode.gid, links: inode.links)
    if record.kind == .link {
      let target = try target(of: inode)
      record.target = GuestPath(verbatim: target)
      // As lstat(2) has it: that of an encrypted link is longer than what its inode holds.
      record.size = UInt64(target.count)
    }
    if record.kind == .regular { record.unreadable = obstacle(to: inode) }
    return record
  }

  /// A part of a file: what no extent has, or what was not written yet, is zeros.
  func contents(_ piece: Range<UInt64>, _ extents: [FileExtent]) throws(DirectDiskError) -> Data {
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
