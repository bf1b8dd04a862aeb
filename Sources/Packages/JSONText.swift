internal import Foundation

/// JSON as the programs read it that the metadata is for: RFC 8259 strictly, the last of equal names counts, bytes that
/// are not UTF-8 and half surrogate pairs become U+FFFD.
///
/// Foundation's parser takes a comma before a closing bracket, which no other does, and refuses what the others take:
/// bytes in another encoding, half surrogate pairs, numbers that no Double can hold.
struct JSONText {
  /// A number, `true`, `false` or `null`: no package is named by one.
  struct Other {}

  /// How deep objects and arrays may lie in each other.
  private static let depthLimit = 512

  private let bytes: [UInt8]
  private var position = 0

  /// The whole text as an object: names with a `String`, `[String: Any]`, `[Any]` or `Other`. Nil where it is none.
  static func object(_ data: Data) -> [String: Any]? {
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    var text = JSONText(bytes: Array(data.starts(with: mark) ? data.dropFirst(mark.count) : data))
    let value = text.value(depth: 0)
    text.skipBlanks()
    return text.position == text.bytes.count ? value as? [String: Any] : nil
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipBlanks() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard next == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  /// The next value; nil where there is none, or one too deep.
  private mutating func value(depth: Int) -> Any? {
    skipBlanks()
    guard depth < Self.depthLimit else { return nil }
    if take("{") { return members(depth) }
    if take("[") { return elements(depth) }
    if take("\"") { return string() }
    return other()
  }

  private mutating func members(_ depth: Int) -> [String: Any]? {
    var members: [String: Any] = [:]
    skipBlanks()
    if take("}") { return members }
    repeat {
      skipBlanks()
      guard take("\""), let name = string() else { return nil }
      skipBlanks()
      guard take(":"), let value = value(depth: depth + 1) else { return nil }
      members[name] = value
      skipBlanks()
    } while take(",")
    return take("}") ? members : nil
  }

  private mutating func elements(_ depth: Int) -> [Any]? {
    var elements: [Any] = []
    skipBlanks()
    if take("]") { return elements }
    repeat {
      guard let value = value(depth: depth + 1) else { return nil }
      elements.append(value)
      skipBlanks()
    } while take(",")
    return take("]") ? elements : nil
  }

  /// The rest of a string whose opening quote was taken.
  private mutating func string() -> String? {
    var text: [UInt8] = []
    while let byte = next {
      position += 1
      switch byte {
      case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
      case UInt8(ascii: "\\"):
        guard let escaped = escape() else { return nil }
        text += escaped
      case 0..<0x20: return nil
      default: text.append(byte)
      }
    }
    return nil
  }

  private static let escapes: [UInt8: UInt8] = [
    0x22: 0x22, 0x5C: 0x5C, 0x2F: 0x2F, 0x62: 8, 0x66: 0x0C, 0x6E: 0x0A, 0x72: 0x0D, 0x74: 9,
  ]

  /// What an escape stands for, its backslash taken, in UTF-8.
  private mutating func escape() -> [UInt8]? {
    guard let letter = next else { return nil }
    position += 1
    guard letter == UInt8(ascii: "u") else { return Self.escapes[letter].map { [$0] } }
    guard let first = unit() else { return nil }
    var units = [first]
    if UTF16.isLeadSurrogate(first), bytes[position...].starts(with: Array("\\u".utf8)) {
      let here = position
      position += 2
      guard let second = unit() else { return nil }
      if UTF16.isTrailSurrogate(second) { units.append(second) } else { position = here }
    }
    return Array(String(decoding: units, as: UTF16.self).utf8)
  }

  /// Four hexadecimal digits.
  private mutating func unit() -> UInt16? {
    guard bytes.count - position >= 4 else { return nil }
    var unit: UInt16 = 0
    for byte in bytes[position..<position + 4] {
      guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else { return nil }
      unit = unit << 4 | UInt16(digit)
    }
    position += 4
    return unit
  }

  private mutating func other() -> Other? {
    for word in ["true", "false", "null"] where bytes[position...].starts(with: word.utf8) {
      position += word.utf8.count
      return Other()
    }
    _ = take("-")
    // Of digits that begin with a zero there is only that.
    guard take("0") || digits() else { return nil }
    if take("."), !digits() { return nil }
    if take("e") || take("E") {
      if !take("+") { _ = take("-") }
      if !digits() { return nil }
    }
    return Other()
  }

  private mutating func digits() -> Bool {
    let start = position
    while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
    return position > start
  }
}
