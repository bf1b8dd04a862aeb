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

  /// What was left out.
  private(set) var remarks: [Problem] = []
  /// Executables that say something of themselves and were not read for it.
  private var unread = 0
  /// What the package readers asked for.
  private(set) var contents: [GuestPath: Data] = [:]

  init(plan: ReadingPlan, declared: Set<GuestPath>, recordsMD5: Bool, describedBytes: UInt64, pace: Pace) {
    self.plan = plan
    self.declared = declared
    self.recordsMD5 = recordsMD5
    self.describedBytes = describedBytes
    self.pace = pace
  }

  /// Tells the volume what came of reading its files.
  mutating func read(_ volume: ListedVolume) throws {
    var representatives: Set<UInt64> = []
    var wanted: [Int] = []
    let (ends, isAll) = try outlines(volume)
    if !isAll {
      leave("only \(ScanLimits.outlines) executables are looked at for what they say of themselves", of: volume)
    }
    for position in volume.files.indices {
      let file = volume.files.entry(position)
      if file.kind != .regular || volume.outcomes[position].contains(.unreadable) { continue }
      if file.links > 1, representatives.contains(file.inode), !declared.contains(file.path) { continue }
      guard wants(file, ends[file.path]) else {
        note(ends[file.path], at: position, in: volume)
        continue
      }
      if file.links > 1 { representatives.insert(file.inode) }
      if file.size > ScanLimits.fileBytes {
        volume.note(position) { $0.unreadable = "larger than \(ScanLimits.fileBytes >> 20) MiB" }
      } else {
        wanted.append(position)
      }
    }
    defer {
      volume.shareAcrossLinks()
      volume.tellRest()
    }
    if unread > 0 {
      let bound = "more than the \(ScanLimits.describedBytes >> 20) MiB that are read of an image for that"
      leave("\(unread) executables were not read for what they say of themselves: they have \(bound)", of: volume)
    }
    try read(wanted, of: volume)
  }

  private mutating func leave(_ reason: String, of volume: ListedVolume) {
    remarks.append(
      Problem(code: "executables-not-read", operation: "read files", subject: volume.volume.id, reason: reason))
  }

  /// The outlines of executables, and whether they are all there are.
  private func outlines(_ volume: ListedVolume) throws -> (found: [GuestPath: ExecutableOutline], isAll: Bool) {
    // What is read whole needs no look at its ends.
    if plan.onlyDeclared || plan.digests == .all { return ([:], true) }
    let permissionsTell = !["ntfs", "vfat", "exfat"].contains(volume.volume.fileSystem)
    let files = volume.files.lazy.filter {
      $0.unreadable == nil && plan.wantsEnds($0, permissionsTell: permissionsTell) && !plan.wants($0)
        && !declared.contains($0.path)
    }.prefix(ScanLimits.outlines)
    if files.isEmpty { return ([:], true) }
    let sizes = Dictionary(files.map { ($0.path, $0.size) }, uniquingKeysWith: { first, _ in first })
    let found = try volume.tree.ends(of: Array(files)).reduce(into: [:]) { outlines, ends in
      outlines[ends.key] = ExecutableOutline(
        head: ends.value.head, tail: ends.value.tail, size: sizes[ends.key] ?? 0)
    }
    return (found, sizes.count < ScanLimits.outlines)
  }

  private mutating func wants(_ file: FileRecord, _ outline: ExecutableOutline?) -> Bool {
    if declared.contains(file.path) || plan.wants(file) { return true }
    guard let outline else { return false }
    if plan.wants(outline) { return true }
    guard outline.selfDescribes else { return false }
    guard file.size <= describedBytes else {
      unread += 1
      return false
    }
    describedBytes -= file.size
    return true
  }

  /// What the ends alone told of an executable that is not read.
  private func note(_ outline: ExecutableOutline?, at position: Int, in volume: ListedVolume) {
    guard let outline else { return }
    volume.note(position) { $0.fingerprint = fingerprint(of: outline) }
  }

  private func fingerprint(of outline: ExecutableOutline) -> Fingerprint {
    Fingerprint(kind: outline.kind, marks: outline.buildID.map { [Mark(.buildID, $0)] } ?? [])
  }

  private mutating func read(_ wanted: [Int], of volume: ListedVolume) throws {
    let pool = DigestPool(recordsMD5: recordsMD5)
    // Also where reading ends half way: what was read by then is good.
    defer {
      note(pool.finish(), in: volume)
      for position in wanted where volume.outcomes[position].isDisjoint(with: [.digested, .unreadable]) {
        volume.note(position) { $0.unreadable = "the file system gave an error or fewer bytes than it said" }
      }
    }
    let size = { (position: Int) in volume.files.entry(position).size }
    pace.expect(
      Amount(files: wanted.count, bytes: wanted.reduce(0) { $0.addingReportingOverflow(size($1)).partialValue }))
    let isLarge = { (position: Int) in size(position) >> 20 >= DigestPool.bound }
    let small = wanted.filter { !isLarge($0) }
    for start in stride(from: 0, to: small.count, by: ScanLimits.batchFiles) {
      try read(small[start..<min(start + ScanLimits.batchFiles, small.count)], of: volume, pool)
    }
    for position in wanted where isLarge(position) {
      pool.drain()
      let file = volume.files.entry(position)
      // What a package reader wants has to be in memory.
      if file.size > ScanLimits.wholeBytes, !declared.contains(file.path) {
        stream(position, of: volume)
      } else {
        try read([position], of: volume, pool)
      }
    }
  }

  private mutating func read(_ batch: ArraySlice<Int>, of volume: ListedVolume, _ pool: DigestPool) throws {
    let files = batch.map(volume.files.entry)
    let wanted = Dictionary(zip(files.map(\.path), zip(batch, files.map(\.size)))) { first, _ in first }
    var kept = contents
    defer { contents = kept }
    try volume.tree.read(files) { path, data in
      pace.read(UInt64(data.count))
      // A short read would digest something else than the file.
      guard let (position, size) = wanted[path], UInt64(data.count) == size else { return }
      if declared.contains(path) { kept[path] = data }
      pool.add(data, name: path.name, as: position)
      note(pool.results(), in: volume)
    }
  }

  private func note(_ results: [(Int, DigestPool.Result)], in volume: ListedVolume) {
    for (position, result) in results {
      volume.note(position) { ($0.digests, $0.fingerprint) = (result.digests, result.fingerprint) }
    }
  }

  /// Digests a file that is too large for memory, and knows it by its ends.
  private func stream(_ position: Int, of volume: ListedVolume) {
    let file = volume.files.entry(position)
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
    let outline = ExecutableOutline(head: head, tail: tail, size: file.size)
    volume.note(position) { file in
      file.digests = stream.finish()
      file.fingerprint = outline.map(fingerprint(of:)) ?? Fingerprint(kind: .other)
    }
  }
}
