internal import Fingerprints
internal import Foundation

/// The artifacts of finished files: folders, archives, single files.
package struct ArtifactList: Sendable {
  package var artifacts: [Artifact] = []
  /// Files that could not be taken, and why; the others were.
  package var problems: [SignatureError] = []

  package init() {}

  /// Adds a folder's regular files (links are not followed), an archive's entries, or a file.
  ///
  /// tar, zip, wheel and deb are unpacked when they are installed: their entries are artifacts. Whatever else is
  /// installed as it is (a jar too) is one artifact. Throws SignatureError where `path` cannot be read.
  package mutating func add(_ path: String) throws {
    if SignatureFiles.isFolder(path) { return try addFolder(path) }
    let name = URL(fileURLWithPath: path).lastPathComponent
    do {
      switch Container(name: name) {
      case .deb: try addDeb(path)
      case .wheel: try addArchive(path) { Self.installed(wheelEntry: $0) }
      case .archive: try addArchive(path) { $0 }
      case nil: artifacts.append(try Artifact(path: name, file: URL(fileURLWithPath: path)))
      }
    } catch let error as ArchiveError {
      throw SignatureError("read archive", path, error.description)
    } catch let error as CocoaError {
      throw SignatureError("read file", path, error.localizedDescription)
    }
  }

  private mutating func addFolder(_ path: String) throws {
    let folder = URL(fileURLWithPath: path).resolvingSymlinksInPath()
    let keys: Set<URLResourceKey> = [.isRegularFileKey]
    guard let all = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: Array(keys)) else {
      throw SignatureError("read folder", path, "it could not be read")
    }
    var files: [URL] = []
    while let file = all.nextObject() as? URL {
      if try file.resourceValues(forKeys: keys).isRegularFile == true { files.append(file) }
    }
    for file in files.sorted(by: { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }) {
      let inside = String(file.path.dropFirst(folder.path.count).drop { $0 == "/" })
      do {
        artifacts.append(try Artifact(path: inside, file: file))
      } catch {
        problems.append(SignatureError("read file", file.path, (error as NSError).localizedDescription))
      }
    }
  }

  /// A deb is an ar archive; what is installed is in its member `data.tar…` (deb(5)).
  private mutating func addDeb(_ path: String) throws {
    var data: Data?
    let limits = ArchiveLimits(entryBytes: 2 << 30)
    try ArchiveReader.entries(at: path, limits: limits) { entry, contents in
      if String(decoding: entry.path, as: UTF8.self).hasPrefix("data.tar") { data = try contents.read() }
    }
    guard let data else { throw SignatureError("read archive", path, "a deb without data.tar") }
    try ArchiveReader.entries(of: data) { try add($0, $1, archive: path) { $0 } }
  }

  private mutating func addArchive(_ path: String, _ installed: (String) -> String?) throws {
    try ArchiveReader.entries(at: path) { try add($0, $1, archive: path, installed) }
  }

  private mutating func add(
    _ entry: ArchiveEntry, _ contents: ArchiveContents, archive: String, _ installed: (String) -> String?
  ) throws {
    guard entry.kind == .file || entry.kind == .hardLink else { return }
    guard let inside = Self.inside(entry.path) else {
      let name = String(decoding: entry.path, as: UTF8.self)
      problems.append(SignatureError("read archive", archive, place: name, "not a path that can be installed"))
      return
    }
    guard let path = installed(inside) else { return }
    if entry.kind == .file {
      artifacts.append(Artifact(path: path, contents: try contents.read()))
    } else if let target = entry.linkTarget.flatMap(Self.inside).flatMap(installed),
      var first = artifacts.last(where: { $0.path == target })
    {
      // A second name of a file that came before.
      first.path = path
      artifacts.append(first)
    }
  }

  /// `./usr/bin/x` as tar likes it, without the start; nil for a way out of the root, and for what is not UTF-8.
  private static func inside(_ path: [UInt8]) -> String? {
    let names = path.split(separator: UInt8(ascii: "/")).filter { !$0.elementsEqual(".".utf8) }
    guard !names.isEmpty, !names.contains(where: { $0.elementsEqual("..".utf8) }) else { return nil }
    return String(validating: names.joined(separator: "/".utf8), as: UTF8.self)
  }

  /// Where pip installs an entry of a wheel (Binary distribution format, "Installing a wheel"): `NAME.data/SCHEME/…`
  /// goes to the scheme's folder, all else to site-packages, whose name is left out. RECORD is written anew by pip.
  static func installed(wheelEntry path: String) -> String? {
    let names = path.split(separator: "/", maxSplits: 2).map(String.init)
    if names.count == 2, names[0].hasSuffix(".dist-info"), names[1].hasPrefix("RECORD") { return nil }
    guard names.count == 3, names[0].hasSuffix(".data") else { return path }
    return switch names[1] {
    case "purelib", "platlib", "data": names[2]
    case "scripts": "bin/\(names[2])"
    case "headers": "include/\(names[2])"
    default: path
    }
  }
}

/// What is unpacked when it is installed, by its name.
private enum Container {
  case archive, deb, wheel

  private static let suffixes = [
    ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst", ".tzst", ".zip",
  ]

  init?(name: String) {
    let name = name.lowercased()
    if name.hasSuffix(".deb") {
      self = .deb
    } else if name.hasSuffix(".whl") {
      self = .wheel
    } else if Self.suffixes.contains(where: name.hasSuffix) {
      self = .archive
    } else {
      return nil
    }
  }
}
