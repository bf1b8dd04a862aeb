internal import Foundation

extension Event {
  private static let fields = Dictionary(uniqueKeysWithValues: CodingKeys.allCases.map { ($0.rawValue, $0) })

  /// An event as nearly all are written: texts without escapes, flags, lists of texts, settings that are texts. Nil where it
  /// is written in another way, and where anything is wrong with it: then `JSONDecoder` decides, which takes far longer.
  init?(plain line: [UInt8]) {
    var (id, kind, at): (String?, Kind?, EventTime?)
    var seen: [CodingKeys] = []
    self.init(id: "", kind: .action, at: EventTime(milliseconds: 0))
    var reader = PlainReader(line)
    let isRead = reader.readObject { key, value in
      // Fields that no kind knows mean nothing.
      guard let field = Self.fields[key] else { return true }
      if seen.contains(field) { return false }
      seen.append(field)
      switch (field, value) {
      case (.id, .text(let text)): id = text
      case (.kind, .text(let text)): kind = Kind(rawValue: text)
      case (.at, .text(let text)): at = EventTime(text)
      case (.images, .texts(let texts)): images = texts
      case (.vms, .texts(let texts)): vms = texts
      case (.settings, .named(let texts)): settings = texts.mapValues { $0.map(Setting.init) }
      case (.expected, .flag(let flag)): expected = flag
      case (_, .text(let text)): return set(field, text)
      default: return false
      }
      return true
    }
    guard isRead, let id, let kind, let at else { return nil }
    (self.id, self.kind, self.at) = (id, kind, at)
  }

  /// False where the field is no text.
  private mutating func set(_ field: CodingKeys, _ text: String) -> Bool {
    switch field {
    case .reporter: reporter = text
    case .application: application = text
    case .release: release = text
    case .signature: signature = text
    case .image: image = text
    case .path: path = text
    case .role: role = text
    case .parent: parent = text
    case .vm: vm = text
    case .name: name = text
    case .from: from = text
    case .state: state = text
    case .host: host = text
    case .group: group = text
    case .action: action = text
    case .question: question = text
    case .id, .kind, .at, .images, .settings, .expected, .vms: return false
    }
    return true
  }
}

/// Reads JSON (RFC 8259) of one plain form: an object of texts, flags, lists of texts, and objects of texts and nulls; no text
/// has an escape. Takes nothing that is not JSON, and leaves everything else to a decoder.
struct PlainReader {
  enum Value { case flag(Bool), text(String), texts([String]), named([String: String?]) }

  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Whether the whole is one object, and `field` took each of its members.
  mutating func readObject(_ field: (String, Value) -> Bool) -> Bool {
    let isRead = readMembers { reader, key in
      guard let value = reader.readValue() else { return false }
      return field(key, value)
    }
    skipSpace()
    return isRead && position == bytes.count
  }

  private mutating func readValue() -> Value? {
    skipSpace()
    guard position < bytes.count else { return nil }
    switch bytes[position] {
    case UInt8(ascii: "\""): return readText().map(Value.text)
    case UInt8(ascii: "["): return readTexts().map(Value.texts)
    case UInt8(ascii: "{"): return readNamed().map(Value.named)
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

  private mutating func readNamed() -> [String: String?]? {
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
