internal import CTSK
internal import Foundation
internal import Inventory

/// How Linux shows the files of a file system that it mounts without options, so that they are the same here as in the
/// appliance: what has no owners belongs to root, and everybody may do what the driver lets everybody do.
struct Manners {
  let type: String

  /// - Parameter type: blkid's name of the file system.
  init(_ type: String) { self.type = type }

  /// Whether folders have as many links as there are folders in them.
  var countsFolders: Bool { ["vfat", "exfat"].contains(type) }

  /// One entry of a folder; nil for what the file system keeps for itself.
  func record(_ file: UnsafeMutablePointer<TSK_FS_FILE>, _ name: [UInt8], volume: String) -> FileRecord? {
    guard let meta = file.pointee.meta else { return nil }
    let facts = meta.pointee
    let kind: FileRecord.Kind
    switch facts.type {
    case TSK_FS_META_TYPE_REG: kind = .regular
    case TSK_FS_META_TYPE_DIR: kind = .directory
    case TSK_FS_META_TYPE_LNK: kind = .link
    case TSK_FS_META_TYPE_VIRT, TSK_FS_META_TYPE_VIRT_DIR: return nil
    default: kind = .other
    }
    var record = FileRecord(
      volume: volume, path: "", kind: kind, size: UInt64(clamping: facts.size), modified: Int64(facts.mtime),
      inode: facts.addr, mode: UInt16(truncatingIfNeeded: facts.mode.rawValue & 0o7777), uid: facts.uid,
      gid: facts.gid, links: UInt32(clamping: facts.nlink),
      target: kind == .link ? facts.link.map { GuestPath(verbatim: bytes(of: $0)) } : nil)
    switch type {
    case "ntfs": return ntfs(&record, facts)
    case "vfat", "exfat": return fat(&record, name)
    default: return record
    }
  }

  /// The label is an entry of the root; libtsk says so in its name. Nil for any other entry.
  static func label(_ name: [UInt8]) -> String? {
    let mark = Array(" (Volume Label Entry)".utf8)
    guard name.suffix(mark.count).elementsEqual(mark) else { return nil }
    let label = String(decoding: name.dropLast(mark.count), as: UTF8.self)
      .trimmingCharacters(in: .whitespaces)
    // libtsk's word for none.
    return label == "$EMPTY_VOLUME_LABEL" ? "" : label
  }

  private func fat(_ record: inout FileRecord, _ name: [UInt8]) -> FileRecord? {
    if record.size == 0, Self.label(name) != nil { return nil }
    // exFAT keeps its tables in its root, where they have no time.
    let isOwn = ["$ALLOC_BITMAP", "$UPCASE_TABLE"].contains { Array($0.utf8) == name }
    if type == "exfat", isOwn, record.modified == 0 { return nil }
    let isReadOnly = record.kind == .regular && record.mode & 0o222 == 0
    record.mode = isReadOnly ? 0o555 : 0o755
    record.links = 1
    return record
  }
}
