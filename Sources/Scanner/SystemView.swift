internal import Foundation
internal import Inventory
internal import Packages

/// The volumes that a system mounts, as one tree: its root, and what its fstab puts below it. A volume that no system
/// mounts is a view of its own, for it may hold packages all the same.
struct SystemView {
  struct Mount {
    /// Where it is mounted, from the root of the system.
    var point: GuestPath
    var volume: ListedVolume
  }

  /// The root first.
  var mounts: [Mount]
  /// What the fstab names and the image does not hold.
  var missing: [String]

  var root: ListedVolume { mounts[0].volume }

  /// Every regular file by its path in the system, with where it is. What lies below another mount point is hidden by it.
  func forEachRegular(_ body: (GuestPath, ListedVolume, FileRecord) -> Void) {
    for mount in mounts {
      let covers = mounts.map(\.point).filter { $0.isBelow(mount.point) }
      for position in mount.volume.files.indices {
        let file = mount.volume.files.entry(position)
        guard file.kind == .regular else { continue }
        let path = mount.point.appending(file.path)
        if covers.contains(where: { path.isBelow($0) }) { continue }
        body(path, mount.volume, file)
      }
    }
  }
}

extension GuestPath {
  /// Whether this path lies below `folder`; all but the root lies below the root.
  func isBelow(_ folder: GuestPath) -> Bool {
    if folder.bytes.isEmpty { return !bytes.isEmpty }
    return bytes.count > folder.bytes.count && bytes[folder.bytes.count] == UInt8(ascii: "/")
      && bytes.starts(with: folder.bytes)
  }
}

/// Puts the volumes of an image together into systems, as each root's fstab says.
func assembleSystems(_ volumes: [ListedVolume]) -> [SystemView] {
  var views: [SystemView] = []
  var mounted: Set<String> = []
  for root in volumes where looksLikeRoot(root) {
    var view = SystemView(mounts: [.init(point: "", volume: root)], missing: [])
    for entry in fstab(of: root) where !entry.mountPoint.bytes.isEmpty {
      if let volume = volumes.first(where: { names(entry, $0) }) {
        if view.mounts.contains(where: { $0.volume === volume }) { continue }
        view.mounts.append(.init(point: entry.mountPoint, volume: volume))
        volume.volume.system = root.volume.id
        volume.volume.mountPoint = entry.mountPoint
        mounted.insert(volume.volume.id)
      } else {
        if entry.isExpected { view.missing.append("/\(entry.mountPoint)") }
      }
    }
    root.volume.system = root.volume.id
    root.volume.mountPoint = ""
    mounted.insert(root.volume.id)
    views.append(view)
  }
  for volume in volumes where !mounted.contains(volume.volume.id) {
    views.append(SystemView(mounts: [.init(point: "", volume: volume)], missing: []))
  }
  return views
}

/// A root has one of the files that systems keep there, in any case of letters for Windows.
private func looksLikeRoot(_ volume: ListedVolume) -> Bool {
  let marks: [GuestPath] = ["etc/os-release", "usr/lib/os-release", "etc/fstab", "etc/passwd"]
  if marks.contains(where: { volume.regularFile($0) != nil }) { return true }
  return volume.files.indices.contains { position in
    let path = volume.files.path(position)
    return path.bytes.count < 40 && path.lossy.lowercased().hasSuffix("/system32/config/software")
      && volume.files.entry(position).kind == .regular
  }
}

private func fstab(of root: ListedVolume) -> [MountTable.Entry] {
  guard let position = root.regularFile("etc/fstab"), root.files.entry(position).size <= 1 << 20 else { return [] }
  var entries: [MountTable.Entry] = []
  // What cannot be read is a system of one volume: its other volumes are views of their own then.
  try? root.tree.read([root.files[position]]) { _, contents in entries = MountTable(fstab: contents).entries }
  return entries
}

extension MountTable.Entry {
  /// Whether the system expects it at every boot: what is optional, removable or not a disk's may well be elsewhere.
  fileprivate var isExpected: Bool {
    !options.contains("noauto") && !options.contains("nofail") && !mountPoint.bytes.starts(with: Array("media".utf8))
  }
}

/// Whether an entry of an fstab means this volume.
private func names(_ entry: MountTable.Entry, _ listed: ListedVolume) -> Bool {
  let volume = listed.volume
  switch entry.source {
  case .uuid(let uuid):
    guard let own = volume.uuid, own.caseInsensitiveCompare(uuid) == .orderedSame else { return false }
  case .label(let label):
    if volume.label != label { return false }
  case .device(let device):
    if !sameDevice(device, volume.device) { return false }
  case .partitionUUID(let uuid):
    guard let own = listed.partition.uuid, own.caseInsensitiveCompare(uuid) == .orderedSame else { return false }
  case .partitionLabel(let label):
    if listed.partition.label != label { return false }
  }
  guard volume.id.hasPrefix("btrfsvol:") else { return entry.option("subvol") == nil || volume.fileSystem != "btrfs" }
  let subvolume = volume.id.split(separator: "/", omittingEmptySubsequences: false).dropFirst(volume.devicePartCount)
  let wanted = entry.option("subvol") ?? ""
  return GuestPath(wanted) == GuestPath(subvolume.joined(separator: "/"))
}

/// A guest's disk may have had another name than the appliance gives it: `vda1`, `nvme0n1p1` and `sda1` are the first
/// partition of the first disk alike. Logical volumes have two names each (lvm(8)).
private func sameDevice(_ named: String, _ own: String) -> Bool {
  if named == own || mapperName(named) == mapperName(own) { return true }
  guard let left = partition(named), let right = partition(own) else { return false }
  return left == right
}

/// The number of the disk and of its partition, both from 0 and 1 on as their names have it.
private func partition(_ device: String) -> (disk: Int, number: Int)? {
  if let match = device.wholeMatch(of: /\/dev\/(?:[shv]d|xvd)([a-z])([0-9]{1,4})/) {
    guard let letter = match.1.utf8.first, let number = Int(match.2) else { return nil }
    return (Int(letter - UInt8(ascii: "a")), number)
  }
  guard let match = device.wholeMatch(of: /\/dev\/(?:nvme([0-9]{1,4})n1|mmcblk([0-9]{1,4}))p([0-9]{1,4})/),
    let disk = (match.1 ?? match.2).flatMap({ Int($0) }), let number = Int(match.3)
  else { return nil }
  return (disk, number)
}

private func mapperName(_ device: String) -> String {
  let parts = device.split(separator: "/").map(String.init)
  guard parts.count == 3, parts[1] != "mapper" else { return device }
  let escaped = parts[1...].map { $0.replacingOccurrences(of: "-", with: "--") }
  return "/dev/mapper/" + escaped.joined(separator: "-")
}

extension Volume {
  /// The device below it: `btrfsvol:/dev/sda2/root` stands on `/dev/sda2`.
  var device: String {
    guard id.hasPrefix("btrfsvol:") else { return id }
    let parts = id.dropFirst("btrfsvol:".count).split(separator: "/", omittingEmptySubsequences: false)
    return parts.prefix(devicePartCount).joined(separator: "/")
  }

  /// `/dev/sda2` has three parts with the empty one in front, `/dev/VG/LV` and `/dev/mapper/NAME` four.
  fileprivate var devicePartCount: Int {
    let text = id.replacingOccurrences(of: "btrfsvol:", with: "")
    return text.wholeMatch(of: /\/dev\/(?:sd|vd|md|dm-)[a-z0-9]+(\/.*)?/) != nil ? 3 : 4
  }
}
