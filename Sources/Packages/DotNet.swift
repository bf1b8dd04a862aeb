internal import Fingerprints
internal import Foundation
package import Inventory

/// .NET programs: `NAME.deps.json` lists the packages that a program was published with and its own projects; an assembly
/// that no such list names speaks for itself.
package struct DotNetReader: PackageReader {
  package let name = "nuget"

  package init() {}

  package func wants(_ path: GuestPath, size: UInt64) -> Bool { size <= 16 << 20 && path.hasSuffix(".deps.json") }

  package func read(_ files: SystemFiles) -> PackageReading {
    var reading = PackageReading()
    for (path, data) in files.sorted(where: { wants($0, size: 0) }) {
      guard let document = DeclaredText.object(data) else {
        reading.problems.append(
          .malformed(path, "it is no JSON object, so the libraries of this program are not listed"))
        continue
      }
      // Without libraries: a program that has none, or a file of another kind.
      let libraries = document["libraries"] as? [String: Any] ?? [:]
      reading.packages += packages(libraries, assets(document), at: path, files.list)
    }
    let listed = Set(reading.packages.flatMap { $0.files.map(\.path) })
    reading.packages += files.descriptions(.dotnetAssembly).compactMap { path, description in
      let resources = files.fingerprints[path]?.descriptions.filter { $0.kind == .versionResource } ?? []
      return listed.contains(path) || resources.contains { isOfWindows(path, $0) } ? nil : assembly(description, path)
    }
    return reading
  }

  /// `libraries` is keyed by `NAME/VERSION`; its type is `package`, `project`, or a part of the framework.
  private func packages(
    _ libraries: [String: Any], _ assets: [String: [String]], at path: GuestPath, _ list: Set<GuestPath>
  ) -> [Package] {
    libraries.keys.sorted().compactMap { key in
      let parts = key.split(separator: "/", maxSplits: 1)
      guard parts.count == 2, let type = (libraries[key] as? [String: Any])?["type"] as? String,
        ["package", "project", "runtimepack"].contains(type),
        let name = DeclaredText.line(parts[0]), let version = DeclaredText.line(parts[1])
      else { return nil }
      let files = (assets[key] ?? []).compactMap { path.parent.resolving($0) }.filter(list.contains)
      return Package(
        kind: .nuget, name: name, version: version, location: path, files: files.map { PackageFile(path: $0) })
    }
  }

  /// The files of each library, relative to the program's folder. Publishing puts `lib/net8.0/A.dll` and native files
  /// beside the program, `lib/net8.0/de/A.resources.dll` below the language, and keeps the paths of `runtimeTargets`.
  private func assets(_ document: [String: Any]) -> [String: [String]] {
    let target = (document["runtimeTarget"] as? [String: Any])?["name"] as? String ?? ""
    let libraries = (document["targets"] as? [String: Any])?[target] as? [String: Any] ?? [:]
    return libraries.compactMapValues { library in
      guard let library = library as? [String: Any] else { return nil }
      func paths(_ group: String) -> [String] { (library[group] as? [String: Any])?.keys.sorted() ?? [] }
      func ends(_ group: String, names: Int) -> [String] {
        paths(group).map { $0.split(separator: "/").suffix(names).joined(separator: "/") }
      }
      return ends("runtime", names: 1) + ends("native", names: 1) + ends("resources", names: 2)
        + paths("runtimeTargets")
    }
  }

  private func assembly(_ description: SelfDescription, _ path: GuestPath) -> Package? {
    guard let name = DeclaredText.line(description.name), let version = DeclaredText.line(description.version) else {
      return nil
    }
    return Package(
      kind: .nuget, name: name, version: version, revision: DeclaredText.revision(description.revision),
      location: path, files: [PackageFile(path: path)])
  }
}
