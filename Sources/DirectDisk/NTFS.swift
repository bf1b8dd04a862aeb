internal import CTSK
internal import DiskFormats
internal import Foundation
internal import Inventory

/// What is particular to NTFS, as ntfs-3g(8) shows it without options.
extension Manners {
  func ntfs(_ record: inout FileRecord, _ meta: TSK_FS_META) -> FileRecord? {
    // The first records are those of the file system itself.
    if record.inode < 16 { return nil }
    record.mode = 0o777
    record.uid = 0
    record.gid = 0
    let attributes = NTFSAttribute.all(of: meta)
    if record.kind == .directory {
      record.links = 1
      record.size = attributes.first { $0.type == .indexAllocation }?.size ?? 0
    }
    if let point = attributes.first(where: { $0.type == .reparsePoint })?.start { reparse(&record, point) }
    if record.kind == .regular, attributes.contains(where: { $0.type == .data && $0.isUnnamed && $0.isEncrypted }) {
      record.unreadable = "its contents are encrypted (EFS)"
    }
    return record
  }

  /// [MS-FSCC] 2.1.2: 0 tag(4)  8 place and length(2, 2) of the target's name in what follows 16 bytes, or 20 bytes where
  /// 16 says whether it is relative(4).
  private func reparse(_ record: inout FileRecord, _ point: [UInt8]) {
    let tag = point.number(0, 4)
    switch tag {
    case 0x8000_0017:
      record.unreadable = systemCompressed
      return
    case 0xA000_0003, 0xA000_000C:
      let start = (tag == 0xA000_0003 ? 16 : 20) + Int(point.number(8, 2))
      let name = point.utf16(start, units: Int(point.number(10, 2)) / 2) ?? ""
      let path = name.replacing("\\", with: "/")
      // An absolute one begins with `\??\C:`.
      let drive = path.firstMatch(of: /^\/\?\?\/[A-Za-z]:/)
      record.target = GuestPath(verbatim: (drive.map { path[$0.range.upperBound...] } ?? path[...]).utf8)
    default:
      record.target = GuestPath("unsupported reparse tag 0x" + hexadecimal(tag, digits: 8))
    }
    record.kind = .link
    record.size = UInt64(record.target?.bytes.count ?? 0)
  }
}

/// What Windows compresses by itself (WOF) is kept in a stream of another form; its own stream reads as zeros.
package let systemCompressed = "compressed by the system (WOF)"

/// One attribute of a file, of which NTFS files are made ([MS-FSCC] and libfsntfs, 5.4).
private struct NTFSAttribute {
  enum Kind: UInt32 { case volumeName = 0x60, data = 0x80, indexAllocation = 0xA0, reparsePoint = 0xC0 }

  var type: Kind
  var isUnnamed: Bool
  var isEncrypted: Bool
  var size: UInt64
  /// Its first bytes, where these stand in the file's own record.
  var start: [UInt8]

  static func all(of meta: TSK_FS_META) -> [NTFSAttribute] {
    var all: [NTFSAttribute] = []
    var next = meta.attr?.pointee.head
    while let attribute = next?.pointee {
      next = attribute.next
      guard attribute.flags.rawValue & TSK_FS_ATTR_INUSE.rawValue != 0,
        let kind = Kind(rawValue: attribute.type.rawValue)
      else { continue }
      let isResident = attribute.flags.rawValue & TSK_FS_ATTR_RES.rawValue != 0
      let count = isResident ? min(Int(clamping: attribute.size), attribute.rd.buf_size, 16 << 10) : 0
      all.append(
        NTFSAttribute(
          type: kind, isUnnamed: attribute.name == nil,
          isEncrypted: attribute.flags.rawValue & TSK_FS_ATTR_ENC.rawValue != 0, size: UInt64(clamping: attribute.size),
          start: Array(UnsafeRawBufferPointer(start: attribute.rd.buf, count: max(0, count)))))
    }
    return all
  }
}

extension SleuthFileSystem {
  /// What the file system calls itself where its first bytes do not say so.
  var label: String? {
    switch type {
    case "ntfs":
      let name = try? withFile(3) { file throws(DirectDiskError) in
        file.pointee.meta.flatMap { NTFSAttribute.all(of: $0.pointee).first { $0.type == .volumeName }?.start }
      }
      return name.flatMap { $0 }.flatMap { $0.utf16(0, units: $0.count / 2) }
    case "vfat", "exfat":
      var label: String?
      try? forEachEntry(of: root) { name, _ in label = label ?? Manners.label(name) }
      return label.flatMap { $0.isEmpty ? nil : $0 }
    default: return nil
    }
  }

  /// Why the next boot would show it otherwise; nil where it would not. What ext says of that is in its first bytes.
  /// ntfs-3g judges by the same marks (libntfs-3g, logfile.c and volume.c).
  var unfinished: String? {
    guard type == "ntfs" else { return nil }
    guard let log = try? start(of: 2, count: 8192), isClean(log) else { return "its journal was not replayed" }
    var isHibernated = false
    try? forEachEntry(of: root) { name, file in
      guard String(decoding: name, as: UTF8.self).lowercased() == "hiberfil.sys", let meta = file.pointee.meta else {
        return
      }
      isHibernated =
        (try? start(of: meta.pointee.addr, count: 4)).map { $0.has("hibr", at: 0) || $0.has("HIBR", at: 0) } ?? false
    }
    return isHibernated ? "its Windows is hibernated" : nil
  }

  private func start(of inode: UInt64, count: Int) throws -> [UInt8] {
    let record = FileRecord(volume: "", path: "", kind: .regular, size: 0, inode: inode)
    return try read([0..<UInt64(count)], of: record).first.map(Array.init) ?? []
  }

  /// A journal begins with two restart pages, of which the later counts: "RSTR", its area's place at 24; in that the
  /// journal's place at 0, the clients in use at 12 (FFFF: none), flags at 14 (2: clean). A new one is all ones.
  private func isClean(_ log: [UInt8]) -> Bool {
    if log.allSatisfy({ $0 == 0xFF }) { return true }
    let areas = [0, 4096].filter { log.has("RSTR", at: $0) }.map { $0 + Int(log.number($0 + 24, 2)) }
    guard let area = areas.max(by: { log.number($0, 8) < log.number($1, 8) }) else { return false }
    return log.number(area + 12, 2) == 0xFFFF || log.number(area + 14, 2) & 2 != 0
  }
}
