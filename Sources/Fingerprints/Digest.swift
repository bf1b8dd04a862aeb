internal import Crypto
package import Foundation

/// A SHA-256 value: 32 bytes, written as 64 lower-case hexadecimal digits (FIPS 180-4).
package struct Digest: Hashable, Sendable, Comparable, CustomStringConvertible {
  // Four words, big-endian each: trivial to copy, hash and compare, which an array of bytes is not.
  private let a: UInt64
  private let b: UInt64
  private let c: UInt64
  private let d: UInt64

  /// Takes exactly 32 bytes; nil for any other count.
  package init?(bytes: some Collection<UInt8>) {
    // Generic code is not specialised across modules: a slice of an array is, byte by byte.
    self.init(bytes: Array(bytes)[...])
  }

  package init?(bytes: ArraySlice<UInt8>) {
    guard bytes.count == 32 else { return nil }
    func word(_ offset: Int) -> UInt64 {
      var word: UInt64 = 0
      let start = bytes.startIndex + offset
      for position in start..<start + 8 { word = word << 8 | UInt64(bytes[position]) }
      return word
    }
    (a, b, c, d) = (word(0), word(8), word(16), word(24))
  }

  /// Takes 64 hexadecimal digits of either case; nil for anything else.
  package init?(hex: some StringProtocol) {
    guard let bytes = [UInt8](hex: String(hex)) else { return nil }
    self.init(bytes: bytes)
  }

  /// The SHA-256 of `data`.
  package init(of data: some DataProtocol) {
    self.init(SHA256.hash(data: data))
  }

  /// The value of a finished hasher.
  init(_ digest: SHA256Digest) {
    let words = digest.withUnsafeBytes { raw in
      (0..<4).map { UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: $0 * 8, as: UInt64.self)) }
    }
    (a, b, c, d) = (words[0], words[1], words[2], words[3])
  }

  /// The 32 bytes, for a database column.
  package var bytes: [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 32)
    func put(_ word: UInt64, _ start: Int) {
      for offset in 0..<8 { bytes[start + offset] = UInt8(truncatingIfNeeded: word >> (56 - 8 * UInt64(offset))) }
    }
    put(a, 0)
    put(b, 8)
    put(c, 16)
    put(d, 24)
    return bytes
  }

  /// 64 lower-case hexadecimal digits.
  package var description: String { bytes.hex }

  package static func < (left: Digest, right: Digest) -> Bool {
    (left.a, left.b, left.c, left.d) < (right.a, right.b, right.c, right.d)
  }
}

extension Digest: Codable {
  package init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    guard let digest = Digest(hex: text) else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "not a SHA-256 in hexadecimal: \(text.prefix(80))"))
    }
    self = digest
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

extension Sequence<UInt8> {
  /// Two lower-case hexadecimal digits a byte.
  package var hex: String { Array(self)[...].hex }
}

extension ArraySlice<UInt8> {
  package var hex: String {
    var text = [UInt8](repeating: 0, count: 2 * count)
    var next = 0
    for byte in self {
      text[next] = hexadecimalDigit(byte >> 4)
      text[next + 1] = hexadecimalDigit(byte & 15)
      next += 2
    }
    return String(decoding: text, as: UTF8.self)
  }
}

private func hexadecimalDigit(_ value: UInt8) -> UInt8 {
  value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
}

extension [UInt8] {
  /// The bytes that pairs of hexadecimal digits name; nil when a character is not one or the count is odd.
  package init?(hex: String) {
    let digits = Array(hex.utf8)
    guard digits.count.isMultiple(of: 2) else { return nil }
    var bytes = [UInt8](repeating: 0, count: digits.count / 2)
    for position in bytes.indices {
      guard let high = hexadecimalValue(digits[2 * position]), let low = hexadecimalValue(digits[2 * position + 1])
      else { return nil }
      bytes[position] = high << 4 | low
    }
    self = bytes
  }

  package init?(hex: some StringProtocol) { self.init(hex: String(hex)) }
}

/// Nil where it is no hexadecimal digit.
private func hexadecimalValue(_ character: UInt8) -> UInt8? {
  switch character {
  case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
  case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
  case UInt8(ascii: "A")...UInt8(ascii: "F"): character - UInt8(ascii: "A") + 10
  default: nil
  }
}
