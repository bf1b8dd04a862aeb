internal import DirectDisk
internal import DiskFormats
internal import Fingerprints
internal import Foundation
internal import Guestfs
internal import Inventory
internal import Packages

/// A volume that is mounted in an appliance.
///
/// The appliance's kernel says which files there are and where they lie; their bytes are then read from the image by this
/// process, for under software emulation the guest reads 30 MB and 600 files a second. What does not lie plainly on the
/// disk (btrfs, NTFS, compressed or inline files, a volume whose journal was replayed into the overlay) comes out of the
/// appliance as a tar on its scratch disk.
struct GuestVolume: FileTree {
  let volume: String
  let appliance: Appliance
  /// The number of its mount point.
  let index: Int
  /// Where lists are put while they are read.
  let folder: URL
  /// Whether ntfs-3g shows it.
  var isNTFS = false
  /// Where the volume lies on the disk, and the disk; nil where files are to be read by the guest.
  var direct: (map: BlockMap, blocks: DiskBlocks)?

  func list(_ places: DeclaredPlaces?) throws -> (files: FileList, complaints: String) {
    var records = FileList()
    let complaints = try appliance.list(volume: index, into: folder) { file in
      if file.path.isEmpty { return }
      let record = record(file)
      if places?.admit(record.path) ?? true { records.append(record) }
    }
    return (records, complaints)
  }

  private func record(_ file: ListedFile) -> FileRecord {
    let kind: FileRecord.Kind =
      switch file.type {
      case UInt8(ascii: "f"): .regular
      case UInt8(ascii: "d"): .directory
      case UInt8(ascii: "l"): .link
      default: .other
      }
    var record = FileRecord(
      volume: volume, path: GuestPath(bytes: file.path), kind: kind, size: file.size, modified: file.modified,
      inode: file.inode, mode: file.mode, uid: file.uid, gid: file.gid, links: file.links,
      target: kind == .link ? GuestPath(verbatim: file.target) : nil)
    if isNTFS, kind == .link { correct(&record) }
    return record
  }

  /// ntfs-3g shows all reparse points as links: absolute ones from where it is mounted, and files that Windows compresses
  /// by itself as links to nowhere, of which the size is not known then.
  private func correct(_ record: inout FileRecord) {
    let mounted = Array("/sysroot/v\(index)".utf8)
    if let target = record.target?.bytes, target.starts(with: mounted) {
      record.target = GuestPath(verbatim: target.dropFirst(mounted.count))
    }
    record.size = UInt64(record.target?.bytes.count ?? 0)
    if record.target == "unsupported reparse tag 0x80000017" {
      record.kind = .regular
      record.size = 0
      record.target = nil
      record.unreadable = systemCompressed
    }
  }

  func ends(of files: [FileRecord]) throws -> [GuestPath: FileEnds] {
    let placed = try placements(of: files)
    var ends: [GuestPath: FileEnds] = [:]
    for placement in placed.direct {
      let size = placement.file.size
      let length = min(size, UInt64(outlineLength))
      guard let head = placement.bytes(from: 0, count: length),
        let tail = placement.bytes(from: size - length, count: length)
      else { continue }
      ends[placement.file.path] = FileEnds(head: head, tail: tail)
    }
    if placed.others.isEmpty { return ends }
    let others = try appliance.ends(
      of: placed.others.map { ($0.path.bytes, $0.size) }, volume: index, folder: folder)
    for (path, both) in others { ends[GuestPath(bytes: path)] = both }
    return ends
  }

  func read(_ files: [FileRecord], body: (GuestPath, Data) throws -> Void) throws {
    let placed = try placements(of: files)
    for placement in placed.direct {
      if let data = placement.bytes(from: 0, count: placement.file.size) { try body(placement.file.path, data) }
    }
    for batch in batches(placed.others) {
      let (tar, damaged) = try appliance.archive(batch.map(\.path.bytes), volume: index, folder: folder)
      try forEachFile(inTar: tar) { path, contents in
        if !damaged.contains(path.bytes) { try body(path, try contents.read()) }
      }
    }
  }

  func stream(_ file: FileRecord, body: (Data) throws -> Void) throws {
    if let placement = try placements(of: [file]).direct.first {
      for part in parts(of: file) {
        guard let data = placement.bytes(from: part.lowerBound, count: UInt64(part.count)) else { throw ShortFile() }
        try body(data)
      }
    } else {
      let (tar, damaged) = try appliance.archive([file.path.bytes], volume: index, folder: folder)
      if !damaged.isEmpty { throw ShortFile() }
      try forEachFile(inTar: tar) { path, contents in
        if path == file.path { try contents.forEachPart(body) }
      }
    }
  }

  /// The files that this process can read itself, in the order in which they lie on the disk, and the others.
  private func placements(of files: [FileRecord]) throws -> (direct: [FilePlacement], others: [FileRecord]) {
    guard let direct, !files.isEmpty else { return ([], files) }
    let extents = try appliance.extents(of: files.map(\.path.bytes), volume: index, folder: folder)
    var placed: [FilePlacement] = []
    var others: [FileRecord] = []
    for file in files {
      if let extents = extents[file.path.bytes],
        let placement = FilePlacement(file, extents: extents, map: direct.map, blocks: direct.blocks)
      {
        placed.append(placement)
      } else {
        others.append(file)
      }
    }
    return (placed.sorted { $0.start < $1.start }, others)
  }

  /// Cuts a list so that no tar outgrows what the scratch disk may take.
  private func batches(_ files: [FileRecord]) -> [[FileRecord]] {
    var batches: [[FileRecord]] = []
    var size: UInt64 = .max
    for file in files {
      // A header and the padding of a tar, long names among it.
      let cost = file.size.addingReportingOverflow(16_384).partialValue
      if size > ScanLimits.batchBytes - min(cost, ScanLimits.batchBytes) {
        batches.append([])
        size = 0
      }
      batches[batches.count - 1].append(file)
      size += cost
    }
    return batches
  }
}
