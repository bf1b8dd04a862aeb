/// Sets of owners, each kept once under a number: many things are had by the same owners.
struct OwnerSets {
  /// The set without owners.
  static let none = 0

  /// How many owners are of the first set; they come first.
  private let first: Int
  private let words: Int
  private var sets: [[UInt64]]
  private var numbers: [[UInt64]: Int]
  private var counts: [(of: Int, others: Int)]
  private var unions: [Pair: Int] = [:]

  private struct Pair: Hashable {
    var one: Int
    var other: Int
  }

  init(first: Int, all: Int) {
    self.first = first
    words = all / 64 + 1
    let empty = [UInt64](repeating: 0, count: words)
    (sets, numbers, counts) = ([empty], [empty: OwnerSets.none], [(0, 0)])
  }

  /// How many of the first set's owners are in a set, and how many of the others.
  func count(_ set: Int) -> (of: Int, others: Int) { counts[set] }

  /// The set of one owner, numbered from 0.
  mutating func set(of owner: Int) -> Int {
    var bits = sets[OwnerSets.none]
    bits[owner / 64] |= 1 << UInt64(owner % 64)
    return number(bits)
  }

  /// The owners of all these sets.
  mutating func union(_ many: [Int]) -> Int {
    if many.count == 1 { return many[0] }
    var bits = sets[OwnerSets.none]
    for set in Set(many) {
      for word in 0..<words { bits[word] |= sets[set][word] }
    }
    return number(bits)
  }

  /// The same for two, which is remembered: things of one release are mostly had by the same.
  mutating func union(_ one: Int, _ other: Int) -> Int {
    if one == other || other == OwnerSets.none { return one }
    if one == OwnerSets.none { return other }
    let pair = Pair(one: min(one, other), other: max(one, other))
    if let known = unions[pair] { return known }
    var bits = sets[one]
    for word in 0..<words { bits[word] |= sets[other][word] }
    let union = number(bits)
    unions[pair] = union
    return union
  }

  private mutating func number(_ bits: [UInt64]) -> Int {
    if let known = numbers[bits] { return known }
    numbers[bits] = sets.count
    sets.append(bits)
    let all = bits.reduce(0) { $0 + $1.nonzeroBitCount }
    let of = bits.enumerated().reduce(0) { count, word in
      let rest = first - word.offset * 64
      let mask: UInt64 = rest >= 64 ? .max : rest <= 0 ? 0 : (1 << UInt64(rest)) - 1
      return count + (word.element & mask).nonzeroBitCount
    }
    counts.append((of, all - of))
    return sets.count - 1
  }
}
