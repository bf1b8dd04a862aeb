internal import Fingerprints
internal import Foundation
package import Inventory

/// Python distributions: `NAME-VERSION.dist-info` folders (PyPA, "Recording installed projects"; PEP 376, 610), the older
/// `.egg-info`, a folder or a single file, and `.egg`, a folder or an archive.
package struct PythonReader: PackageReader {
  package let name = "pypi"

  package let places = [
    "usr/lib/python*/*-packages", "usr/lib64/python*/*-packages", "usr/local/lib/python*/*-packages",
    "Program Files*/Python*/Lib/site-packages",
  ].flatMap { ["\($0)/*.dist-info/METADATA", "\($0)/*.egg-info/PKG-INFO", "\($0)/*.egg-info"] }

  package init() {}

  package func wants(_ path: GuestPath, size: UInt64) -> Bool {
    guard size <= 32 << 20,
      path.hasSuffix("METADATA") || path.hasSuffix("RECORD") || path.hasSuffix(".json")
        || path.hasSuffix("PKG-INFO") || path.hasSuffix(".egg-info") || path.hasSuffix("installed-files.txt")
        || path.hasSuffix(".egg")
    else { return false }
    let folder = path.parent
    switch path.name {
    case "METADATA", "RECORD", "direct_url.json": return folder.hasSuffix(".dist-info")
    case "PKG-INFO": return folder.hasSuffix(".egg-info") || folder.hasSuffix("EGG-INFO")
    case "installed-files.txt": return folder.hasSuffix(".egg-info")
    case let name where name.hasSuffix(".egg"): return folder.hasSuffix("-packages")
    default: return path.hasSuffix(".egg-info")
    }
  }

  package func read(_ files: SystemFiles) -> PackageReading {
    var reading = PackageReading()
    for (path, data) in metadata(files, &reading) {
      let fields = DeclaredText.header(data ?? Data())
      let named = Self.nameAndVersion(of: path)
      let stated = (name: DeclaredText.line(fields["name"]), version: DeclaredText.line(fields["version"]))
      guard let name = stated.name ?? named?.name, let version = stated.version ?? named?.version else {
        reading.problems.append(.malformed(path, "it states no name or no version, so it is not listed"))
        continue
      }
      if stated.name == nil || stated.version == nil {
        let reason = "it is missing or states no name or no version, so they are taken from the path"
        reading.remarks.append(.malformed(path, reason))
      }
      var package = Package(kind: .pypi, name: name, version: version, location: path)
      let folder = path.parent
      if let record = files.contents[folder.appending("RECORD")] {
        package.files = recordedFiles(record, sitePackages: folder.parent)
      } else if let list = files.contents[folder.appending("installed-files.txt")] {
        package.files = String(decoding: list, as: UTF8.self).split(whereSeparator: \.isNewline)
          .compactMap { folder.resolving($0) }.map { PackageFile(path: $0) }
      }
      if let origin = files.contents[folder.appending("direct_url.json")] { addOrigin(origin, to: &package) }
      reading.packages.append(package)
    }
    return reading
  }

  /// What states name and version, of each distribution, in the order of the paths: nil where only the record is there.
  private func metadata(_ files: SystemFiles, _ reading: inout PackageReading) -> [(path: GuestPath, data: Data?)] {
    var found: [GuestPath: Data?] = [:]
    for (path, data) in files.contents where wants(path, size: 0) {
      switch path.name {
      case "RECORD":
        let metadata = path.parent.appending("METADATA")
        if files.contents[metadata] == nil { found.updateValue(nil, forKey: metadata) }
      case let name where name.hasSuffix(".egg"): found.updateValue(packed(data, path, &reading), forKey: path)
      case let name where ["METADATA", "PKG-INFO"].contains(name) || name.hasSuffix(".egg-info"):
        found.updateValue(data, forKey: path)
      default: break
      }
    }
    return found.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  /// `EGG-INFO/PKG-INFO` of an egg that is an archive (setuptools, "The Internal Structure of Python Eggs").
  private func packed(_ data: Data, _ path: GuestPath, _ reading: inout PackageReading) -> Data? {
    var metadata: Data?
    do {
      try ArchiveReader.entries(of: data, limits: ArchiveLimits(entries: 200_000, totalBytes: 16 << 20)) {
        if metadata == nil, $0.path == Array("EGG-INFO/PKG-INFO".utf8) { metadata = try $1.read() }
      }
    } catch {
      reading.remarks.append(.unreadArchive(path, "\(error); name and version are those of the file's name"))
    }
    return metadata
  }

  /// `NAME-VERSION.dist-info`, `NAME-VERSION[-pyX.Y[-PLATFORM]].egg-info` and `.egg`: neither name nor version holds a
  /// hyphen, which is escaped there (PyPA, "Recording installed projects").
  private static func nameAndVersion(of path: GuestPath) -> (name: String, version: String)? {
    for name in [path.parent.parent.name, path.parent.name, path.name].reversed() {
      guard let suffix = [".dist-info", ".egg-info", ".egg"].first(where: name.hasSuffix) else { continue }
      let parts = name.dropLast(suffix.count).split(separator: "-", omittingEmptySubsequences: false)
      guard parts.count >= 2, let name = DeclaredText.line(parts[0]), let version = DeclaredText.line(parts[1]) else {
        return nil
      }
      return (name, version)
    }
    return nil
  }

  /// PEP 610: where it was installed from, when that was not an index by name.
  private func addOrigin(_ data: Data, to package: inout Package) {
    guard let origin = DeclaredText.object(data), let source = origin["vcs_info"] as? [String: Any] else { return }
    package.revision = DeclaredText.revision(source["commit_id"] as? String)
    package.repository = DeclaredText.repository(origin["url"] as? String)
  }
}

/// RECORD: lines of `path,algorithm=digest,size`, the digest in base64 for URLs without padding, the path relative to the
/// folder that holds the packages, quoted as in CSV where needed.
func recordedFiles(_ data: Data, sitePackages: GuestPath) -> [PackageFile] {
  String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline).compactMap { line in
    // The last two fields hold no comma and no quote, so the path is what stands before them.
    guard let last = line.lastIndex(of: ","), let first = line[..<last].lastIndex(of: ",") else { return nil }
    var name = String(line[..<first])
    if name.count >= 2, name.hasPrefix("\""), name.hasSuffix("\"") {
      name = String(name.dropFirst().dropLast()).replacing("\"\"", with: "\"")
    }
    guard let path = sitePackages.resolving(name) else { return nil }
    let digest = recordedDigest(line[line.index(after: first)..<last])
    return PackageFile(path: path, algorithm: digest?.algorithm, digest: digest?.value)
  }
}

/// `sha256=…` in hexadecimal; nil where the algorithm is unknown or the length does not fit it.
private func recordedDigest(_ text: Substring) -> (algorithm: PackageFile.Algorithm, value: String)? {
  let parts = text.split(separator: "=", maxSplits: 1)
  guard parts.count == 2, let algorithm = PackageFile.Algorithm(rawValue: parts[0].lowercased()) else { return nil }
  var base64 = parts[1].replacing("-", with: "+").replacing("_", with: "/").filter { $0 != "=" }
  base64 += String(repeating: "=", count: (4 - base64.count % 4) % 4)
  let lengths: [PackageFile.Algorithm: Int] = [
    .md5: 16, .sha1: 20, .sha224: 28, .sha256: 32, .sha384: 48, .sha512: 64,
  ]
  guard let bytes = Data(base64Encoded: base64), bytes.count == lengths[algorithm] else { return nil }
  return (algorithm, bytes.hex)
}
