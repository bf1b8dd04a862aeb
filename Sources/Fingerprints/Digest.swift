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
    guard bytes.count == 32 else { return nil }
    // Generic code is not specialised across modules: an array is, byte by byte.
    let bytes = Array(bytes)
    func word(_ start: Int) -> UInt64 {
      var word: UInt64 = 0
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
    [a, b, c, d].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * UInt64($0))) } }
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
  package var hex: String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    for byte in Array(self) {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }
}

extension [UInt8] {
  /// The bytes that pairs of hexadecimal digits name; nil when a character is not one or the count is odd.
  package init?(hex: String) {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(hex.utf8.count / 2)
    var high: UInt8?
    for character in hex.utf8 {
      guard let value = hexadecimalValue(character) else { return nil }
      if let first = high { bytes.append(first << 4 | value) }
      high = high == nil ? value : nil
    }
    if high != nil { return nil }
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
