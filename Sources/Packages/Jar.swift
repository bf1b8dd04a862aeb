internal import Fingerprints
internal import Foundation
package import Inventory

/// Java archives, and those inside them: `.jar`, and what is packed the same way.
package struct JarReader: PackageReader {
  package let name = "jar"

  /// An archive in an archive in an archive is as deep as build tools go (`.ear`, `.war`, `.jar`).
  static let depthLimit = 3
  /// Bytes that are unpacked of one file and of all that is inside it.
  static let unpackedLimit = 256 << 20
  private static let extensions = [".jar", ".war", ".ear", ".aar"]

  package init() {}

  package func wants(_ path: GuestPath, size: UInt64) -> Bool {
    size <= 64 << 20 && Self.isArchive(path)
  }

  package func read(_ files: SystemFiles) -> PackageReading {
    var reading = PackageReading()
    for (path, data) in files.sorted(where: Self.isArchive) {
      var unpacked = JarUnpacking(path: path)
      unpacked.read(data, fileName: path.name, depth: 0)
      reading.packages += unpacked.packages
      reading.problems += unpacked.problem.map { [.malformed(path, $0)] } ?? []
    }
    return reading
  }

  static func isArchive(_ path: GuestPath) -> Bool { extensions.contains { path.hasSuffix($0) } }
}

/// One file of the system and the archives inside it.
private struct JarUnpacking {
  let path: GuestPath
  private(set) var packages: [Package] = []
  /// The first reason why something is missing.
  private(set) var problem: String?
  private var budget = JarReader.unpackedLimit

  init(path: GuestPath) { self.path = path }

  mutating func read(_ data: Data, fileName: String, depth: Int) {
    var contents = JarContents()
    let place = packages.count
    let limits = ArchiveLimits(entries: 200_000, entryBytes: 64 << 20, totalBytes: budget)
    do {
      try ArchiveReader.entries(of: data, limits: limits) { entry, bytes in
        let path = GuestPath(bytes: entry.path)
        guard entry.kind == .file else { return }
        if JarContents.wants(path) {
          contents.add(path, try bytes.read())
        } else if JarReader.isArchive(path), depth + 1 < JarReader.depthLimit {
          let inner = try bytes.read()
          budget = max(0, budget - inner.count)
          // At once, so that no more than one of each depth is held.
          read(inner, fileName: path.name, depth: depth + 1)
        }
      }
    } catch {
      problem = problem ?? "\(error)"
    }
    packages.insert(contentsOf: contents.packages(fileName: fileName, at: path), at: place)
  }
}
