internal import Foundation

// What Go's linker leaves in a program (debug/buildinfo in Go's library):
//
//   0 ┌──────────────────────┐ aligned to 16
//     │ FF " Go buildinf:"   │
//  14 │ pointer size │ flags │ flags: 1 big endian, 2 strings inline
//     ├──────────────────────┤ before Go 1.18
//  16 │ address of a string: version of Go        │ a string in memory: address, length
//     │ address of a string: modules              │
//     ├──────────────────────┤ since Go 1.18
//  32 │ length (LEB128), version of Go, length, modules
//     └──────────────────────┘
enum GoBuild {
  private static let magic: [UInt8] = [0xFF] + Array(" Go buildinf:".utf8)
  /// Hundreds of modules stay far below.
  private static let longestText: UInt64 = 1 << 20

  /// Looks in the first 64 KiB of `area`, as Go's own reader does.
  static func read(_ area: Bytes, in image: some MappedImage) throws -> SelfDescription? {
    var start: UInt64 = 0
    let window = area.prefix(1 << 16)
    while true {
      guard let found = try window.slice(from: start).firstRange(of: magic) else { return nil }
      start += found
      if start % 16 == 0 { break }
      start += 1
    }
    let info = try area.slice(from: start)
    let flags = try info.u8(15)
    if flags & 2 != 0 {
      let (version, end) = try inlineText(info, 32)
      return describe(version: version, modules: try inlineText(info, end).text)
    }
    let wide = try info.u8(14) == 8
    let ordered = Bytes(info.data, isBigEndian: flags & 1 != 0)
    let version = try pointedText(try ordered.word(16, isWide: wide), wide, ordered, image)
    return describe(
      version: version, modules: try pointedText(try ordered.word(wide ? 24 : 20, isWide: wide), wide, ordered, image))
  }

  private static func inlineText(_ bytes: Bytes, _ offset: UInt64) throws -> (text: Data, end: UInt64) {
    var (length, shift, position): (UInt64, UInt64, UInt64) = (0, 0, offset)
    while true {
      let byte = try bytes.u8(position)
      position += 1
      length |= UInt64(byte & 0x7F) << shift
      if byte & 0x80 == 0 { break }
      shift += 7
      guard shift < 35 else { throw Malformed("a length of more than 35 bits") }
    }
    return (try bytes.slice(position, min(length, longestText)).data, try sum(position, length))
  }

  private static func pointedText(
    _ address: UInt64, _ wide: Bool, _ order: Bytes, _ image: some MappedImage
  ) throws -> Data {
    guard address != 0 else { return Data() }
    let size: UInt64 = wide ? 8 : 4
    let header = Bytes(try image.bytes(atAddress: address, count: size * 2).data, isBigEndian: order.isBigEndian)
    let (start, length) = (try header.word(0, isWide: wide), try header.word(size, isWide: wide))
    return length == 0 ? Data() : try image.bytes(atAddress: start, count: min(length, longestText)).data
  }

  /// The module text stands between two marks of 16 bytes; its lines are `key TAB value TAB …`.
  private static func describe(version: Data, modules: Data) -> SelfDescription {
    var result = SelfDescription(kind: .goBuild, name: "", version: "")
    result.fields["go"] = String(decoding: version, as: UTF8.self)
    let framed = modules.count >= 33 && modules.dropLast(16).last == UInt8(ascii: "\n")
    let text = String(decoding: framed ? modules.dropFirst(16).dropLast(16) : modules, as: UTF8.self)
    for line in text.split(separator: "\n") {
      take(line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init), into: &result)
    }
    if result.name.isEmpty { result.name = result.fields["path"] ?? "" }
    return result
  }

  private static func take(_ parts: [String], into result: inout SelfDescription) {
    guard parts.count >= 2 else { return }
    let version = parts.count > 2 ? parts[2] : ""
    switch parts[0] {
    case "path": result.fields["path"] = parts[1]
    case "mod":
      (result.name, result.version) = (parts[1], version)
      if parts.count > 3, !parts[3].isEmpty { result.fields["sum"] = parts[3] }
    case "dep": result.components.append(.init(name: parts[1], version: version))
    case "=>":
      // The module that was put in place of the one before.
      guard !result.components.isEmpty else { return }
      result.components[result.components.count - 1] = .init(name: parts[1], version: version)
    case "build": takeSetting(parts[1...].joined(separator: "\t"), into: &result)
    default: break
    }
  }

  private static func takeSetting(_ text: String, into result: inout SelfDescription) {
    guard let (key, value) = setting(text) else { return }
    switch key {
    case "vcs.revision": result.revision = value
    case "vcs.modified": result.modified = value == "true"
    default: result.fields[key] = value
    }
  }

  /// `KEY=VALUE`, either of them in quotes where it holds blanks or quotes (BuildInfo.String in runtime/debug).
  private static func setting(_ text: String) -> (String, String)? {
    guard let equals = text.firstIndex(of: "=") else { return nil }
    return (unquoted(text[..<equals]), unquoted(text[text.index(after: equals)...]))
  }

  /// A text as Go's `strconv.Quote` writes it, or in backquotes, or bare; escapes that no build setting needs stay.
  private static func unquoted(_ text: Substring) -> String {
    guard let quote = text.first, text.count >= 2, text.last == quote, "\"`".contains(quote) else {
      return String(text)
    }
    let inner = text.dropFirst().dropLast()
    if quote == "`" { return String(inner) }
    var result = ""
    var isEscaped = false
    for character in inner {
      if isEscaped {
        result += escapes[character].map(String.init) ?? "\\\(character)"
        isEscaped = false
      } else if character == "\\" {
        isEscaped = true
      } else {
        result.append(character)
      }
    }
    return result
  }

  private static let escapes: [Character: Character] = ["\\": "\\", "\"": "\"", "n": "\n", "t": "\t", "r": "\r"]
}
