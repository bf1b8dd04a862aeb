internal import Foundation
internal import Inventory

/// What one Java archive says of itself, taken out of its entries.
struct JarContents {
  /// `META-INF/MANIFEST.MF` (JAR File Specification), keys in small letters.
  var manifest: [String: String] = [:]
  /// Each `META-INF/maven/GROUP/ARTIFACT/pom.properties`; more than one where others were put into it.
  var poms: [[String: String]] = []
  /// `git.properties`, as build plugins write it.
  var git: [String: String] = [:]

  /// Whether an entry says anything.
  static func wants(_ path: GuestPath) -> Bool {
    path == "META-INF/MANIFEST.MF" || path.name == "git.properties"
      || (path.hasPrefix("META-INF/maven/") && path.hasSuffix("/pom.properties"))
  }

  mutating func add(_ path: GuestPath, _ data: Data) {
    if path == "META-INF/MANIFEST.MF" {
      manifest = DeclaredText.header(data)
    } else if path.name == "git.properties" {
      git = DeclaredText.properties(data)
    } else {
      poms.append(DeclaredText.properties(data))
    }
  }

  /// The archive itself first, then what was put into it.
  ///
  /// Maven's coordinates of the archive itself are those whose artifact the file is named after, or that have the
  /// manifest's version; else the archive goes by its manifest, and every pom.properties is of something put into it.
  func packages(fileName: String, at path: GuestPath) -> [Package] {
    func text(_ keys: String...) -> String? { keys.lazy.compactMap { DeclaredText.line(manifest[$0]) }.first }
    let version = text("implementation-version", "bundle-version")
    var packages = poms.compactMap { pom -> Package? in
      guard let group = DeclaredText.line(pom["groupId"]), let artifact = DeclaredText.line(pom["artifactId"]),
        let version = DeclaredText.line(pom["version"])
      else { return nil }
      return Package(kind: .jar, name: "\(group):\(artifact)", version: version, location: path)
    }
    packages.sort { ($0.name, $0.version) < ($1.name, $1.version) }
    let named = packages.indices.filter { place in
      let artifact = packages[place].name.drop { $0 != ":" }.dropFirst()
      return fileName.hasPrefix(artifact + "-") || fileName.hasPrefix(artifact + ".")
    }.max { packages[$0].name.count < packages[$1].name.count }
    if let own = named ?? packages.firstIndex(where: { $0.version == version }) {
      packages.swapAt(0, own)
    } else if let version,
      let name = text("bundle-symbolicname", "automatic-module-name", "implementation-title")
    {
      let bare = String(name.prefix { $0 != ";" })
      packages.insert(Package(kind: .jar, name: bare, version: version, location: path), at: 0)
    } else {
      return packages
    }
    packages[0].vendor = text("implementation-vendor", "bundle-vendor")
    packages[0].revision = DeclaredText.revision(git["git.commit.id"] ?? git["git.commit.id.full"])
    packages[0].repository = DeclaredText.repository(git["git.remote.origin.url"])
    packages[0].files = [PackageFile(path: path)]
    return packages
  }
}
