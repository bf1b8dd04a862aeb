internal import Foundation
package import Inventory

/// Node packages: `package.json` directly below `node_modules/NAME` or `node_modules/@SCOPE/NAME`. Other such files
/// belong to parts, tests and examples of a package.
package struct NPMReader: PackageReader {
  package let name = "npm"

  package let places = ["usr/lib", "usr/local/lib"].map { $0 + "/node_modules/*/package.json" }

  package init() {}

  package func wants(_ path: GuestPath, size: UInt64) -> Bool {
    guard size <= 4 << 20, path.hasSuffix("/package.json") else { return false }
    let folder = path.parent.parent
    return folder.name == "node_modules" || (folder.name.hasPrefix("@") && folder.parent.name == "node_modules")
  }

  /// One package for each name and version, at the place nearest to the root: the same one is often there many times.
  package func read(_ files: SystemFiles) -> PackageReading {
    var reading = PackageReading()
    var seen = Set<[String]>()
    let manifests = files.sorted { wants($0, size: 0) }
      .sorted { ($0.path.names.count, $0.path) < ($1.path.names.count, $1.path) }
    for (path, data) in manifests {
      let manifest = DeclaredText.object(data)
      guard let name = DeclaredText.line(manifest?["name"] as? String),
        let version = DeclaredText.line(manifest?["version"] as? String)
      else {
        reading.problems.append(.malformed(path, "no name and version"))
        continue
      }
      guard seen.insert([name, version]).inserted else { continue }
      let repository = manifest?["repository"]
      let url = repository as? String ?? (repository as? [String: Any])?["url"] as? String
      reading.packages.append(
        Package(
          kind: .npm, name: name, version: version, revision: DeclaredText.revision(manifest?["gitHead"] as? String),
          repository: DeclaredText.repository(url.map(expand)), location: path))
    }
    return reading
  }

  /// `OWNER/NAME` and `github:OWNER/NAME` are short for a repository at GitHub (npm documentation, package.json).
  private func expand(_ repository: String) -> String {
    let short = repository.hasPrefix("github:") ? String(repository.dropFirst(7)) : repository
    let parts = short.split(separator: "/", omittingEmptySubsequences: false)
    let isShort = parts.count == 2 && parts.allSatisfy { !$0.isEmpty && !$0.contains(":") && !$0.contains("@") }
    return isShort ? "https://github.com/" + short : repository
  }
}
