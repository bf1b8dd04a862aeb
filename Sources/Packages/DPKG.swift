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
    } else if files.list.contains(Self.status) {
      reading.problems.append(.unreadDatabase(Self.status, "it is over 256 MiB or could not be read"))
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
    let isPart = path != Self.status
    let (paragraphs, damage) = controlParagraphs(bytes)
    // A part is a plain control file: no state, and nothing marks its end.
    if let damage, !isPart { reading.problems.append(.damagedDatabase(path, damage)) }
    for paragraph in paragraphs where isPart || paragraph.isUnpacked {
      guard var package = paragraph.package(in: path) else {
        reading.problems.append(.damagedDatabase(path, "a package has no name or no version"))
        continue
      }
      package.files = packageFiles(of: package, paragraph, files, diversions)
      reading.packages.append(package)
    }
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
