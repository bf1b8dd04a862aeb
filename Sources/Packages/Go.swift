internal import Fingerprints
internal import Inventory

/// Go programs by their build information: the main module, and each module that was linked in.
package struct GoReader: SelfDescribedReader {
  package let name = "go"
  let kind = SelfDescription.Kind.goBuild

  package init() {}

  func packages(_ description: SelfDescription, at path: GuestPath) -> [Package] {
    let parts = componentPackages(description, kind: .go, at: path)
    guard let name = DeclaredText.line(description.name) else { return parts }
    let main = Package(
      kind: .go, name: name, version: DeclaredText.line(description.version) ?? "",
      revision: DeclaredText.revision(description.revision), location: path, files: [PackageFile(path: path)])
    return [main] + parts
  }
}
