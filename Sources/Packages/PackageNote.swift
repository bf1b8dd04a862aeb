internal import Fingerprints
package import Inventory

/// ELF files by their package note (systemd, "Package Metadata for Executable Files"): the distribution's package that
/// they were built for. Files of the same package are put together.
package struct PackageNoteReader: PackageReader {
  package let name = "note"

  package init() {}

  package func wants(_ path: GuestPath, size: UInt64) -> Bool { false }

  package func read(_ files: SystemFiles) -> PackageReading {
    var packages: [Package] = []
    var places: [Package: Int] = [:]
    for (path, description) in files.descriptions(.packageNote) {
      guard let name = DeclaredText.line(description.name), let version = DeclaredText.line(description.version) else {
        continue
      }
      let system = [description.fields["os"], description.fields["osVersion"]].compactMap { DeclaredText.line($0) }
      let package = Package(
        kind: .note, name: name, version: version, architecture: DeclaredText.line(description.fields["architecture"]),
        vendor: system.isEmpty ? nil : system.joined(separator: " "), location: "")
      let place = places[package] ?? packages.count
      if place == packages.count {
        places[package] = place
        packages.append(package)
        packages[place].location = path
      }
      packages[place].files.append(PackageFile(path: path))
    }
    return PackageReading(packages: packages)
  }
}
