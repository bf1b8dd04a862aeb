internal import Fingerprints
package import Inventory

/// Windows programs by the version resources of their executables: one for each product, version and company in a folder
/// tree, with the files that say so. What Microsoft put below the Windows folder is the system, and left out.
package struct VersionResourceReader: PackageReader {
  package let name = "version resource"

  package init() {}

  package func wants(_ path: GuestPath, size: UInt64) -> Bool { false }

  package func read(_ files: SystemFiles) -> PackageReading {
    var packages: [Package] = []
    var places: [[String]: Int] = [:]
    for (path, description) in files.descriptions(.versionResource) where !isOfWindows(path, description) {
      let fields = description.fields
      guard let name = DeclaredText.line(fields["ProductName"]) ?? DeclaredText.line(description.name) else { continue }
      let version = DeclaredText.line(fields["ProductVersion"]) ?? DeclaredText.line(description.version) ?? ""
      let vendor = DeclaredText.line(fields["CompanyName"])
      // `Program Files/NAME`, `Users/NAME`, …: the same product may be there twice, each with its own files.
      let tree = path.parent.names.prefix(2).map { $0.lowercased() }
      let key = [name, version, vendor ?? ""] + tree
      let place = places[key] ?? packages.count
      if place == packages.count {
        places[key] = place
        packages.append(Package(kind: .windows, name: name, version: version, vendor: vendor, location: path))
      }
      packages[place].files.append(PackageFile(path: path))
    }
    return PackageReading(packages: packages)
  }
}

/// Whether a file is part of Windows itself: below its folder, and Microsoft's by its own word.
func isOfWindows(_ path: GuestPath, _ description: SelfDescription) -> Bool {
  let top = path.names.first?.lowercased()
  let company = description.fields["CompanyName"]?.lowercased() ?? ""
  return (top == "windows" || top == "winnt") && company.hasPrefix("microsoft")
}
