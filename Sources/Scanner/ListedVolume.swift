internal import Fingerprints
internal import Foundation
internal import Inventory

/// A volume whose files are known.
final class ListedVolume {
  var volume: Volume
  let partition: PartitionNames
  let tree: any FileTree
  /// The volume of which this is a snapshot, and when it was made (seconds since 1970), where that is known.
  let snapshotOf: String?
  let created: Int64?
  /// Whether it is an earlier state of another volume: its files are no part of the inventory.
  var isState = false
  /// In order of path.
  private(set) var files: FileList
  private var index: PathIndex
  /// What came of each file.
  private(set) var outcomes: [Outcome]
  /// What executables say of themselves.
  private(set) var described: [GuestPath: Fingerprint] = [:]
  /// By inode, what came of a file with several links.
  private var linked: [UInt64: FileRecord] = [:]
  private var teller: Teller?
  /// Files that were read before all others, to know what is put together of which volumes; nil for what cannot be read.
  private var early: [GuestPath: Data?] = [:]

  struct Outcome: OptionSet {
    let rawValue: UInt8
    static let read = Outcome(rawValue: 1)
    static let digested = Outcome(rawValue: 2)
    static let unreadable = Outcome(rawValue: 4)
  }

  /// Where readings go, so that they are not kept here.
  private struct Teller {
    var tell: (FileList, [Int]) -> Void
    /// What was known before any of them.
    var mark: UInt64
    var untold: [Int] = []
  }

  init(
    volume: Volume, partition: PartitionNames = PartitionNames(), tree: any FileTree, files: FileList,
    snapshotOf: String? = nil, created: Int64? = nil
  ) {
    self.volume = volume
    self.partition = partition
    self.tree = tree
    self.snapshotOf = snapshotOf
    self.created = created
    // In order of path: the catalog then needs no order beside the list, and what a folder holds stands together.
    self.files = files.sortedByPath()
    index = PathIndex(self.files)
    outcomes = []
    forgetOutcomes()
  }

  /// Takes another list of the same volume, before any file was read.
  func relist(_ files: FileList) {
    self.files = files.sortedByPath()
    index = PathIndex(self.files)
    forgetOutcomes()
  }

  private func forgetOutcomes() { outcomes = files.indices.map { files.isUnreadable($0) ? .unreadable : [] } }

  /// What the list has at a path, of whatever kind.
  func entry(_ path: GuestPath) -> FileRecord? {
    index.position(of: path, in: volume.id, files).map { files.entry($0) }
  }

  /// The contents of a few small files, read once.
  func contents(of files: [FileRecord]) -> [GuestPath: Data] {
    let new = files.filter { early[$0.path] == nil }
    if !new.isEmpty {
      for file in new { early[file.path] = .some(nil) }
      // What cannot be read is as if it were not there, but for the readers of packages, which read it again.
      try? tree.read(new) { path, data in early[path] = data }
    }
    return files.reduce(into: [:]) { $0[$1.path] = early[$1.path] ?? nil }
  }

  /// Positions of all that lies below a folder.
  func range(below folder: GuestPath) -> Range<Int> {
    if folder.bytes.isEmpty { return files.indices }
    let slash = UInt8(ascii: "/")
    return position(from: folder.bytes + [slash])..<position(from: folder.bytes + [slash + 1])
  }

  /// The names in a folder, at most 65,536 of them.
  func names(in folder: GuestPath) -> [[UInt8]] {
    let prefix = folder.bytes.isEmpty ? 0 : folder.bytes.count + 1
    let range = range(below: folder)
    var (names, position): ([[UInt8]], Int) = ([], range.lowerBound)
    while position < range.upperBound, names.count < 65_536 {
      let path = files.path(position).bytes
      let name = path[prefix...].prefix { $0 != UInt8(ascii: "/") }
      if name.endIndex == path.endIndex {
        names.append(Array(name))
        position += 1
      } else {
        // What lies below a name was passed over: the folder itself stands before it.
        position = max(position + 1, self.position(from: Array(path[..<name.endIndex]) + [UInt8(ascii: "/") + 1]))
      }
    }
    return names
  }

  /// The first position whose path is not before these bytes.
  private func position(from path: [UInt8]) -> Int {
    var (low, high) = (0, files.count)
    while low < high {
      let middle = low + (high - low) / 2
      if files.path(middle).bytes.lexicographicallyPrecedes(path) { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Has what comes of reading told a thousand files at a time, and no longer kept.
  func tellReadings(_ tell: @escaping (FileList, [Int]) -> Void) {
    teller = Teller(tell: tell, mark: files.readMark)
  }

  /// Takes what came of reading a file.
  func note(_ position: Int, _ change: (inout FileRecord) -> Void) {
    var file = files.entry(position)
    change(&file)
    files[position] = file
    outcomes[position] = outcome(of: file)
    if let fingerprint = file.fingerprint, !fingerprint.descriptions.isEmpty { described[file.path] = fingerprint }
    // What was known first stays, unless this knows more.
    if file.links > 1, linked[file.inode].map({ $0.digests == nil && file.digests != nil }) ?? true {
      linked[file.inode] = file
    }
    teller?.untold.append(position)
    if teller?.untold.count == 1024 { tellRest() }
  }

  private func outcome(of file: FileRecord) -> Outcome {
    var outcome: Outcome = []
    if file.digests != nil || file.fingerprint != nil { outcome.insert(.read) }
    if file.digests != nil { outcome.insert(.digested) }
    if file.unreadable != nil { outcome.insert(.unreadable) }
    return outcome
  }

  /// A hard link is the same file: what was read of one is true of all.
  func shareAcrossLinks() {
    if linked.isEmpty { return }
    for position in files.indices where !outcomes[position].contains(.digested) {
      let file = files.entry(position)
      guard file.kind == .regular, file.links > 1, let known = linked[file.inode] else { continue }
      note(position) { file in
        (file.digests, file.fingerprint, file.unreadable) = (known.digests, known.fingerprint, known.unreadable)
      }
    }
  }

  func tellRest() {
    guard let teller, !teller.untold.isEmpty else { return }
    teller.tell(files, teller.untold)
    files.forgetReadings(teller.untold, since: teller.mark)
    self.teller?.untold = []
  }
}

/// What the partition table calls the partition below a volume.
struct PartitionNames {
  var uuid: String?
  var label: String?
  /// What a GPT says it is for, and the 64 bits of its attributes.
  var typeUUID: String?
  var attributes: UInt64?
}
