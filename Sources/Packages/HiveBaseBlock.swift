/// Little-endian integers of a hive or a log at offsets that nobody vouches for; nil where any part of one lies outside.
extension [UInt8] {
  func little32(_ offset: Int) -> UInt32? {
    guard offset >= 0, count >= 4, offset <= count - 4 else { return nil }
    return UInt32(self[offset]) | UInt32(self[offset + 1]) << 8 | UInt32(self[offset + 2]) << 16
      | UInt32(self[offset + 3]) << 24
  }

  func little64(_ offset: Int) -> UInt64? {
    guard let low = little32(offset), let high = little32(offset + 4) else { return nil }
    return UInt64(high) << 32 | UInt64(low)
  }

  mutating func setLittle32(_ offset: Int, _ value: UInt32) {
    guard offset >= 0, count >= 4, offset <= count - 4 else { return }
    for byte in 0..<4 { self[offset + byte] = UInt8(truncatingIfNeeded: value >> (8 * UInt32(byte))) }
  }

  /// Whether these letters stand there.
  func holds(_ letters: StaticString, at offset: Int) -> Bool {
    guard offset >= 0, count >= letters.utf8CodeUnitCount, offset <= count - letters.utf8CodeUnitCount else {
      return false
    }
    return self[offset..<offset + letters.utf8CodeUnitCount].elementsEqual("\(letters)".utf8)
  }
}

/// The first sector of a hive or of its log (Maxim Suhanov, "Windows registry file format specification", Base block).
struct HiveBaseBlock {
  /// Bytes of it in a hive, where the hive bins follow. In a log it is one sector long.
  static let length = 4096
  static let sector = 512

  /// Raised when a write of the hive begins.
  let primary: UInt32
  /// Raised when it has ended: the two are equal then.
  let secondary: UInt32
  /// Last written, as a FILETIME.
  let written: UInt64
  let fileType: UInt32
  /// Bytes of all hive bins.
  let binsSize: Int
  /// Whether it has its signature, and the checksum is right.
  let isValid: Bool

  /// Nil where there is less than a sector.
  init?(_ bytes: [UInt8]) {
    guard bytes.count >= Self.sector, let primary = bytes.little32(4), let secondary = bytes.little32(8),
      let written = bytes.little64(12), let fileType = bytes.little32(28), let size = bytes.little32(40),
      let checksum = bytes.little32(508)
    else { return nil }
    self.primary = primary
    self.secondary = secondary
    self.written = written
    self.fileType = fileType
    binsSize = Int(size)
    isValid = bytes.holds("regf", at: 0) && checksum == Self.checksum(bytes)
  }

  /// Whether a write was begun and not ended.
  var isDirty: Bool { !isValid || primary != secondary }

  /// XOR of the 127 words before it; 0 and -1 are stored as 1 and -2.
  private static func checksum(_ bytes: [UInt8]) -> UInt32 {
    let sum = stride(from: 0, to: 508, by: 4).reduce(UInt32(0)) { $0 ^ (bytes.little32($1) ?? 0) }
    return sum == 0 ? 1 : sum == .max ? .max - 1 : sum
  }

  /// Makes the base block of `hive` that of a hive which was written to its end.
  static func settle(_ hive: inout [UInt8], sequence: UInt32, binsSize: Int) {
    hive.setLittle32(4, sequence)
    hive.setLittle32(8, sequence)
    hive.setLittle32(28, 0)
    hive.setLittle32(40, UInt32(truncatingIfNeeded: binsSize))
    hive.setLittle32(508, checksum(hive))
  }
}

/// The Marvin32 hash of log entries, whose lengths are multiples of 4. The seed is the format's own.
func marvin32(_ bytes: [UInt8], _ range: Range<Int>) -> UInt64 {
  var (low, high): (UInt32, UInt32) = (0x7A4E_55C5, 0x82EF_4D88)
  func mix(_ word: UInt32) {
    low &+= word
    high ^= low
    low = (low << 20 | low >> 12) &+ high
    high = (high << 9 | high >> 23) ^ low
    low = (low << 27 | low >> 5) &+ high
    high = high << 19 | high >> 13
  }
  for offset in stride(from: range.lowerBound, to: range.upperBound, by: 4) { mix(bytes.little32(offset) ?? 0) }
  mix(0x80)
  mix(0)
  return UInt64(high) << 32 | UInt64(low)
}
