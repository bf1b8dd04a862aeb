internal import Fingerprints
internal import Foundation
package import Inventory

/// Packages of dpkg: `status`, or one file a package in `status.d` (distroless images), with the file lists and MD5
/// sums in `info` (deb-control(5), dpkg-query(1)).
package struct DPKGReader: PackageReader {
  package let name = "dpkg"

  private static let folder = Array("var/lib/dpkg/".utf8)
  private static let status = GuestPath("var/lib/dpkg/status")
  private static let diversions = GuestPath("var/lib/dpkg/diversions")
  private static let info = GuestPath("var/lib/dpkg/info")
  private static let statusParts = GuestPath("var/lib/dpkg/status.d")

  package let places = [status.lossy, statusParts.lossy + "/*"]

  package init() {}

  package func wants(_ path: GuestPath, size: UInt64) -> Bool {
    guard path.bytes.starts(with: Self.folder), size <= 256 << 20 else { return false }
    switch path.parent {
    case Self.info: return path.bytes.ends(with: ".list") || path.bytes.ends(with: ".md5sums")
    case Self.statusParts: return true
    default: return path == Self.status || path == Self.diversions
    }
  }

  package func recordsMD5(_ path: GuestPath) -> Bool {
    path == Self.status || path.bytes.ends(with: ".md5sums")
  }

  package func read(_ files: SystemFiles) -> PackageReading {
    var reading = PackageReading()
    let diversions = DPKGDiversions(files.contents[Self.diversions].map { [UInt8]($0) } ?? [])
    if let status = files.contents[Self.status] {
      readStatus([UInt8](status), at: Self.status, files, diversions, into: &reading)
    }
    let parts = files.contents.filter { $0.key.parent == Self.statusParts && !$0.key.bytes.ends(with: ".md5sums") }
    for (path, data) in parts.sorted(by: { $0.key < $1.key }) {
      readStatus([UInt8](data), at: path, files, diversions, into: &reading)
    }
    return reading
  }

  private func readStatus(
    _ bytes: [UInt8], at path: GuestPath, _ files: SystemFiles, _ diversions: DPKGDiversions,
    into reading: inout PackageReading
  ) {
    // A part is a control file: no state, and nothing marks its end.
    let isPart = path != Self.status
    let (paragraphs, damage) = controlParagraphs(isPart ? bytes + [0x0A] : bytes)
    var (broken, half, stateless) = (BrokenPackages(), [String](), [String]())
    var before: String?
    for paragraph in paragraphs {
      let name = paragraph.text("package")
      defer { before = name ?? before }
      switch isPart ? .unpacked : paragraph.state {
      case .unpacked:
        guard var package = paragraph.package(in: path) else {
          broken.add(name == nil ? "has no name" : "has no version", name: name, before: before)
          continue
        }
        package.files = packageFiles(of: package, paragraph, files, diversions)
        reading.packages.append(package)
      case .halfInstalled: half.append(name ?? "?")
      case .absent:
        if let name, !paragraph.has("status") { stateless.append(name) }
        if name == nil { broken.add("has no name", name: nil, before: before) }
      case .unknown: broken.add("has no state that dpkg knows", name: name, before: before)
      }
    }
    if let reason = broken.reason(isPart ? nil : damage) { reading.problems.append(.damagedDatabase(path, reason)) }
    reading.remarks += uncounted(half, "half-installed", at: path) + uncounted(stateless, "without a Status", at: path)
  }

  /// A remark on packages that do not count as installed and may have files on the disk all the same.
  private func uncounted(_ names: [String], _ state: String, at path: GuestPath) -> [Problem] {
    if names.isEmpty { return [] }
    let some = names.prefix(8).joined(separator: ", ") + (names.count > 8 ? ", …" : "")
    let reason = "\(names.count) \(names.count == 1 ? "package is" : "packages are") \(state) and not listed: \(some)"
    return [Problem(code: "unlisted", operation: "read package database", subject: path.description, reason: reason)]
  }

  /// What `info` lists for a package, changeable files with the sums of the status file. Lists hold folders and links
  /// too: kept is what has a sum or is a regular file of the system.
  private func packageFiles(
    of package: Package, _ paragraph: ControlParagraph, _ files: SystemFiles, _ diversions: DPKGDiversions
  ) -> [PackageFile] {
    let sums = md5Sums(infoFile(of: package, "md5sums", files) ?? [])
    let settings = paragraph.configurationFiles
    let listed = lines(of: infoFile(of: package, "list", files) ?? []).compactMap { GuestPath(declared: $0) }
    // Distroless images have sums only.
    let paths = listed.isEmpty ? (Array(sums.keys) + settings.keys).sorted() : listed
    var seen = Set<GuestPath>()
    return paths.compactMap { path in
      guard seen.insert(path).inserted else { return nil }
      let place = files.located(diversions.place(of: path, from: package.name))
      let setting = settings[path]
      guard let digest = setting ?? sums[path] else {
        return files.list.contains(place) ? PackageFile(path: place) : nil
      }
      return PackageFile(
        path: place, algorithm: digest.isEmpty ? nil : .md5, digest: digest.isEmpty ? nil : digest,
        isConfiguration: setting != nil)
    }
  }

  /// `info/NAME:ARCHITECTURE.KIND` where several architectures of it can be installed, else `info/NAME.KIND`; beside
  /// the package's own part in `status.d`.
  private func infoFile(of package: Package, _ kind: String, _ files: SystemFiles) -> [UInt8]? {
    let places = [
      Self.info.appending(GuestPath("\(package.name):\(package.architecture ?? "").\(kind)")),
      Self.info.appending(GuestPath("\(package.name).\(kind)")),
      GuestPath(bytes: package.location.bytes + Array(".\(kind)".utf8)),
    ]
    return places.lazy.compactMap { files.contents[$0] }.first.map { [UInt8]($0) }
  }
}

/// Lines of `digest  path`, without a leading slash.
private func md5Sums(_ bytes: [UInt8]) -> [GuestPath: String] {
  var sums: [GuestPath: String] = [:]
  for line in lines(of: bytes) {
    guard let digest = md5(line.prefix(32)), let path = GuestPath(declared: line.dropFirst(34)) else { continue }
    sums[path] = digest
  }
  return sums
}

/// 32 hexadecimal digits, in lower case.
func md5(_ bytes: some Collection<UInt8>) -> String? {
  let text = String(decoding: bytes, as: UTF8.self).lowercased()
  return text.utf8.count == 32 && [UInt8](hex: text) != nil ? text : nil
}
