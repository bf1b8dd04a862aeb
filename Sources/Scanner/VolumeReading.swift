internal import Fingerprints
internal import Foundation
internal import Guestfs
internal import Inventory

/// Reads the files of one volume that the plan wants, once each, and keeps what package readers asked for.
struct VolumeReading {
  let plan: ReadingPlan
  /// Paths in this volume that package readers asked for.
  let declared: Set<GuestPath>
  /// Whether a package database may tell MD5s of its files.
  let recordsMD5: Bool
  let pace: Pace
  /// Bytes of executables that may still be read only for what they say of themselves.
  var describedBytes: UInt64

  /// What the package readers asked for.
  private(set) var contents: [GuestPath: Data] = [:]

  init(plan: ReadingPlan, declared: Set<GuestPath>, recordsMD5: Bool, describedBytes: UInt64, pace: Pace) {
    self.plan = plan
    self.declared = declared
    self.recordsMD5 = recordsMD5
    self.describedBytes = describedBytes
    self.pace = pace
  }

  /// Fills in digests and fingerprints in the volume's file list.
  mutating func read(_ volume: ListedVolume) throws {
    var representatives: Set<UInt64> = []
    var wanted: [Int] = []
    let ends = try outlines(volume)
    for (position, file) in volume.files.enumerated() where file.kind == .regular && file.unreadable == nil {
      if file.links > 1, representatives.contains(file.inode), !declared.contains(file.path) { continue }
      guard wants(file, ends[file.path]) else {
        note(ends[file.path], at: position, in: volume)
        continue
      }
      if file.links > 1 { representatives.insert(file.inode) }
      if file.size > ScanLimits.fileBytes {
        volume.files[position].unreadable = "larger than \(ScanLimits.fileBytes >> 20) MiB"
      } else {
        wanted.append(position)
      }
    }
    defer { shareAcrossLinks(volume) }
    try read(wanted, of: volume)
  }

  private func outlines(_ volume: ListedVolume) throws -> [GuestPath: ExecutableOutline] {
    if plan.onlyDeclared { return [:] }
    let permissionsTell = !["ntfs", "vfat", "exfat"].contains(volume.volume.fileSystem)
    // What is read whole needs no look at its ends.
    let files = volume.files.filter {
      $0.unreadable == nil && plan.wantsEnds($0, permissionsTell: permissionsTell) && !plan.wants($0)
        && !declared.contains($0.path)
    }.prefix(ScanLimits.outlines)
    if files.isEmpty { return [:] }
    let sizes = Dictionary(files.map { ($0.path, $0.size) }, uniquingKeysWith: { first, _ in first })
    return try volume.tree.ends(of: Array(files)).reduce(into: [:]) { outlines, ends in
      outlines[ends.key] = ExecutableOutline(
        head: ends.value.head, tail: ends.value.tail, size: sizes[ends.key] ?? 0)
    }
  }

  private mutating func wants(_ file: FileRecord, _ outline: ExecutableOutline?) -> Bool {
    if declared.contains(file.path) || plan.wants(file) { return true }
    guard let outline else { return false }
    if plan.wants(outline) { return true }
    guard outline.selfDescribes, file.size <= describedBytes else { return false }
    describedBytes -= file.size
    return true
  }

  /// What the ends alone told of an executable that is not read.
  private func note(_ outline: ExecutableOutline?, at position: Int, in volume: ListedVolume) {
    guard let outline else { return }
    let marks = outline.buildID.map { [Mark(.buildID, $0)] } ?? []
    volume.files[position].fingerprint = Fingerprint(kind: outline.kind, marks: marks)
  }

  private mutating func read(_ wanted: [Int], of volume: ListedVolume) throws {
    let positions = Dictionary(
      wanted.map { (volume.files[$0].path, $0) }, uniquingKeysWith: { first, _ in first })
    let pool = DigestPool(recordsMD5: recordsMD5)
    var kept = contents
    // Also where reading ends half way: what was read by then is good.
    defer {
      contents = kept
      for (position, result) in pool.finish() {
        volume.files[position].digests = result.digests
        volume.files[position].fingerprint = result.fingerprint
      }
      for position in wanted where volume.files[position].digests == nil {
        volume.files[position].unreadable = "the file system gave an error or fewer bytes than it said"
      }
    }
    pace.expect(
      Amount(
        files: wanted.count, bytes: wanted.reduce(0) { $0.addingReportingOverflow(volume.files[$1].size).partialValue })
    )
    let take = { (path: GuestPath, data: Data) in
      pace.read(UInt64(data.count))
      // A short read would digest something else than the file.
      guard let position = positions[path], UInt64(data.count) == volume.files[position].size else { return }
      if declared.contains(path) { kept[path] = data }
      pool.add(data, name: path.name, as: position)
    }
    let isLarge = { (position: Int) in volume.files[position].size >> 20 >= DigestPool.bound }
    try volume.tree.read(wanted.filter { !isLarge($0) }.map { volume.files[$0] }, body: take)
    for position in wanted where isLarge(position) {
      pool.drain()
      let file = volume.files[position]
      // What a package reader wants has to be in memory.
      if file.size > ScanLimits.wholeBytes, !declared.contains(file.path) {
        stream(position, of: volume)
      } else {
        try volume.tree.read([file], body: take)
      }
    }
  }

  /// Digests a file that is too large for memory, and knows it by its ends.
  private func stream(_ position: Int, of volume: ListedVolume) {
    let file = volume.files[position]
    var (stream, head, tail) = (DigestStream(size: file.size, further: recordsMD5 ? .md5 : []), Data(), Data())
    var length: UInt64 = 0
    let result = Result {
      try volume.tree.stream(file) { part in
        if length == 0 { head = Data(part.prefix(outlineLength)) }
        tail = Data((tail + part.suffix(outlineLength)).suffix(outlineLength))
        length += UInt64(part.count)
        stream.update(part)
      }
    }
    guard case .success = result, length == file.size else { return }
    pace.read(length)
    volume.files[position].digests = stream.finish()
    let outline = ExecutableOutline(head: head, tail: tail, size: file.size)
    note(outline, at: position, in: volume)
    if outline == nil { volume.files[position].fingerprint = Fingerprint(kind: .other) }
  }

  /// A hard link is the same file: what was read of one is true of all.
  private func shareAcrossLinks(_ volume: ListedVolume) {
    var known: [UInt64: Int] = [:]
    for (position, file) in volume.files.enumerated()
    where file.kind == .regular && file.links > 1
      && (file.digests != nil || file.fingerprint != nil || file.unreadable != nil)
    {
      let knowsMore = known[file.inode].map { volume.files[$0].digests == nil && file.digests != nil }
      if knowsMore ?? true { known[file.inode] = position }
    }
    for (position, file) in volume.files.enumerated()
    where file.kind == .regular && file.links > 1 && file.digests == nil {
      guard let source = known[file.inode] else { continue }
      volume.files[position].digests = volume.files[source].digests
      volume.files[position].fingerprint = volume.files[source].fingerprint
      volume.files[position].unreadable = volume.files[source].unreadable
    }
  }
}
