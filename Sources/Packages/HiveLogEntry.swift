/// One entry of a log of Windows 8.1 and later (Maxim Suhanov, "Windows registry file format specification", Log entries).
struct HiveLogEntry {
  static let signature: StaticString = "HvLE"
  private static let headLength = 40

  let sequence: UInt32
  /// Bytes of the entry, a multiple of the sector.
  let size: Int
  /// Bytes of all hive bins after it.
  let binsSize: Int
  /// Where its pages belong, from the start of the hive bins, and where in the log they are.
  let pages: [(target: Int, source: Range<Int>)]

  /// Why bytes that begin like an entry are none.
  struct Damage: Error { var reason: String }

  /// Reads the entry at `offset`; nil where none begins there.
  /// - Parameter most: the bytes that the hive bins may have at most.
  init?(_ log: [UInt8], at offset: Int, most: Int) throws(Damage) {
    guard log.holds(Self.signature, at: offset) else { return nil }
    guard let sequence = Self.sequence(log, at: offset) else { throw Damage(reason: "the hash of its head is wrong") }
    guard let size = log.little32(offset + 4).map({ Int($0) }), size >= HiveBaseBlock.sector,
      size % HiveBaseBlock.sector == 0, size <= log.count - offset
    else { throw Damage(reason: "entry \(sequence) is longer than the log") }
    guard marvin32(log, offset + Self.headLength..<offset + size) == log.little64(offset + 24) else {
      throw Damage(reason: "the hash of entry \(sequence) is wrong")
    }
    guard let binsSize = log.little32(offset + 16).map({ Int($0) }), binsSize > 0,
      binsSize % HiveBaseBlock.length == 0, binsSize <= most
    else { throw Damage(reason: "entry \(sequence) gives the hive a size that it cannot have") }
    self.sequence = sequence
    self.size = size
    self.binsSize = binsSize
    pages = try Self.pages(log, offset..<offset + size, binsSize, sequence)
  }

  /// The sequence number of the entry at `offset`, where the hash of its head is right.
  static func sequence(_ log: [UInt8], at offset: Int) -> UInt32? {
    guard log.holds(signature, at: offset), let hash = log.little64(offset + 32),
      marvin32(log, offset..<offset + 32) == hash
    else { return nil }
    return log.little32(offset + 12)
  }

  private static func pages(
    _ log: [UInt8], _ entry: Range<Int>, _ binsSize: Int, _ sequence: UInt32
  ) throws(Damage) -> [(target: Int, source: Range<Int>)] {
    let references = entry.lowerBound + headLength
    guard let count = log.little32(entry.lowerBound + 20).map({ Int($0) }),
      count <= (entry.upperBound - references) / 8
    else { throw Damage(reason: "entry \(sequence) names more pages than it holds") }
    var pages: [(target: Int, source: Range<Int>)] = []
    var source = references + count * 8
    for position in 0..<count {
      guard let target = log.little32(references + position * 8).map({ Int($0) }),
        let length = log.little32(references + position * 8 + 4).map({ Int($0) }), length <= entry.upperBound - source
      else { throw Damage(reason: "entry \(sequence) names more pages than it holds") }
      guard target % HiveBaseBlock.sector == 0, length % HiveBaseBlock.sector == 0, target + length <= binsSize else {
        throw Damage(reason: "entry \(sequence) has a page beyond the hive")
      }
      pages.append((target, source..<source + length))
      source += length
    }
    return pages
  }
}
