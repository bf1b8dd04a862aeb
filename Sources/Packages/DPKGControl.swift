internal import Inventory

/// One paragraph of a control file: fields by lower-case name (deb822(5)).
struct ControlParagraph {
  /// First line and continuation lines of each field, without the leading white space.
  private var fields: [String: [ArraySlice<UInt8>]] = [:]

  /// Takes the lines of one paragraph; those that are neither a field nor a continuation are passed over.
  init(_ lines: some Sequence<ArraySlice<UInt8>>) {
    var current: String?
    for line in lines {
      if line.first == UInt8(ascii: " ") || line.first == UInt8(ascii: "\t") {
        if let current { fields[current]?.append(line.dropFirst()) }
      } else if let colon = line.firstIndex(of: UInt8(ascii: ":")) {
        let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
        fields[name] = [line[(colon + 1)...]]
        current = name
      }
    }
  }

  func text(_ field: String) -> String? { fields[field]?.first.flatMap { declaredText($0) } }

  func has(_ field: String) -> Bool { fields[field] != nil }

  /// What `Status` says of a package's files, by its third word (dpkg(1), package states).
  enum State {
    /// They are on the disk.
    case unpacked
    /// Some of them may be.
    case halfInstalled
    /// None is, but for changeable ones; also where there is no `Status`.
    case absent
    /// It says what dpkg does not know.
    case unknown
  }

  var state: State {
    guard has("status") else { return .absent }
    let words = text("status")?.split(separator: " ") ?? []
    guard words.count == 3 else { return .unknown }
    switch words[2] {
    case "unpacked", "half-configured", "triggers-awaited", "triggers-pending", "installed": return .unpacked
    case "half-installed": return .halfInstalled
    case "not-installed", "config-files": return .absent
    default: return .unknown
    }
  }

  /// Nil without a name or a version. `Source` holds a version where it differs from the package's: `name (version)`.
  func package(in location: GuestPath) -> Package? {
    guard let name = text("package"), let version = text("version") else { return nil }
    let source = text("source")?.split(separator: " ") ?? []
    return Package(
      kind: .deb, name: name, version: version, architecture: text("architecture"),
      sourceName: source.first.map(String.init) ?? name,
      sourceVersion: source.count > 1 ? source[1].trimmingPrefix("(").trimmingSuffix(")") : version,
      vendor: text("maintainer"), location: location)
  }

  /// `Conffiles`: lines of `path md5 [obsolete] [remove-on-upgrade]`; the sum is empty where dpkg does not know it yet.
  var configurationFiles: [GuestPath: String] {
    var files: [GuestPath: String] = [:]
    for line in fields["conffiles"] ?? [] {
      var words = line.split(separator: UInt8(ascii: " "))
      while let last = words.last, ["obsolete", "remove-on-upgrade"].contains(String(decoding: last, as: UTF8.self)) {
        words.removeLast()
      }
      guard words.count >= 2, let sum = words.popLast(), let end = words.last?.endIndex,
        let path = GuestPath(declared: line[..<end])
      else { continue }
      files[path] = md5(sum) ?? ""
    }
    return files
  }
}

/// The paragraphs of a status file, and what is wrong with it. dpkg ends each with an empty line, and `Description` is
/// one of the last fields that it writes: a last paragraph that has neither was cut.
func controlParagraphs(_ bytes: [UInt8]) -> (paragraphs: [ControlParagraph], damage: String?) {
  var found = Paragraphs(bytes, first: "Package:")
  let paragraphs = found.all.map { ControlParagraph($0) }
  if !bytes.ends(with: "\n\n"), let last = paragraphs.last, last.has("status"), !last.has("description") {
    found.note("it ends in the middle of a package")
  }
  return (paragraphs, found.damage)
}

extension Collection<UInt8> where Self: BidirectionalCollection {
  func ends(with text: String) -> Bool { suffix(text.utf8.count).elementsEqual(text.utf8) }
}

extension Substring {
  fileprivate func trimmingSuffix(_ suffix: String) -> String {
    String(hasSuffix(suffix) ? dropLast(suffix.count) : self)
  }
}
