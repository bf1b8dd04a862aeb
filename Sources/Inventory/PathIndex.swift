/// Finds files of a list by their paths: 4 to 8 bytes a file, for a table of paths would take more than the list.
/// Source: linear probing (Knuth, The Art of Computer Programming 3, 6.4, algorithm L).
package struct PathIndex: Sendable {
  /// Positions in the list, one added; 0 is free. At most two thirds are taken.
  private var slots: [UInt32]
  /// For files whose path was there before, in whatever volume: how often.
  package private(set) var copies: [Int: Int] = [:]

  /// - Parameters:
  ///   - acrossVolumes: whether one path in two volumes is one path.
  ///   - isWanted: which files are found.
  package init(_ files: FileList, acrossVolumes: Bool = false, where isWanted: ((FileRecord) -> Bool)? = nil) {
    var size = 16
    while size * 2 / 3 < files.count { size *= 2 }
    slots = Array(repeating: 0, count: size)
    for position in files.indices where isWanted.map({ $0(files.entry(position)) }) ?? true {
      let volume = acrossVolumes ? nil : files.volume(position)
      add(position, volume, files)
    }
  }

  private mutating func add(_ position: Int, _ volume: String?, _ files: FileList) {
    let path = files.pathBytes(position)
    let (slot, found) = find(path, volume, files)
    if let found {
      // The next copy is counted from this one.
      copies[position] = (copies[found] ?? 0) + 1
    }
    slots[slot] = UInt32(truncatingIfNeeded: position + 1)
  }

  /// The file at a path of a volume: the last one where the list has several.
  package func position(of path: GuestPath, in volume: String, _ files: FileList) -> Int? {
    find(path.bytes[...], volume, files).position
  }

  private func find(
    _ path: ArraySlice<UInt8>, _ volume: String?, _ files: FileList
  ) -> (slot: Int, position: Int?) {
    var hasher = Hasher()
    path.withUnsafeBytes { hasher.combine(bytes: $0) }
    var slot = Int(truncatingIfNeeded: UInt(bitPattern: hasher.finalize()) & UInt(slots.count - 1))
    while slots[slot] != 0 {
      let position = Int(slots[slot]) - 1
      if files.pathBytes(position) == path, volume.map({ files.volume(position) == $0 }) ?? true {
        return (slot, position)
      }
      slot = (slot + 1) & (slots.count - 1)
    }
    return (slot, nil)
  }
}
