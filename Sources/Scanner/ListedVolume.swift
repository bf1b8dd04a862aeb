internal import Fingerprints
internal import Inventory

/// A volume whose files are known.
final class ListedVolume {
  var volume: Volume
  let partition: PartitionNames
  let tree: any FileTree
  private(set) var files: FileList
  /// Finds the regular ones by path.
  private let regular: PathIndex
  /// What came of each file.
  private(set) var outcomes: [Outcome]
  /// What executables say of themselves.
  private(set) var described: [GuestPath: Fingerprint] = [:]
  /// By inode, what came of a file with several links.
  private var linked: [UInt64: FileRecord] = [:]
  private var teller: Teller?

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

  init(volume: Volume, partition: PartitionNames = PartitionNames(), tree: any FileTree, files: FileList) {
    self.volume = volume
    self.partition = partition
    self.tree = tree
    self.files = files
    regular = PathIndex(files) { $0.kind == .regular }
    outcomes = files.indices.map { files.isUnreadable($0) ? .unreadable : [] }
  }

  /// The position of a regular file.
  func regularFile(_ path: GuestPath) -> Int? { regular.position(of: path, in: volume.id, files) }

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
}
