internal import Inventory
internal import Packages

/// Chooses which files are read for package readers, as far as the bound on what is held in memory allows. Where it does
/// not, the first readers come first, and small files before large ones: archives cannot crowd out a package database.
struct MetadataChoice {
  private struct Candidate {
    var reader: Int
    var size: UInt64
    var volume: String
    var path: GuestPath
  }

  /// No reader refuses a file of up to this size.
  private static let smallestBound: UInt64 = 64 << 10

  private var candidates: [Candidate] = []
  /// What is wanted and not chosen, and why, by volume.
  private(set) var unread: [String: [GuestPath: String]] = [:]

  /// Takes a regular file, which the system knows as `path`.
  mutating func add(_ path: GuestPath, of volume: String, _ file: FileRecord) {
    if let reader = packageReaders.firstIndex(where: { $0.wants(path, size: file.size) }) {
      candidates.append(Candidate(reader: reader, size: file.size, volume: volume, path: file.path))
    } else if file.size > Self.smallestBound, packageReaders.contains(where: { $0.wants(path, size: 0) }) {
      unread[volume, default: [:]][file.path] = "it has \(file.size >> 20) MiB, more than is read of such a file"
    }
  }

  /// The paths of what is to be read, by volume.
  mutating func choose(upTo bound: UInt64) -> [String: Set<GuestPath>] {
    let total = candidates.reduce(0 as UInt64) { $0.addingReportingOverflow($1.size).partialValue }
    if total > bound { candidates.sort { ($0.reader, $0.size) < ($1.reader, $1.size) } }
    var room = bound
    var chosen: [String: Set<GuestPath>] = [:]
    for file in candidates where chosen[file.volume]?.contains(file.path) != true {
      if file.size <= room {
        room -= file.size
        chosen[file.volume, default: []].insert(file.path)
      } else {
        unread[file.volume, default: [:]][file.path] =
          "with it the package metadata of this image would be more than the \(bound >> 20) MiB that are held"
      }
    }
    candidates = []
    return chosen
  }
}
