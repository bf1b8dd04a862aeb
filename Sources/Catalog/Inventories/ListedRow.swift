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

/// The rows of a list in order of the table's key, so that they can be compared with those of another list in one pass. Only
/// their numbers are held: a row is made where it is looked at.
struct ListedRows: RandomAccessCollection {
  private struct Numbers {
    var folder: Int64
    var attributes: Int64
    /// 0 where nothing was read of it: rows are numbered from 1.
    var content: Int64
    var position: Int
  }

  private let files: FileList
  private var numbers: [Numbers] = []

  init(_ files: FileList, _ dictionaries: FileDictionaries) throws {
    self.files = files
    let copies = PathIndex(files, acrossVolumes: true).copies
    numbers.reserveCapacity(files.count)
    for (position, file) in files.enumerated() {
      numbers.append(
        Numbers(
          folder: try dictionaries.folder(of: file.path, copy: copies[position] ?? 0),
          attributes: try dictionaries.attributes(of: file),
          content: try dictionaries.content(
            file.digests, fingerprint: try file.fingerprint.map(dictionaries.fingerprint)) ?? 0, position: position))
    }
    numbers.sort { left, right in
      guard left.folder == right.folder else { return left.folder < right.folder }
      return files.path(left.position).lastName.lexicographicallyPrecedes(files.path(right.position).lastName)
    }
  }

  var startIndex: Int { 0 }
  var endIndex: Int { numbers.count }

  subscript(row: Int) -> ListedRow {
    let numbers = numbers[row]
    let file = files.entry(numbers.position)
    return ListedRow(
      folder: numbers.folder, name: file.path.lastName, size: Int64(bitPattern: file.size), modified: file.modified,
      inode: Int64(bitPattern: file.inode), attributes: numbers.attributes, target: file.target?.bytes,
      content: numbers.content == 0 ? nil : numbers.content)
  }
}

/// The 64 least hashes of a list (bottom-k sketch: Broder, On the resemblance and containment of documents, 1997): the
/// share of them that two lists have in common is near the share of rows that they have in common.
func sketch(of rows: ListedRows) -> [Int64] { Array(Set(rows.lazy.map(\.hash)).sorted().prefix(64)) }

/// The order of a list that needs no other: by volume, as the inventory has them, then by path.
struct VolumeRanks {
  private let ranks: [String: Int]

  init(_ volumes: [Volume]) {
    ranks = Dictionary(volumes.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// Nil where both have one place.
  func precedes(_ left: Int, _ right: Int, _ files: FileList) -> Bool? {
    let (leftVolume, rightVolume) = (files.volume(left), files.volume(right))
    let (leftRank, rightRank) =
      leftVolume == rightVolume ? (0, 0) : (ranks[leftVolume] ?? -1, ranks[rightVolume] ?? -1)
    if leftRank != rightRank { return leftRank < rightRank }
    let (leftPath, rightPath) = (files.path(left), files.path(right))
    return leftPath == rightPath ? nil : leftPath < rightPath
  }
}

/// Where each file of a list stands when the list is in that order; nil where it is.
func canonicalRanks(_ inventory: Inventory) -> [Int]? {
  let volumes = VolumeRanks(inventory.volumes)
  let files = inventory.files
  func precedes(_ left: Int, _ right: Int) -> Bool { volumes.precedes(left, right, files) ?? (left < right) }
  if files.indices.dropFirst().allSatisfy({ precedes($0 - 1, $0) }) { return nil }
  var ranks = Array(repeating: 0, count: files.count)
  for (rank, position) in files.indices.sorted(by: precedes).enumerated() { ranks[position] = rank }
  return ranks
}
