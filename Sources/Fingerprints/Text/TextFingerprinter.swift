internal import Foundation

/// Texts in UTF-8, or in UTF-16 with a byte order mark.
struct TextFingerprinter: Fingerprinter {
  /// A canonical form below this is equal by chance.
  private static let smallest = 64
  /// Larger texts are data, and are known by their digests alone.
  private static let largest: UInt64 = 16 << 20

  func kind(of bytes: Bytes) -> FileKind? {
    if bytes.count <= Self.largest { return Self.utf8(bytes) == nil ? nil : .text }
    // Of a larger one the start decides; it may end inside a character.
    let start = bytes.prefix(1 << 16)
    return (0..<4).contains { Self.utf8(start.prefix(start.count - $0)) != nil } ? .text : nil
  }

  func read(_ bytes: Bytes, name: String, into fingerprint: inout Fingerprint) {
    guard bytes.count <= Self.largest, let text = Self.utf8(bytes) else { return }
    let canonical = canonicalText(text)
    guard canonical.count >= Self.smallest else { return }
    fingerprint.marks.append(Mark(.text, Digest(of: canonical).description))
  }

  /// The text in UTF-8 without its byte order mark; nil where it is not text.
  private static func utf8(_ bytes: Bytes) -> Data? {
    for (mark, isBigEndian) in [([0xFF, 0xFE] as [UInt8], false), ([0xFE, 0xFF], true)] where bytes.starts(with: mark) {
      return utf16(Bytes(bytes.data.dropFirst(2), isBigEndian: isBigEndian))
    }
    guard !bytes.hasNUL, bytes.isUTF8 else { return nil }
    return bytes.data.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.data.dropFirst(3) : bytes.data
  }

  private static func utf16(_ bytes: Bytes) -> Data? {
    guard bytes.count % 2 == 0 else { return nil }
    var units: [UInt16] = []
    units.reserveCapacity(bytes.data.count / 2)
    for position in 0..<bytes.count / 2 {
      guard let unit = try? bytes.u16(position * 2), unit != 0 else { return nil }
      units.append(unit)
    }
    return String(validating: units, as: UTF16.self).map { Data($0.utf8) }
  }
}

/// The form in which texts are compared that an editor, a checkout or a transfer may have touched: line ends are `LF`,
/// blanks and tabs before them and empty lines at the end are dropped, and one `LF` ends it.
func canonicalText(_ text: Data) -> Data {
  // Most texts are so already, and a look is cheaper than a copy.
  if isCanonical(text.span) { return text }
  let (newline, carriageReturn) = (UInt8(ascii: "\n"), UInt8(ascii: "\r"))
  let bytes = text.span
  var result: [UInt8] = []
  result.reserveCapacity(bytes.count + 1)
  var pendingLines = 0
  var start = 0
  while start < bytes.count {
    var end = start
    while end < bytes.count, bytes[end] != newline, bytes[end] != carriageReturn { end += 1 }
    var last = end
    while last > start, isBlank(bytes[last - 1]) { last -= 1 }
    if last > start {
      for _ in 0..<pendingLines { result.append(newline) }
      for position in start..<last { result.append(bytes[position]) }
      pendingLines = 0
    }
    pendingLines += 1
    let isPair = end + 1 < bytes.count && bytes[end] == carriageReturn && bytes[end + 1] == newline
    start = end + (isPair ? 2 : 1)
  }
  if !result.isEmpty { result.append(newline) }
  return Data(result)
}

private func isCanonical(_ text: Span<UInt8>) -> Bool {
  let newline = UInt8(ascii: "\n")
  // Of two, the first could be the end of an empty line.
  guard text.count >= 2, text[text.count - 1] == newline, text[text.count - 2] != newline else { return false }
  var previous = newline
  for position in text.indices {
    let byte = text[position]
    if byte == UInt8(ascii: "\r") || (byte == newline && isBlank(previous)) { return false }
    previous = byte
  }
  return true
}

private func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
