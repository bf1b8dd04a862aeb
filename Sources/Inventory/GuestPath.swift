internal import Fingerprints
internal import Foundation

/// A path inside an image: bytes, relative to the root of its volume or system, no leading slash, `/` between names.
///
/// Guests hold names in any encoding, with newlines and escape sequences in them; only `description` is for people.
package struct GuestPath: Hashable, Sendable, Comparable, CustomStringConvertible, ExpressibleByStringLiteral {
  /// The raw bytes; never empty names, never `.` or `..`.
  package let bytes: [UInt8]

  /// Takes the bytes as they are, leading and trailing slashes dropped.
  package init(bytes: some Sequence<UInt8>) {
    // Generic code is not specialised across modules: byte by byte it took a third of a scan's time.
    self.init(dropping: Array(bytes)[...])
  }

  private init(dropping bytes: ArraySlice<UInt8>) {
    let slash = UInt8(ascii: "/")
    var kept = bytes
    while kept.first == slash { kept.removeFirst() }
    while kept.last == slash { kept.removeLast() }
    self.bytes = Array(kept)
  }

  /// Takes the bytes as they stand: a link's target may begin with a slash.
  package init(verbatim bytes: some Sequence<UInt8>) { self.bytes = Array(bytes) }

  package init(_ text: String) { self.init(dropping: Array(text.utf8)[...]) }
  package init(stringLiteral value: String) { self.init(value) }

  /// The path as text where it is valid UTF-8.
  package var utf8: String? { String(validating: bytes, as: UTF8.self) }

  /// The path as text whatever its bytes are, invalid ones replaced: for comparing with patterns, not for people.
  package var lossy: String { String(decoding: bytes, as: UTF8.self) }

  /// The last name.
  package var name: String {
    let slash = UInt8(ascii: "/")
    let start = bytes.lastIndex(of: slash).map { $0 + 1 } ?? 0
    return String(decoding: bytes[start...], as: UTF8.self)
  }

  /// All but the last name; empty at the top.
  package var parent: GuestPath {
    let slash = UInt8(ascii: "/")
    return GuestPath(dropping: bytes[..<(bytes.lastIndex(of: slash) ?? 0)])
  }

  /// This path with names added below it.
  package func appending(_ path: GuestPath) -> GuestPath {
    if bytes.isEmpty { return path }
    return path.bytes.isEmpty ? self : GuestPath(dropping: (bytes + [UInt8(ascii: "/")] + path.bytes)[...])
  }

  /// Safe to print: control and format characters, bidirectional overrides and invalid bytes are escaped.
  package var description: String { printable(bytes) }

  /// All bytes at once: sets hold hundreds of thousands of paths, and byte by byte it took most of a scan's time.
  package func hash(into hasher: inout Hasher) { bytes.withUnsafeBytes { hasher.combine(bytes: $0) } }

  package static func < (left: GuestPath, right: GuestPath) -> Bool {
    left.bytes.lexicographicallyPrecedes(right.bytes)
  }
}

extension GuestPath: Codable {
  private enum Key: CodingKey { case bytes }

  package init(from decoder: any Decoder) throws {
    if let text = try? decoder.singleValueContainer().decode(String.self) {
      self.init(verbatim: text.utf8)
    } else {
      self.init(verbatim: try decoder.container(keyedBy: Key.self).decode(Data.self, forKey: .bytes))
    }
  }

  /// A string where it is UTF-8, else `{"bytes": base64}`, so that nothing is lost.
  package func encode(to encoder: any Encoder) throws {
    if let utf8 {
      var container = encoder.singleValueContainer()
      try container.encode(utf8)
    } else {
      var container = encoder.container(keyedBy: Key.self)
      try container.encode(Data(bytes), forKey: .bytes)
    }
  }
}

/// Guest bytes made safe for a terminal: what is not a visible character of valid UTF-8 becomes `\\xNN` or `\\u{N}`.
package func printable(_ bytes: some Collection<UInt8>) -> String {
  var text = ""
  var rest = Array(bytes)[...]
  while let first = rest.first {
    let length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
    if let valid = String(validating: rest.prefix(length), as: UTF8.self), let scalar = valid.unicodeScalars.first {
      text += isVisible(scalar) ? valid : scalar == "\n" ? "\\n" : "\\u{\(String(scalar.value, radix: 16))}"
      rest = rest.dropFirst(length)
    } else {
      text += "\\x" + [first].hex
      rest = rest.dropFirst()
    }
  }
  return text
}

/// A string from a guest made safe for a terminal.
package func printable(_ text: some StringProtocol) -> String { printable(Array(text.utf8)) }

private func isVisible(_ scalar: Unicode.Scalar) -> Bool {
  switch scalar.properties.generalCategory {
  case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
  default: true
  }
}
