/// Pieces of a disk that were read last, by number.
struct ChunkCache {
  private var chunks: [UInt64: (bytes: [UInt8], used: UInt64)] = [:]
  private var clock: UInt64 = 0
  private let most: Int

  /// - Parameter most: how many are kept.
  init(most: Int) { self.most = most }

  func has(_ number: UInt64) -> Bool { chunks[number] != nil }

  mutating func chunk(_ number: UInt64) -> [UInt8]? {
    guard let place = chunks.index(forKey: number) else { return nil }
    clock += 1
    chunks.values[place].used = clock
    return chunks.values[place].bytes
  }

  mutating func keep(_ bytes: [UInt8], as number: UInt64) {
    if chunks.count >= most { dropOldest() }
    clock += 1
    chunks[number] = (bytes, clock)
  }

  /// The half that was not used for the longest time: looking for one would take as long.
  private mutating func dropOldest() {
    let limit = chunks.values.map(\.used).sorted()[chunks.count / 2]
    chunks = chunks.filter { $0.value.used > limit }
  }
}
