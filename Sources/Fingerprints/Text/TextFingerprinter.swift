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
    let canonical = canonicalText(text.span)
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
func canonicalText(_ text: Span<UInt8>) -> [UInt8] {
  let (newline, carriageReturn) = (UInt8(ascii: "\n"), UInt8(ascii: "\r"))
  var result: [UInt8] = []
  result.reserveCapacity(text.count + 1)
  var pendingLines = 0
  var blanks = 0..<0
  var position = 0
  while position < text.count {
    let byte = text[position]
    switch byte {
    case newline, carriageReturn:
      if byte == carriageReturn, position + 1 < text.count, text[position + 1] == newline { position += 1 }
      pendingLines += 1
      blanks = position + 1..<position + 1
    case UInt8(ascii: " "), UInt8(ascii: "\t"):
      blanks = (blanks.isEmpty ? position : blanks.lowerBound)..<position + 1
    default:
      result.append(contentsOf: repeatElement(newline, count: pendingLines))
      for blank in blanks { result.append(text[blank]) }
      result.append(byte)
      pendingLines = 0
      blanks = 0..<0
    }
    position += 1
  }
  if !result.isEmpty { result.append(newline) }
  return result
}
