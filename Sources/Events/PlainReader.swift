/// Reads JSON (RFC 8259) in the form in which nearly all events are written: an object of texts, booleans, lists of texts, and
/// objects of texts and nulls, where no text has an escape. Rejects all that is not JSON, and all JSON of another form.
struct PlainReader {
  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Whether the whole is one object, and `field` took each of its members.
  mutating func readObject(_ field: (String, EventFields.Value) -> Bool) -> Bool {
    let isRead = readMembers { reader, key in
      guard let value = reader.readValue() else { return false }
      return field(key, value)
    }
    skipSpace()
    return isRead && position == bytes.count
  }

  private mutating func readValue() -> EventFields.Value? {
    skipSpace()
    guard position < bytes.count else { return nil }
    switch bytes[position] {
    case UInt8(ascii: "\""): return readText().map(EventFields.Value.text)
    case UInt8(ascii: "["): return readTexts().map(EventFields.Value.texts)
    case UInt8(ascii: "{"): return readSettings().map(EventFields.Value.settings)
    case UInt8(ascii: "t"): return readWord("true") ? .flag(true) : nil
    case UInt8(ascii: "f"): return readWord("false") ? .flag(false) : nil
    default: return nil
    }
  }

  private mutating func readTexts() -> [String]? {
    var texts: [String] = []
    let isRead = readList(from: "[", to: "]") { reader in
      guard let text = reader.readText() else { return false }
      texts.append(text)
      return true
    }
    return isRead ? texts : nil
  }

  private mutating func readSettings() -> [String: String?]? {
    var texts: [String: String?] = [:]
    let isRead = readMembers { reader, key in
      reader.skipSpace()
      if texts[key] != nil { return false }
      if reader.readWord("null") {
        texts.updateValue(nil, forKey: key)
        return true
      }
      guard let text = reader.readText() else { return false }
      texts[key] = text
      return true
    }
    return isRead ? texts : nil
  }

  private mutating func readMembers(_ member: (inout Self, String) -> Bool) -> Bool {
    readList(from: "{", to: "}") { reader in
      guard let key = reader.readText() else { return false }
      reader.skipSpace()
      return reader.take(":") && member(&reader, key)
    }
  }

  private mutating func readList(
    from open: Unicode.Scalar, to close: Unicode.Scalar, _ item: (inout Self) -> Bool
  ) -> Bool {
    skipSpace()
    guard take(open) else { return false }
    skipSpace()
    if take(close) { return true }
    while true {
      skipSpace()
      guard item(&self) else { return false }
      skipSpace()
      if take(close) { return true }
      guard take(",") else { return false }
    }
  }

  private mutating func readText() -> String? {
    guard take("\"") else { return nil }
    let start = position
    var all: UInt8 = 0
    while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
      if bytes[position] < 0x20 || bytes[position] == UInt8(ascii: "\\") { return nil }
      all |= bytes[position]
      position += 1
    }
    let text = bytes[start..<position]
    guard take("\"") else { return nil }
    // ASCII needs no validation, which takes longer than the rest.
    return all < 0x80 ? String(decoding: text, as: UTF8.self) : String(validating: text, as: UTF8.self)
  }

  private mutating func readWord(_ word: String) -> Bool {
    guard bytes[position...].starts(with: word.utf8) else { return false }
    position += word.utf8.count
    return true
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func skipSpace() {
    while position < bytes.count, Self.isSpace(bytes[position]) { position += 1 }
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
  }
}
