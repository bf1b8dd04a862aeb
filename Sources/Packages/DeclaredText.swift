internal import Foundation
internal import Inventory

/// What a guest declares, held to what may be kept: a name, a version or a location is one bounded line of valid text.
enum DeclaredText {
  /// The text without blanks at its ends; nil where it is empty, longer than `limit` bytes, holds control characters,
  /// or was not valid in its encoding (decoding put U+FFFD there).
  static func line(_ text: (some StringProtocol)?, limit: Int = 512) -> String? {
    guard let text, text.utf8.count <= limit else { return nil }
    let trimmed = text.trimmingCharacters(in: .whitespaces)
    let bad = trimmed.unicodeScalars.contains { $0.properties.generalCategory == .control || $0 == "\u{FFFD}" }
    return trimmed.isEmpty || bad ? nil : trimmed
  }

  /// Where a repository is, without user, password, query and fragment, which may hold secrets.
  static func repository(_ text: String?) -> String? {
    guard var url = line(text, limit: 2048) else { return nil }
    if url.hasPrefix("git+") { url.removeFirst(4) }
    url = String(url.prefix { $0 != "?" && $0 != "#" })
    guard let scheme = url.range(of: "://") else { return url.isEmpty ? nil : url }
    let rest = url[scheme.upperBound...]
    let host = rest.prefix { $0 != "/" }
    guard let user = host.lastIndex(of: "@") else { return url }
    return String(url[..<scheme.upperBound] + rest[host.index(after: user)...])
  }

  /// A commit id: 7 to 64 hexadecimal digits.
  static func revision(_ text: String?) -> String? {
    guard let text, (7...64).contains(text.utf8.count), text.utf8.allSatisfy(\.isHexDigit) else { return nil }
    return text.lowercased()
  }

  /// The `Key: value` lines of a header (RFC 822 as METADATA and MANIFEST.MF use it), keys in small letters, the first of
  /// equal ones; a line that starts with a blank continues the one before. Ends at the first empty line.
  static func header(_ data: Data) -> [String: String] {
    var lines: [[UInt8]] = []
    // Put together as bytes: MANIFEST.MF breaks lines after 72 of them, in the middle of characters too.
    for raw in data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      let line = raw.last == UInt8(ascii: "\r") ? raw.dropLast() : raw
      guard let first = line.first else { break }
      if " \t".utf8.contains(first) {
        if !lines.isEmpty { lines[lines.count - 1] += line.dropFirst() }
      } else {
        lines.append(Array(line))
      }
    }
    var fields: [String: String] = [:]
    for line in lines {
      let parts = line.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2 else { continue }
      let key = String(decoding: parts[0], as: UTF8.self).lowercased()
      let value = String(decoding: parts[1], as: UTF8.self).trimmingCharacters(in: .whitespaces)
      if fields[key] == nil { fields[key] = value }
    }
    return fields
  }

  /// The `key=value` lines of a Java properties file; comments and continued lines are left out.
  static func properties(_ data: Data) -> [String: String] {
    var fields: [String: String] = [:]
    for line in String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline) {
      guard let equals = line.firstIndex(where: { $0 == "=" || $0 == ":" }) else { continue }
      let key = line[..<equals].trimmingCharacters(in: .whitespaces)
      let value = line[line.index(after: equals)...].trimmingCharacters(in: .whitespaces)
      // Java writes a colon with a backslash before it.
      if !key.hasPrefix("#") { fields[key] = value.replacing("\\:", with: ":") }
    }
    return fields
  }

  /// A JSON object, or nil.
  static func object(_ data: Data) -> [String: Any]? { JSONText.object(data) }
}

extension UInt8 {
  fileprivate var isHexDigit: Bool {
    switch self {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
      UInt8(ascii: "A")...UInt8(ascii: "F"):
      true
    default: false
    }
  }
}

extension GuestPath {
  func hasSuffix(_ text: String) -> Bool { bytes.suffix(text.utf8.count).elementsEqual(text.utf8) }
  func hasPrefix(_ text: String) -> Bool { bytes.starts(with: text.utf8) }

  /// The names from the top, as text.
  var names: [String] {
    bytes.split(separator: UInt8(ascii: "/")).map { String(decoding: $0, as: UTF8.self) }
  }

  /// Where `path` leads, seen from this folder: absolute ones from the root, `.` and `..` resolved by name. Nil where it
  /// would lead out of the root, which no true record does.
  func resolving(_ path: some StringProtocol) -> GuestPath? {
    let slash = UInt8(ascii: "/")
    var kept = path.utf8.first == slash ? [] : bytes.split(separator: slash).map(Array.init)
    for name in Array(path.utf8).split(separator: slash) {
      if name.elementsEqual("..".utf8) {
        guard kept.popLast() != nil else { return nil }
      } else if !name.elementsEqual(".".utf8) {
        kept.append(Array(name))
      }
    }
    return kept.isEmpty ? nil : GuestPath(bytes: kept.joined(separator: [slash]))
  }
}

extension SystemFiles {
  /// What was read, in the order of the paths, so that results do not vary from run to run.
  func sorted(where wanted: (GuestPath) -> Bool) -> [(path: GuestPath, data: Data)] {
    contents.keys.filter(wanted).sorted().compactMap { path in contents[path].map { (path, $0) } }
  }
}

extension Problem {
  /// A file of a package that does not hold what its name promises.
  static func malformed(_ path: GuestPath, _ reason: String) -> Problem {
    Problem(code: "malformed", operation: "read package metadata", subject: path.description, reason: reason)
  }

  /// A remark on metadata that is legal and names no package: `what` such as `modules`.
  static func unlisted(_ paths: [GuestPath], _ what: String) -> [Problem] {
    guard let first = paths.first else { return [] }
    let others = paths.dropFirst().prefix(3).map(\.description).joined(separator: ", ")
    let more = paths.count > 4 ? ", …" : ""
    let reason =
      paths.count == 1
      ? "it states no name or no version, so it is not listed"
      : "this and others, \(paths.count) \(what) in all, state no name or no version, so they are not listed: \(others)\(more)"
    return [Problem(code: "unlisted", operation: "read package metadata", subject: first.description, reason: reason)]
  }

  /// A remark on an archive of which something was not read.
  static func unreadArchive(_ path: GuestPath, _ reason: String) -> Problem {
    Problem(code: "archive-not-read", operation: "read archive", subject: path.description, reason: reason)
  }
}
