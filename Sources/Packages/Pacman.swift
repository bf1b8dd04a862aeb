internal import Foundation
package import Inventory

/// Packages of pacman (Arch Linux): a folder each in `var/lib/pacman/local`, in it `desc` and `files`, sections of a
/// line `%NAME%`, lines of values, and an empty line (libalpm's be_local.c).
package struct PacmanReader: PackageReader {
  package let name = "pacman"

  private static let local = GuestPath("var/lib/pacman/local")
  private static let prefix = local.bytes

  package let places = [local.lossy + "/*/desc"]

  package init() {}

  package func wants(_ path: GuestPath, size: UInt64) -> Bool {
    path.bytes.starts(with: Self.prefix) && ["desc", "files"].contains(path.name) && size <= 64 << 20
      && path.parent.parent == Self.local
  }

  package func recordsMD5(_ path: GuestPath) -> Bool { path.name == "files" }

  /// pacman itself takes name and version from the directory's name (libalpm's be_local.c): where `desc` is missing or
  /// broken the package is listed all the same.
  package func read(_ files: SystemFiles) -> PackageReading {
    var reading = PackageReading()
    for folder in Set(files.contents.keys.filter { wants($0, size: 0) }.map(\.parent)).sorted() {
      let path = folder.appending("desc")
      let fields = sections(files.contents[path].map { [UInt8]($0) } ?? [])
      let named = nameAndVersion(folder.name)
      let isWhole = ["NAME", "VERSION"].allSatisfy { value($0, fields) != nil }
      guard let name = value("NAME", fields) ?? named?.name,
        let version = isWhole ? value("VERSION", fields) : named?.version
      else {
        reading.problems.append(.damagedDatabase(path, "it has no name or no version; all other packages are listed"))
        continue
      }
      if !isWhole {
        let reason = "it is missing or has no name or no version, so name and version are those of the directory's name"
        reading.remarks.append(.damagedDatabase(path, reason))
      }
      let source = value("BASE", fields)
      reading.packages.append(
        Package(
          kind: .pacman, name: name, version: version, architecture: value("ARCH", fields), sourceName: source,
          sourceVersion: source == nil ? nil : version, vendor: value("PACKAGER", fields), location: path,
          files: packageFiles(files.contents[folder.appending("files")].map { [UInt8]($0) } ?? [], files)))
    }
    return reading
  }

  /// `NAME-VERSION-RELEASE`: a name may hold hyphens, version and release may not.
  private func nameAndVersion(_ folder: String) -> (name: String, version: String)? {
    let parts = folder.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count >= 3, parts.allSatisfy({ !$0.isEmpty }),
      let name = declaredText(parts.dropLast(2).joined(separator: "-"))
    else { return nil }
    return (name, parts.suffix(2).joined(separator: "-"))
  }

  /// Folders end in a slash. `%BACKUP%` names what people change: path, tab, MD5.
  private func packageFiles(_ list: [UInt8], _ system: SystemFiles) -> [PackageFile] {
    let fields = sections(list)
    var backups: [GuestPath: String] = [:]
    for line in fields["BACKUP"] ?? [] {
      guard let tab = line.lastIndex(of: UInt8(ascii: "\t")), let path = GuestPath(declared: line[..<tab]) else {
        continue
      }
      backups[path] = md5(line[(tab + 1)...]) ?? ""
    }
    return (fields["FILES"] ?? []).compactMap { line in
      guard line.last != UInt8(ascii: "/"), let path = GuestPath(declared: line) else { return nil }
      let digest = backups[path].flatMap { $0.isEmpty ? nil : $0 }
      return PackageFile(
        path: system.located(path), algorithm: digest == nil ? nil : .md5, digest: digest,
        isConfiguration: backups[path] != nil)
    }
  }

  private func value(_ name: String, _ fields: [String: [ArraySlice<UInt8>]]) -> String? {
    fields[name]?.first.flatMap { declaredText($0) }
  }

  private func sections(_ bytes: [UInt8]) -> [String: [ArraySlice<UInt8>]] {
    var sections: [String: [ArraySlice<UInt8>]] = [:]
    for section in lines(of: bytes).split(whereSeparator: \.isEmpty) {
      guard let title = section.first, title.count > 2, title.first == UInt8(ascii: "%"),
        title.last == UInt8(ascii: "%")
      else { continue }
      sections[String(decoding: title.dropFirst().dropLast(), as: UTF8.self)] = Array(section.dropFirst())
    }
    return sections
  }
}
