internal import Inventory
internal import Packages

/// The volumes that a system mounts, as one tree: its root, and what its fstab puts below it. A volume that no system
/// mounts is a view of its own, for it may hold packages all the same.
struct SystemView {
  struct Mount {
    /// Where it is mounted, from the root of the system.
    var point: GuestPath
    var volume: ListedVolume
    /// The folder of the volume that is seen there; empty for the whole volume.
    var base: GuestPath = ""
    /// Whether it shows again what other mounts show: links lead through it, and its files are not those of the system.
    var repeats = false
  }

  /// A file where it really is.
  struct Place {
    /// From the root of the system, with no link on the way.
    var path: GuestPath
    var volume: ListedVolume
    /// From the root of the volume.
    var volumePath: GuestPath
    /// Nil for the top of a mount.
    var file: FileRecord?

    var isDirectory: Bool { file.map { $0.kind == .directory } ?? true }
  }

  /// Where a path leads.
  enum Resolution {
    case found(Place)
    /// There is nothing at a path without links; these names would follow.
    case missing(GuestPath, rest: [[UInt8]])
    /// More than 40 links, which Linux takes for a loop (path_resolution(7)).
    case tooManyLinks
  }

  /// The root first.
  var mounts: [Mount]
  /// What the fstab names and the image does not hold.
  var missing: [String] = []
  /// Earlier states of it that the image also holds.
  var states: [SystemState] = []
  /// Those folders of the root's volume that hold such states.
  var stateFolders: [GuestPath] = []
  /// What was seen on the way and not understood, or left out.
  var remarks: [Problem] = []

  init(_ root: ListedVolume, at point: GuestPath = "", base: GuestPath = "") {
    mounts = [Mount(point: point, volume: root, base: base)]
  }

  var root: ListedVolume { mounts[0].volume }

  /// Every regular file by its path in the system, with where it is. What lies below another mount point is hidden by it.
  func forEachRegular(_ body: (GuestPath, ListedVolume, FileRecord) -> Void) {
    for mount in mounts where !mount.repeats {
      let covers = mounts.map(\.point).filter { $0.isBelow(mount.point) }
      for position in mount.volume.range(below: mount.base) {
        let file = mount.volume.files.entry(position)
        guard file.kind == .regular else { continue }
        let path = mount.point.appending(file.path.below(mount.base))
        if covers.contains(where: { path.isBelow($0) }) { continue }
        body(path, mount.volume, file)
      }
    }
  }

  /// Follows a path as the system itself would, its links too: absolute ones from its root, `..` at the root stays there
  /// (path_resolution(7), chroot(2)).
  func resolve(_ path: GuestPath) -> Resolution {
    let slash = UInt8(ascii: "/")
    var (done, links): ([[UInt8]], Int) = ([], 0)
    var rest = path.bytes.split(separator: slash).reversed().map(Array.init)
    var steps = 0
    while let name = rest.popLast() {
      // Twice as many names as a path can have, far more than any honest one.
      steps += 1
      guard steps <= 4096 else { return .tooManyLinks }
      if name == [UInt8(ascii: ".")] { continue }
      if name == Array("..".utf8) {
        _ = done.popLast()
        continue
      }
      let here = GuestPath(bytes: (done + [name]).joined(separator: [slash]))
      guard let place = place(here) else { return .missing(here, rest: rest.reversed()) }
      if place.isDirectory {
        done.append(name)
      } else if place.file?.kind == .link {
        links += 1
        // A target has at most 4,095 bytes (symlink(2)).
        guard links <= 40, let target = place.file?.target?.bytes, target.count < 4096 else { return .tooManyLinks }
        if target.first == slash { done = [] }
        rest += target.split(separator: slash).reversed().map(Array.init)
      } else {
        return rest.isEmpty ? .found(place) : .missing(here, rest: rest.reversed())
      }
    }
    let end = GuestPath(bytes: done.joined(separator: [slash]))
    return place(end).map { .found($0) } ?? .missing(end, rest: [])
  }

  /// The regular file to which a path leads.
  func regularFile(_ path: GuestPath) -> Place? {
    guard case .found(let place) = resolve(path), place.file?.kind == .regular else { return nil }
    return place
  }

  /// What is at a path without links on the way.
  func place(_ path: GuestPath) -> Place? {
    // The one that was mounted last hides those before.
    let holding = mounts.filter { $0.point == path || path.isBelow($0.point) }
    guard let mount = holding.max(by: { $0.point.bytes.count < $1.point.bytes.count }) else {
      // On the way to a mount point of which the root is not there.
      return mounts.first { $0.point.isBelow(path) }.map {
        Place(path: path, volume: $0.volume, volumePath: $0.base)
      }
    }
    let volumePath = mount.base.appending(path.below(mount.point))
    if path == mount.point { return Place(path: path, volume: mount.volume, volumePath: volumePath) }
    if let file = mount.volume.entry(volumePath) {
      return Place(path: path, volume: mount.volume, volumePath: volumePath, file: file)
    }
    let isOnTheWay = mounts.contains { $0.point.isBelow(path) }
    return isOnTheWay ? Place(path: path, volume: mount.volume, volumePath: volumePath) : nil
  }

  /// The names in a folder to which a path leads.
  func names(in path: GuestPath) -> [String] {
    guard case .found(let place) = resolve(path), place.isDirectory else { return [] }
    return place.volume.names(in: place.volumePath).map { String(decoding: $0, as: UTF8.self) }
  }
}

extension GuestPath {
  /// Whether this path lies below `folder`; all but the root lies below the root.
  func isBelow(_ folder: GuestPath) -> Bool {
    if folder.bytes.isEmpty { return !bytes.isEmpty }
    return bytes.count > folder.bytes.count && bytes[folder.bytes.count] == UInt8(ascii: "/")
      && bytes.starts(with: folder.bytes)
  }

  /// This path as it is seen from a folder that it lies below; empty for the folder itself.
  func below(_ folder: GuestPath) -> GuestPath {
    folder.bytes.isEmpty ? self : GuestPath(bytes: bytes.dropFirst(folder.bytes.count + 1))
  }
}
