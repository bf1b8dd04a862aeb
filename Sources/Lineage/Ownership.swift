internal import Fingerprints
internal import Inventory

/// Which package of the image accounts for which file.
struct Ownership {
  /// Position in the inventory's `packages`, by position in its `files`; the first package where several list a file.
  private(set) var owner: [Int: Int] = [:]
  /// For each package what became of the files it lists.
  private(set) var counts: [ArtifactCounts] = []
  /// Regular files whose contents a package's own digest denies.
  private var denied: Set<Int> = []
  private let files: FileList
  private let index: PathIndex
  /// By system: volumes, or folders of them, with their mount points, longest first.
  private var mounts: [String: [(point: [UInt8], volume: String, folder: GuestPath)]] = [:]
  /// By system: the folder of its volume that is its root, where that is not the whole volume.
  private var rootFolders: [String: GuestPath] = [:]
  /// By volume: links at its top, as `lib` to `usr/lib`: package databases still write the old names.
  private var aliases: [String: [[UInt8]: GuestPath]] = [:]

  init(_ inventory: Inventory) {
    files = inventory.files
    index = PathIndex(files)
    let slash = UInt8(ascii: "/")
    for position in files.indices where !files.path(position).bytes.contains(slash) {
      let file = files.entry(position)
      if file.kind == .link, let target = file.target { aliases[file.volume, default: [:]][file.path.bytes] = target }
    }
    for volume in inventory.volumes {
      guard let system = volume.system, let point = volume.mountPoint else { continue }
      if !point.bytes.isEmpty { mounts[system, default: []].append((point.bytes, volume.id, "")) }
      for part in volume.parts {
        if part.mountPoint.bytes.isEmpty {
          rootFolders[system] = part.folder
        } else {
          mounts[system, default: []].append((part.mountPoint.bytes, volume.id, part.folder))
        }
      }
    }
    addAliases(in: rootFolders)
    for system in mounts.keys { mounts[system]?.sort { $0.point.count > $1.point.count } }
    for (number, package) in inventory.packages.enumerated() { count(package, number) }
  }

  /// The file at a path of a system, through the links at its top and the volumes it mounts.
  func record(_ path: GuestPath, system: String) -> Int? {
    let slash = UInt8(ascii: "/")
    var path = path
    let first = Array(path.bytes.prefix { $0 != slash })
    if first.count < path.bytes.count, let target = aliases[system]?[first] {
      path = target.appending(GuestPath(bytes: path.bytes.dropFirst(first.count + 1)))
    }
    for (point, volume, folder) in mounts[system] ?? []
    where path.bytes.count > point.count && path.bytes[point.count] == slash && path.bytes.starts(with: point) {
      return record(folder.appending(GuestPath(bytes: path.bytes.dropFirst(point.count + 1))), volume: volume)
    }
    return record(rootFolders[system].map { $0.appending(path) } ?? path, volume: system)
  }

  /// Links at the top of roots that are folders.
  private mutating func addAliases(in folders: [String: GuestPath]) {
    for (volume, folder) in folders {
      for position in files.indices where files.path(position).parent == folder {
        let file = files.entry(position)
        guard file.kind == .link, let target = file.target, file.volume == volume else { continue }
        aliases[volume, default: [:]][Array(file.path.name.utf8)] = target
      }
    }
  }

  /// The file at a path of a volume.
  func record(_ path: GuestPath, volume: String) -> Int? { index.position(of: path, in: volume, files) }

  /// Whether a package accounts for the file as it is.
  func accounts(for record: Int) -> Bool { owner[record] != nil && !denied.contains(record) }

  private mutating func count(_ package: Package, _ number: Int) {
    var counts = ArtifactCounts()
    for file in package.files {
      guard let record = record(file.path, system: package.volume) else {
        counts.expected += 1
        counts.missing += 1
        continue
      }
      if files.entry(record).kind == .directory { continue }
      counts.expected += 1
      counts.found += 1
      owner[record] = owner[record] ?? number
      if Self.differs(file, files[record]) {
        counts.modified += 1
        if !file.isConfiguration { denied.insert(record) }
      }
    }
    if let record = record(package.location, system: package.volume), files.entry(record).kind == .regular {
      owner[record] = owner[record] ?? number
    }
    self.counts.append(counts)
  }

  private static func differs(_ file: PackageFile, _ record: FileRecord) -> Bool {
    guard let digests = record.digests, let digest = file.digest else { return false }
    switch file.algorithm {
    case .md5: return digests.md5.map { $0 != digest.lowercased() } ?? false
    case .sha256: return digest.lowercased() != digests.sha256.description
    default: return false
    }
  }
}
