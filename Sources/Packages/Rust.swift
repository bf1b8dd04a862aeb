internal import Fingerprints
internal import Inventory

/// Rust programs by their embedded list of crates (`cargo auditable`); the program's own crate is one of them.
package struct RustReader: SelfDescribedReader {
  package let name = "cargo"
  let kind = SelfDescription.Kind.rustAudit

  package init() {}

  func packages(_ description: SelfDescription, at path: GuestPath) -> [Package] {
    var packages = componentPackages(description, kind: .cargo, at: path)
    guard let name = DeclaredText.line(description.name), let version = DeclaredText.line(description.version) else {
      return packages
    }
    packages.removeAll { $0.name == name && $0.version == version }
    let own = Package(
      kind: .cargo, name: name, version: version, revision: DeclaredText.revision(description.revision),
      location: path, files: [PackageFile(path: path)])
    return [own] + packages
  }
}
