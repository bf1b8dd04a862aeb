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
    var (reading, unlisted) = (PackageReading(), [GuestPath]())
    for (path, data) in files.sorted(where: Self.isArchive) {
      var unpacked = JarUnpacking(path: path)
      unpacked.read(data, fileName: path.name, depth: 0)
      reading.packages += unpacked.packages
      if let broken = unpacked.broken {
        let rest = unpacked.packages.isEmpty ? "nothing of it is listed" : "what could be read of it is listed"
        reading.problems.append(.malformed(path, "\(broken); \(rest)"))
      }
      if let unread = unpacked.unread { reading.remarks.append(.unreadArchive(path, unread)) }
      if unpacked.packages.isEmpty, unpacked.broken == nil, unpacked.unread == nil { unlisted.append(path) }
    }
    reading.remarks += Problem.unlisted(unlisted, "Java archives")
    return reading
  }

  package func missing(_ unread: [GuestPath: String]) -> PackageReading {
    PackageReading(
      remarks: unread.sorted { $0.key < $1.key }.map {
        .unreadArchive($0, "\($1); it and what it holds are not listed")
      })
  }

  static func isArchive(_ path: GuestPath) -> Bool { extensions.contains { path.hasSuffix($0) } }
}

/// One file of the system and the archives inside it.
private struct JarUnpacking {
  let path: GuestPath
  private(set) var packages: [Package] = []
  /// Why something is missing, the first such reason.
  private(set) var broken: String?
  /// The same where nothing is broken: encryption, unknown compression, depth.
  private(set) var unread: String?
  private var budget = JarReader.unpackedLimit

  init(path: GuestPath) { self.path = path }

  mutating func read(_ data: Data, fileName: String, depth: Int) {
    if data.isEmpty { return }
    var archive = Archive(fileName: fileName, depth: depth)
    let place = packages.count
    do {
      if lacksDirectory(data) {
        note("\(fileName): its central directory is missing, as where a file was cut")
        try walk(data, .found, &archive)
      } else {
        try walk(data, .listed, &archive)
      }
    } catch {
      note("\(fileName): \(error)")
      // The damage may be in the directory alone.
      if let error = error as? ArchiveError, error.code != .limit { try? walk(data, .found, &archive) }
    }
    packages.insert(contentsOf: archive.contents.packages(fileName: fileName, at: path), at: place)
  }

  private struct Archive {
    let fileName: String
    let depth: Int
    var contents = JarContents()
    /// What was read: entries may be there twice, and are found again in a damaged archive.
    var seen = Set<[UInt8]>()
  }

  private mutating func walk(_ data: Data, _ entries: ArchiveReader.ZipEntries, _ archive: inout Archive) throws {
    let limits = ArchiveLimits(entries: 200_000, entryBytes: 64 << 20, totalBytes: max(0, budget))
    try ArchiveReader.entries(of: data, limits: limits, zip: entries) { entry, bytes in
      let path = GuestPath(bytes: entry.path)
      let isInner = JarReader.isArchive(path)
      guard entry.kind == .file, isInner || JarContents.wants(path), archive.seen.insert(entry.path).inserted else {
        return
      }
      guard !isInner || archive.depth + 1 < JarReader.depthLimit else {
        unread = unread ?? "\(path) in \(archive.fileName) lies \(archive.depth + 1) archives deep, which is not read"
        return
      }
      do {
        let content = try bytes.read()
        try spend(content.count)
        // At once, so that no more than one of each depth is held.
        if isInner {
          read(content, fileName: path.name, depth: archive.depth + 1)
        } else {
          archive.contents.add(path, content)
        }
      } catch let error as ArchiveError where error.code != .limit {
        // The entries behind it are not concerned.
        note("\(path) in \(archive.fileName): \(error)", isBroken: error.code != .unsupported)
        if error.code == .entryLimit { try spend(limits.entryBytes) }
      }
    }
  }

  /// Subtracts unpacked bytes from the budget that an archive shares with all archives inside it.
  private mutating func spend(_ count: Int) throws {
    budget -= count
    if budget <= 0 { throw TooLarge() }
  }

  /// What is inside one file unpacks to more than is read of it.
  private struct TooLarge: Error, CustomStringConvertible {
    let description = "with what is inside it unpacks to more than \(JarReader.unpackedLimit >> 20) MiB"
  }

  private mutating func note(_ reason: String, isBroken: Bool = true) {
    if isBroken { broken = broken ?? reason } else { unread = unread ?? reason }
  }

  /// Whether the end of a zip is missing: the record that leads to its directory (APPNOTE.TXT, 4.3.16), or all but that of
  /// an archive inside. libarchive takes what is there then, without a word.
  private func lacksDirectory(_ data: Data) -> Bool {
    guard data.starts(with: [0x50, 0x4B, 3, 4]) else { return false }
    let tail = RPMBytes(bytes: [UInt8](data.suffix(20 + 22 + 65_535)))
    guard let end = tail.bytes.indices.last(where: { tail.slice($0, 4)?.elementsEqual([0x50, 0x4B, 5, 6]) == true }),
      let length = tail.u32(end + 12), let offset = tail.u32(end + 16)
    else { return true }
    // ZIP64 has records of its own in between, which libarchive checks.
    if tail.slice(end - 20, 4)?.elementsEqual([0x50, 0x4B, 6, 7]) == true { return false }
    return data.count - tail.count + end != offset + length
  }
}
