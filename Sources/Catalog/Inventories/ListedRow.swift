internal import Inventory

/// A row of `file`, times and inodes in full.
struct ListedRow: Equatable {
  var folder: Int64
  var name: [UInt8]
  var size: Int64
  var modified: Int64
  var inode: Int64
  /// Nil where the base's file is gone.
  var attributes: Int64?
  var target: [UInt8]?
  var content: Int64?

  /// The row that says so.
  var gone: ListedRow { ListedRow(folder: folder, name: name, size: 0, modified: 0, inode: 0) }

  /// By the table's key.
  func precedes(_ other: ListedRow) -> Bool {
    folder == other.folder ? name.lexicographicallyPrecedes(other.name) : folder < other.folder
  }

  /// FNV-1a (draft-eastlake-fnv) over the name and the numbers, its bits mixed by the end of SplitMix64 so that the
  /// least hashes are a fair sample.
  var hash: Int64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in name { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    for number in [folder, size, modified, inode, attributes ?? -1, content ?? -1] {
      hash = (hash ^ UInt64(bitPattern: number)) &* 0x100_0000_01B3
      hash ^= hash >> 32
    }
    hash = (hash ^ (hash >> 30)) &* 0xBF58_476D_1CE4_E5B9
    hash = (hash ^ (hash >> 27)) &* 0x94D0_49BB_1331_11EB
    return Int64(bitPattern: hash ^ (hash >> 31))
  }
}

/// The 64 least hashes of a list (bottom-k sketch: Broder, On the resemblance and containment of documents, 1997): the
/// share of them that two lists have in common is near the share of rows that they have in common.
func sketch(of rows: [ListedRow]) -> [Int64] { Array(Set(rows.map(\.hash)).sorted().prefix(64)) }

/// The order of a list that needs no other: by volume, as the inventory has them, then by path.
struct VolumeRanks {
  private let ranks: [String: Int]

  init(_ volumes: [Volume]) {
    ranks = Dictionary(volumes.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// Nil where both have one place.
  func precedes(_ left: FileRecord, _ right: FileRecord) -> Bool? {
    let (leftRank, rightRank) =
      left.volume == right.volume ? (0, 0) : (ranks[left.volume] ?? -1, ranks[right.volume] ?? -1)
    if leftRank != rightRank { return leftRank < rightRank }
    return left.path == right.path ? nil : left.path < right.path
  }
}

/// Where each file of a list stands when the list is in that order; nil where it is.
func canonicalRanks(_ inventory: Inventory) -> [Int]? {
  let volumes = VolumeRanks(inventory.volumes)
  let files = inventory.files
  func precedes(_ left: Int, _ right: Int) -> Bool { volumes.precedes(files[left], files[right]) ?? (left < right) }
  if files.indices.dropFirst().allSatisfy({ precedes($0 - 1, $0) }) { return nil }
  var ranks = Array(repeating: 0, count: files.count)
  for (rank, position) in files.indices.sorted(by: precedes).enumerated() { ranks[position] = rank }
  return ranks
}
