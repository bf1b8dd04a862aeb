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
  /// Both are optional in modules that are not published (npm documentation, package.json).
  package func read(_ files: SystemFiles) -> PackageReading {
    var reading = PackageReading()
    var (seen, unlisted) = (Set<[String]>(), [GuestPath]())
    let manifests = files.sorted { wants($0, size: 0) }
      .sorted { ($0.path.names.count, $0.path) < ($1.path.names.count, $1.path) }
    for (path, data) in manifests {
      guard let manifest = DeclaredText.object(data) else {
        let broken = Problem.malformed(path, "it is no JSON object, so the version of this module is unknown")
        if isInstalled(path) { reading.problems.append(broken) } else { reading.remarks.append(broken) }
        continue
      }
      guard let name = DeclaredText.line(manifest["name"] as? String),
        let version = DeclaredText.line(manifest["version"] as? String)
      else {
        unlisted.append(path)
        continue
      }
      guard seen.insert([name, version]).inserted else { continue }
      let repository = manifest["repository"]
      let url = repository as? String ?? (repository as? [String: Any])?["url"] as? String
      reading.packages.append(
        Package(
          kind: .npm, name: name, version: version, revision: DeclaredText.revision(manifest["gitHead"] as? String),
          repository: DeclaredText.repository(url.map(expand)), location: path))
    }
    reading.remarks += Problem.unlisted(unlisted, "modules")
    return reading
  }

  /// Whether every `node_modules` on the way lies where package managers put it: directly below a module, or below a
  /// directory for one in a store (`.pnpm/NAME@VERSION`). Those elsewhere in a module are its examples and test data,
  /// some of them broken on purpose.
  private func isInstalled(_ path: GuestPath) -> Bool {
    let parts = path.names.split(separator: "node_modules", omittingEmptySubsequences: false)
    return parts.dropFirst().dropLast().allSatisfy { names in
      names.count == 1 || (names.count == 2 && names.first?.first.map { "@.".contains($0) } == true)
    }
  }

  /// `OWNER/NAME` and `github:OWNER/NAME` are short for a repository at GitHub (npm documentation, package.json).
  private func expand(_ repository: String) -> String {
    let short = repository.hasPrefix("github:") ? String(repository.dropFirst(7)) : repository
    let parts = short.split(separator: "/", omittingEmptySubsequences: false)
    let isShort = parts.count == 2 && parts.allSatisfy { !$0.isEmpty && !$0.contains(":") && !$0.contains("@") }
    return isShort ? "https://github.com/" + short : repository
  }
}
