internal import Foundation
package import Inventory

/// Ruby gems: `specifications/NAME-VERSION[-PLATFORM].gemspec`, a Ruby program in the fixed form that RubyGems writes. It
/// is read by pattern and never run. Where that gives nothing, as of one written by hand, the file's name is taken.
package struct GemReader: PackageReader {
  package let name = "gem"

  package let places = [
    "var/lib/gems/*", "usr/share/rubygems-integration/*", "usr/share/gems", "usr/lib/ruby/gems/*",
  ].flatMap { ["\($0)/specifications/*.gemspec", "\($0)/specifications/default/*.gemspec"] }

  package init() {}

  package func wants(_ path: GuestPath, size: UInt64) -> Bool {
    guard size <= 4 << 20, path.hasSuffix(".gemspec") else { return false }
    let folder = path.parent
    return folder.name == "specifications" || (folder.name == "default" && folder.parent.name == "specifications")
  }

  package func read(_ files: SystemFiles) -> PackageReading {
    var reading = PackageReading()
    for (path, data) in files.sorted(where: { wants($0, size: 0) }) {
      let fields = assignments(data)
      let named = nameAndVersion(path.name)
      guard let name = DeclaredText.line(fields["name"]) ?? named?.name,
        let version = DeclaredText.line(fields["version"]) ?? named?.version
      else {
        let reason = "it has no name or no version in the form that RubyGems writes, so it is not listed"
        reading.problems.append(.malformed(path, reason))
        continue
      }
      reading.packages.append(
        Package(
          kind: .gem, name: name, version: version, architecture: DeclaredText.line(fields["platform"]),
          repository: DeclaredText.repository(fields["source_code_uri"]), location: path))
    }
    return reading
  }

  /// A version begins with a digit and holds no hyphen (Gem::Version), a platform follows it.
  private func nameAndVersion(_ file: String) -> (name: String, version: String)? {
    guard let match = file.wholeMatch(of: /(.{1,200}?)-([0-9][0-9A-Za-z.]{0,100})(-[a-z].{0,100})?\.gemspec/) else {
      return nil
    }
    guard let name = DeclaredText.line(match.1), let version = DeclaredText.line(match.2) else { return nil }
    return (name, version)
  }

  /// The first quoted text of lines such as `s.name = "rake".freeze`, by the attribute's name; of the metadata the
  /// repository.
  private func assignments(_ data: Data) -> [String: String] {
    var fields: [String: String] = [:]
    for line in String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline) {
      guard let equals = line.firstIndex(of: "="), let dot = line[..<equals].firstIndex(of: ".") else { continue }
      let attribute = line[line.index(after: dot)..<equals].trimmingCharacters(in: .whitespaces)
      let value = line[line.index(after: equals)...]
      if attribute == "metadata" {
        let link = value.range(of: "\"source_code_uri\" => ")
        fields["source_code_uri"] = link.flatMap { quoted(value[$0.upperBound...]) }
      } else if ["name", "version", "platform"].contains(attribute), fields[attribute] == nil {
        fields[attribute] = quoted(value)
      }
    }
    return fields
  }

  /// The text between the first quote and the next of its kind.
  private func quoted(_ text: Substring) -> String? {
    guard let start = text.firstIndex(where: { $0 == "\"" || $0 == "'" }) else { return nil }
    let rest = text[text.index(after: start)...]
    return rest.firstIndex(of: text[start]).map { String(rest[..<$0]) }
  }
}
