internal import Foundation

/// A hive that was being written, as Windows would recover it when it loads the hive (Maxim Suhanov, "Windows registry file
/// format specification", Format of transaction log files).
struct HiveRecovery {
  /// The hive, in the state of the last change that the logs hold and that can be applied.
  private(set) var hive: [UInt8]
  /// What was applied: names of logs, and how many changes; nil where nothing was.
  private(set) var applied: String?
  /// What may be missing, and why; nil where nothing is.
  private(set) var loss: String?

  private let base: HiveBaseBlock
  /// Bytes that the hive bins may have at most: a hive grows by what its logs hold.
  private let most: Int

  /// Nil where the hive was written to its end: what its logs hold is in it then. Also nil where it is no hive.
  init?(_ data: Data, _ logs: HiveLogs) {
    guard let base = HiveBaseBlock([UInt8](data.prefix(HiveBaseBlock.sector))), base.isDirty,
      data.count > HiveBaseBlock.length, data.starts(with: Array("regf".utf8)) || !logs.contents.isEmpty
    else { return nil }
    self.base = base
    hive = [UInt8](data)
    most = min(Hive.sizeLimit, logs.contents.values.reduce(data.count - HiveBaseBlock.length) { $0 + $1.count })
    let whole = hive
    apply(HiveLogs.suffixes.compactMap { suffix in logs.contents[suffix].flatMap { HiveLog(suffix, [UInt8]($0)) } })
    if applied != nil, let place = brokenBin {
      (applied, loss) = (nil, loss ?? "what its logs would make of it has no hive bin at offset \(place)")
    }
    if applied == nil { readAsItIs(whole, logs) }
    if let other = logs.unreadable.first { loss = loss ?? "its log \(other) could not be read" }
  }

  /// Why it had to be recovered.
  var state: String { base.isValid ? "it was being written" : "the checksum of its base block is wrong" }

  /// The library refuses a wrong checksum, and bins that are not there.
  private mutating func readAsItIs(_ whole: [UInt8], _ logs: HiveLogs) {
    hive = whole
    let held = (whole.count - HiveBaseBlock.length) / HiveBaseBlock.length * HiveBaseBlock.length
    HiveBaseBlock.settle(&hive, sequence: base.secondary, binsSize: min(base.binsSize, held))
    if logs.unreadable.isEmpty { loss = loss ?? "it has no log" }
  }

  private mutating func apply(_ logs: [HiveLog]) {
    let entries = logs.filter { $0.kind == .entries && $0.refusal == nil }
    let pair = entries.filter { $0.suffix != ".log" }
    if !pair.isEmpty {
      // A third one is a relic of the installation then.
      applyEntries(pair, all: logs.filter { $0.suffix != ".log" })
    } else if !entries.isEmpty {
      applyEntries(entries, all: logs)
    } else if let log = pagesLog(of: logs.filter { $0.kind == .pages && $0.refusal == nil }) {
      applyPages(log)
    } else if !logs.isEmpty {
      loss = logs.map { "its log \($0.name): \($0.refusal ?? "it was written for another state of the hive")" }
        .joined(separator: ", ")
    }
  }

  /// The first hive bin that is none, as an offset in the file; nil where all are in order.
  private var brokenBin: Int? {
    var place = HiveBaseBlock.length
    let end = HiveBaseBlock.length + Int(hive.little32(40) ?? 0)
    while place < end {
      guard hive.holds("hbin", at: place), let offset = hive.little32(place + 4), let size = hive.little32(place + 8),
        Int(offset) == place - HiveBaseBlock.length, size > 0, Int(size) % HiveBaseBlock.length == 0,
        Int(size) <= end - place, end <= hive.count
      else { return place }
      place += Int(size)
    }
    return nil
  }

  private mutating func write(_ bytes: ArraySlice<UInt8>, at target: Int) {
    let start = HiveBaseBlock.length + target
    let missing = start + bytes.count - hive.count
    if missing > 0 { hive.append(contentsOf: repeatElement(0, count: missing)) }
    hive.replaceSubrange(start..<start + bytes.count, with: bytes)
  }
}

// MARK: - Windows 8.1 and later

extension HiveRecovery {
  /// Applies entries in the order of their sequence numbers, which go on from one log to the other. What cannot follow is a
  /// loss; what is older is not: logs are written anew from their start, and old entries remain behind the new ones.
  private mutating func applyEntries(_ usable: [HiveLog], all: [HiveLog]) {
    var ordered = usable.sorted { isLater($1.base.primary, than: $0.base.primary) }
    if !base.isValid, let latest = ordered.last {
      // Windows then uses the later one alone, and its copy of the base block.
      ordered = [latest]
      hive.replaceSubrange(0..<HiveBaseBlock.sector, with: latest.bytes[..<HiveBaseBlock.sector])
    }
    var state = EntryState(binsSize: base.binsSize)
    for log in ordered {
      let first = log.base.primary
      let follows = state.last.map { first == $0 &+ 1 } ?? (!base.isValid || !isLater(base.secondary, than: first))
      if follows { applyEntries(of: log, &state) }
    }
    guard let last = state.last else {
      loss = state.damage ?? "its logs do not go on where the hive ends (sequence number \(base.secondary))"
      return
    }
    HiveBaseBlock.settle(&hive, sequence: last, binsSize: state.binsSize)
    applied = "\(state.count) log entries (\(state.used.joined(separator: ", ")))"
    loss = state.damage ?? missing(after: last, all, state)
  }

  private mutating func applyEntries(of log: HiveLog, _ state: inout EntryState) {
    var place = HiveBaseBlock.sector
    defer { state.ends[log.suffix] = place }
    var expected = log.base.primary
    do {
      while let entry = try HiveLogEntry(log.bytes, at: place, most: most), entry.sequence == expected {
        for page in entry.pages { write(log.bytes[page.source], at: page.target) }
        state.binsSize = entry.binsSize
        state.last = entry.sequence
        state.count += 1
        if state.used.last != log.name { state.used.append(log.name) }
        expected &+= 1
        place += entry.size
      }
    } catch {
      state.damage = state.damage ?? "its log \(log.name): \(error.reason)"
    }
  }

  /// Entries that are later than the last one applied, though they do not follow it: what lies between them is gone.
  private func missing(after last: UInt32, _ logs: [HiveLog], _ state: EntryState) -> String? {
    for log in logs {
      let start = state.ends[log.suffix] ?? HiveBaseBlock.sector
      for place in stride(from: start, to: log.bytes.count, by: HiveBaseBlock.sector) {
        guard let sequence = HiveLogEntry.sequence(log.bytes, at: place), isLater(sequence, than: last)
        else { continue }
        return "its log \(log.name): entry \(sequence) does not follow entry \(last)"
      }
    }
    return nil
  }

  /// Sequence numbers begin again at 0 after the greatest.
  private func isLater(_ left: UInt32, than right: UInt32) -> Bool { Int32(bitPattern: left &- right) > 0 }

  private struct EntryState {
    var binsSize: Int
    var last: UInt32?
    var count = 0
    var used: [String] = []
    /// Where the entries that were applied end in each log.
    var ends: [String: Int] = [:]
    var damage: String?
  }
}

// MARK: - Up to Windows 8

extension HiveRecovery {
  /// The log that belongs to the hive: written at the same time. Else the second, if it is the latest of all: Windows writes
  /// there after an error with the first.
  private func pagesLog(of logs: [HiveLog]) -> HiveLog? {
    guard base.isValid else {
      // The first hive bin says when it was written; a change of it may be in the log only.
      let written = hive.little64(HiveBaseBlock.length + 20) ?? 0
      let latest = logs.map(\.base.written).max() ?? 0
      return latest < written ? nil : logs.first { $0.base.written == latest }
    }
    if let same = logs.first(where: { $0.base.written == base.written }) { return same }
    let first = logs.first { $0.suffix == ".log1" }
    return logs.first { log in
      log.suffix == ".log2" && log.base.written > max(base.written, first?.base.written ?? 0)
    }
  }

  /// Applies the sectors whose bits are set in the bitmap; they follow it in the same order.
  private mutating func applyPages(_ log: HiveLog) {
    let start = HiveBaseBlock.sector
    let size = log.base.binsSize
    let bitmapLength = size / HiveBaseBlock.sector / 8
    // A log of another sector size has never been seen; the format's author knows of none.
    guard log.bytes.holds("DIRT", at: start), log.bytes.little32(44) == 1, size % HiveBaseBlock.length == 0, size > 0,
      size <= most, bitmapLength <= log.bytes.count - start - 4
    else {
      loss = "its log \(log.name): its list of changed sectors is broken or has a size that the hive cannot have"
      return
    }
    let dirty = (0..<bitmapLength * 8).filter { log.bytes[start + 4 + $0 / 8] & 1 << ($0 % 8) != 0 }
    var source = (start + 4 + bitmapLength + HiveBaseBlock.sector - 1) / HiveBaseBlock.sector * HiveBaseBlock.sector
    guard dirty.count * HiveBaseBlock.sector <= log.bytes.count - source else {
      loss = "its log \(log.name) ends before its last sector"
      return
    }
    if !base.isValid { hive.replaceSubrange(0..<HiveBaseBlock.sector, with: log.bytes[..<HiveBaseBlock.sector]) }
    for number in dirty {
      write(log.bytes[source..<source + HiveBaseBlock.sector], at: number * HiveBaseBlock.sector)
      source += HiveBaseBlock.sector
    }
    HiveBaseBlock.settle(&hive, sequence: log.base.primary, binsSize: size)
    applied = "\(dirty.count) sectors (\(log.name))"
  }
}
