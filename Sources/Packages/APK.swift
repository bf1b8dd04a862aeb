internal import Fingerprints
internal import Foundation
package import Inventory

/// Packages of apk (Alpine): paragraphs of `letter:value` lines, a package's files after it (apk-package(5), and the
/// installed database of apk-tools).
///
///     P name   V version   A architecture   o source package   m maintainer   c commit of the build description
///     F folder, then for each file in it:   R name   a owner and mode   Z "Q1" and SHA-1, or "Q2" and SHA-256, in
/// base64
package struct APKReader: PackageReader {
  package let name = "apk"

  private static let databases: [GuestPath] = ["lib/apk/db/installed", "usr/lib/apk/db/installed"]

  package let places = databases.map(\.lossy)

  package init() {}

  package func wants(_ path: GuestPath, size: UInt64) -> Bool {
    Self.databases.contains(path) && size <= 256 << 20
  }

  package func read(_ files: SystemFiles) -> PackageReading {
    var reading = PackageReading()
    for path in Self.databases {
      if let data = files.contents[path] { readDatabase([UInt8](data), at: path, files, into: &reading) }
    }
    return reading
  }

  private func readDatabase(
    _ bytes: [UInt8], at path: GuestPath, _ files: SystemFiles, into reading: inout PackageReading
  ) {
    var paragraphs = Paragraphs(bytes, first: "P:")
    // apk ends every paragraph with an empty line.
    if !bytes.isEmpty, !bytes.ends(with: "\n\n") { paragraphs.note("it ends in the middle of a package") }
    var broken = BrokenPackages()
    for paragraph in paragraphs.all {
      if let package = package(paragraph, at: path, files) {
        reading.packages.append(package)
      } else {
        broken.add("has no name or no version", name: nil, before: reading.packages.last?.name)
      }
    }
    if let reason = broken.reason(paragraphs.damage) { reading.problems.append(.damagedDatabase(path, reason)) }
  }

  private func package(
    _ lines: [ArraySlice<UInt8>], at location: GuestPath, _ system: SystemFiles
  ) -> Package? {
    var fields: [UInt8: String] = [:]
    var files: [PackageFile] = []
    var folder: [UInt8] = []
    for line in lines where line.dropFirst().first == UInt8(ascii: ":") {
      let value = line.dropFirst(2)
      switch line.first {
      case UInt8(ascii: "F"): folder = Array(value)
      case UInt8(ascii: "R"):
        // A file whose path is refused still takes the lines that follow it, hence the empty one.
        let path = GuestPath(declared: (folder + [UInt8(ascii: "/")] + value)[...])
        files.append(file(at: path.map(system.located) ?? ""))
      case UInt8(ascii: "a"):
        // A link, whose sum is that of its target's name; a regular file with these rights is in the list.
        if value.ends(with: ":777"), let last = files.last, !system.list.contains(last.path) {
          files[files.count - 1].path = ""
        }
      case UInt8(ascii: "Z"): if !files.isEmpty { addDigest(value, to: &files[files.count - 1]) }
      case let letter?: fields[letter] = fields[letter] ?? declaredText(value)
      case nil: break
      }
    }
    guard let name = fields[UInt8(ascii: "P")], let version = fields[UInt8(ascii: "V")] else { return nil }
    let source = fields[UInt8(ascii: "o")]
    return Package(
      kind: .apk, name: name, version: version, architecture: fields[UInt8(ascii: "A")], sourceName: source,
      sourceVersion: source == nil ? nil : version, vendor: fields[UInt8(ascii: "m")],
      revision: fields[UInt8(ascii: "c")], location: location, files: files.filter { $0.path != "" })
  }

  /// apk keeps people's changes below `etc`, its default protected path.
  private func file(at path: GuestPath) -> PackageFile {
    PackageFile(path: path, isConfiguration: path.bytes.starts(with: "etc/".utf8))
  }

  private func addDigest(_ value: ArraySlice<UInt8>, to file: inout PackageFile) {
    let kinds: [String: (PackageFile.Algorithm, Int)] = ["Q1": (.sha1, 20), "Q2": (.sha256, 32)]
    guard let (algorithm, count) = kinds[String(decoding: value.prefix(2), as: UTF8.self)],
      let digest = Data(base64Encoded: Data(value.dropFirst(2))), digest.count == count
    else { return }
    file.algorithm = algorithm
    file.digest = digest.hex
  }
}
