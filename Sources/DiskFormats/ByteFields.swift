/// Fields of structures on a disk. A field that is not all there reads as zero or nil: callers check the signatures and sizes
/// that say whether it has to be there.
extension [UInt8] {
  /// The little-endian number of so many bytes, at most 8; zero where they are not all there.
  @inlinable package func number(_ offset: Int, _ width: Int) -> UInt64 {
    guard offset >= 0, offset <= count - width else { return 0 }
    return self[offset..<offset + width].reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// The big-endian number of so many bytes, at most 8; zero where they are not all there.
  @inlinable package func bigNumber(_ offset: Int, _ width: Int) -> UInt64 {
    guard offset >= 0, offset <= count - width else { return 0 }
    return self[offset..<offset + width].reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// Whether this text stands there.
  package func has(_ text: String, at offset: Int) -> Bool { has(Array(text.utf8), at: offset) }

  @inlinable package func has(_ bytes: [UInt8], at offset: Int) -> Bool {
    offset <= count - bytes.count && self[offset..<offset + bytes.count].elementsEqual(bytes)
  }

  /// A text of fixed length that ends at its first zero byte, without blanks behind it; nil where nothing is left.
  package func text(_ offset: Int, _ length: Int) -> String? {
    guard offset <= count - length else { return nil }
    var text = self[offset..<offset + length].prefix { $0 != 0 }
    while text.last == UInt8(ascii: " ") { text.removeLast() }
    return text.isEmpty ? nil : String(decoding: text, as: UTF8.self)
  }

  /// A text of UTF-16 units, up to its first zero unit.
  package func utf16(_ offset: Int, units: Int) -> String? {
    let all = (0..<units).map { UInt16(truncatingIfNeeded: number(offset + 2 * $0, 2)) }
    let text = String(decoding: all.prefix { $0 != 0 }, as: UTF16.self)
    return text.isEmpty ? nil : text
  }

  /// A UUID as it is printed; with its first three fields little-endian where it is a GUID.
  package func uuid(_ offset: Int, isGUID: Bool = false) -> String? {
    guard offset <= count - 16 else { return nil }
    return uuidText(self[offset..<offset + 16], mixedEndian: isGUID)
  }
}

/// At least so many lower-case digits.
package func hexadecimal(_ number: UInt64, digits: Int) -> String {
  let text = String(number, radix: 16)
  return String(repeating: "0", count: max(0, digits - text.count)) + text
}
