internal import Foundation
package import Inventory

/// Ruby gems: `specifications/NAME-VERSION[-PLATFORM].gemspec`, a Ruby program in the fixed form that RubyGems writes. It
/// is read by pattern and never run.
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
      guard let name = DeclaredText.line(fields["name"]), let version = DeclaredText.line(fields["version"]) else {
        reading.problems.append(.malformed(path, "no name and version in the form that RubyGems writes"))
        continue
      }
      reading.packages.append(
        Package(
          kind: .gem, name: name, version: version, architecture: DeclaredText.line(fields["platform"]),
          repository: DeclaredText.repository(fields["source_code_uri"]), location: path))
    }
    return reading
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
