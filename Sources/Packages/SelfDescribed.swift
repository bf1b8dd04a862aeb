internal import Fingerprints
internal import Inventory

/// A reader of what executables say of themselves. It wants no file: the scanner has read the binaries by then.
protocol SelfDescribedReader: PackageReader {
  var kind: SelfDescription.Kind { get }
  func packages(_ description: SelfDescription, at path: GuestPath) -> [Package]
}

extension SelfDescribedReader {
  package func wants(_ path: GuestPath, size: UInt64) -> Bool { false }

  package func read(_ files: SystemFiles) -> PackageReading {
    PackageReading(packages: files.descriptions(kind).flatMap { packages($1, at: $0) })
  }
}

extension SystemFiles {
  /// What executables say in one place, in the order of the paths.
  func descriptions(_ kind: SelfDescription.Kind) -> [(path: GuestPath, description: SelfDescription)] {
    fingerprints.filter { $0.value.descriptions.contains { $0.kind == kind } }.sorted { $0.key < $1.key }
      .flatMap { path, fingerprint in fingerprint.descriptions.filter { $0.kind == kind }.map { (path, $0) } }
  }
}

/// The parts that an executable says it was built from, as packages found in it.
func componentPackages(_ description: SelfDescription, kind: PackageKind, at path: GuestPath) -> [Package] {
  var seen = Set<SelfDescription.Component>()
  return description.components.filter { seen.insert($0).inserted }.compactMap { component in
    guard let name = DeclaredText.line(component.name), let version = DeclaredText.line(component.version) else {
      return nil
    }
    return Package(kind: kind, name: name, version: version, location: path)
  }
}
