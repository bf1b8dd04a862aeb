internal import DiskFormats
internal import Inventory

/// One file of an ISO 9660. What it does not say of permissions Linux takes for r-x for all.
struct ISOInode: UnixInode {
  let number: UInt64
  var mode: UInt16
  var uid: UInt32 = 0
  var gid: UInt32 = 0
  var links: UInt32 = 1
  var modified: Int64
  var size: UInt64
  /// Where its contents begin.
  private(set) var start: UInt64
  private(set) var extents: [FileExtent]
  private(set) var target: [UInt8] = []
  private(set) var obstacle: String?

  init(_ number: UInt64, _ record: ISORecord, _ blockSize: UInt64) {
    self.number = number
    mode = record.isFolder ? 0o040555 : 0o100555
    modified = record.modified
    size = record.isInterleaved ? 0 : record.size
    start = record.block * blockSize
    extents = [FileExtent(logical: 0, start: start, count: size)]
    if record.isInterleaved { obstacle = "its parts lie between those of another file" }
  }

  /// By its contents: a folder that is shown elsewhere has an entry there as well.
  var identity: UInt64 { kind == .directory ? start >> 5 : number }

  /// - Parameter most: how many can be read.
  mutating func take(_ sections: [FileExtent], most: Int) {
    extents = sections
    size = sections.last.map { $0.logical + $0.count } ?? 0
    if sections.count > most { obstacle = "it has more than \(most) sections" }
  }

  /// A field of Rock Ridge.
  mutating func take(_ field: [UInt8]) {
    if field.has("PX", at: 0), field.count >= 36 {
      mode = UInt16(truncatingIfNeeded: field.number(4, 4))
      links = UInt32(field.number(12, 4))
      uid = UInt32(field.number(20, 4))
      gid = UInt32(field.number(28, 4))
    } else if field.has("TF", at: 0) {
      modified = RockRidge.modified(field) ?? modified
    } else if field.has("ZF", at: 0), field.has("pz", at: 4), field.count >= 12, (12...17).contains(field[7]) {
      size = field.number(8, 4)
      obstacle = "it is compressed (zisofs)"
    }
  }

  /// Takes the place of an entry that says where the folder is.
  mutating func become(_ folder: ISOInode) {
    (mode, uid, gid, links, modified) = (folder.mode, folder.uid, folder.gid, folder.links, folder.modified)
    (size, start, extents) = (folder.size, folder.start, folder.extents)
  }

  mutating func point(to target: [UInt8]) throws(DirectDiskError) {
    // Linux has a page for it.
    guard target.count < 4096 else { throw DirectDiskError("read link", "its target is too long") }
    self.target = target
    size = UInt64(target.count)
  }

  /// With a reason where its contents are not all on the volume.
  func checked(_ volumeSize: UInt64) -> ISOInode {
    var checked = self
    let isInside = extents.allSatisfy { $0.count == 0 || $0.start + $0.count <= volumeSize }
    if kind == .regular, obstacle == nil, !isInside { checked.obstacle = "it goes on beyond the volume" }
    return checked
  }
}
