internal import Foundation
internal import Inventory
internal import Packages

/// Puts the volumes of an image together into systems: as each root's fstab and mount units say, else as the types of
/// partitions say, else by what they hold. Earlier states of a system become part of it. May be called again after volumes
/// were listed anew.
func assembleSystems(_ volumes: [ListedVolume]) -> [SystemView] {
  for volume in volumes {
    (volume.volume.system, volume.volume.mountPoint, volume.volume.parts) = (nil, nil, [])
    volume.isState = false
  }
  let snapshots = volumes.filter { isSnapshotOfData($0, volumes) }
  for snapshot in snapshots { snapshot.isState = true }
  var views = currentSystems(volumes.filter { !$0.isState }.compactMap { systemRoot(of: $0, volumes) })
  var free = volumes.filter { volume in !volume.isState && !views.contains { $0.root === volume } }
  for number in views.indices {
    views[number].mountDeclared(free, of: volumes)
    claim(views[number])
  }
  free.removeAll { $0.volume.system != nil }
  for number in views.indices {
    views[number].mountDiscovered(&free, isOnly: views.count == 1)
    claim(views[number])
  }
  views += usrWithoutRoot(&free)
  views.forEach(claim)
  views += free.map { SystemView($0) }
  for snapshot in snapshots {
    guard let owner = views.firstIndex(where: { $0.mounts.contains { $0.volume.volume.id == snapshot.snapshotOf } })
    else { continue }
    views[owner].remarks.append(
      Problem(
        code: "snapshot", operation: "assemble system", subject: snapshot.volume.id,
        reason: "it is a snapshot of \(snapshot.snapshotOf ?? ""), so nothing in it is counted"))
  }
  return views
}

/// Says in each volume which system has it where.
private func claim(_ view: SystemView) {
  for mount in view.mounts {
    if mount.volume.volume.system == nil || mount.volume === view.root {
      mount.volume.volume.system = view.root.volume.id
      mount.volume.volume.mountPoint = mount.volume === view.root ? view.mounts[0].point : mount.point
    }
  }
  let parts = view.mounts.filter { $0.volume === view.root && !$0.base.bytes.isEmpty && !$0.repeats }
  view.root.volume.parts = parts.map { VolumePart(folder: $0.base, mountPoint: $0.point) }
}

/// The system whose root lies in a volume; nil where none does.
private func systemRoot(of volume: ListedVolume, _ volumes: [ListedVolume]) -> SystemView? {
  ostreeSystem(on: volume, volumes) ?? (looksLikeRoot(volume) ? SystemView(volume) : nil)
}

/// A root has one of the files that systems keep there, be it a link, in any case of letters for Windows; or it is a
/// partition for a root, of which the first boot makes the rest.
func looksLikeRoot(_ volume: ListedVolume) -> Bool {
  let files: [GuestPath] = ["etc/os-release", "usr/lib/os-release", "etc/fstab", "etc/passwd"]
  if files.contains(where: { SystemView(volume).regularFile($0) != nil || volume.entry($0)?.kind == .link }) {
    return true
  }
  let folders: [GuestPath] = ["usr", "etc"]
  if DiscoverablePartition(volume.partition.typeUUID) == .root,
    folders.contains(where: { volume.entry($0)?.kind == .directory })
  {
    return true
  }
  return volume.entry(inAnyCase: ["Win*", "System32", "config", "SOFTWARE"])?.kind == .regular
}

extension ListedVolume {
  /// The first entry whose names match these patterns in any case of letters.
  func entry(inAnyCase names: [String], below folder: GuestPath = "") -> FileRecord? {
    guard let first = names.first else { return entry(folder) }
    for name in self.names(in: folder)
    where DeclaredPlaces.matches(first, String(decoding: name, as: UTF8.self)) {
      let path = folder.appending(GuestPath(bytes: name))
      if let found = entry(inAnyCase: Array(names.dropFirst()), below: path) { return found }
    }
    return nil
  }
}

extension SystemView {
  /// Mounts what the fstab and the mount units of the root name. The fstab counts first.
  fileprivate mutating func mountDeclared(_ free: [ListedVolume], of all: [ListedVolume]) {
    var entries: [MountTable.Entry] = []
    if let data = contents(of: "etc/fstab", atMost: 1 << 20) {
      let table = MountTable(fstab: data)
      entries = table.entries
      if let first = table.senseless.first {
        let count = table.senseless.count
        remark("fstab-line", "etc/fstab", "\(count) of its lines make no sense; the first is line \(first)")
      }
    }
    for name in names(in: "etc/systemd/system").filter({ $0.hasSuffix(".mount") }).prefix(64) {
      let unit = GuestPath("etc/systemd/system").appending(GuestPath(name))
      guard let data = contents(of: unit, atMost: 64 << 10) else { continue }
      let own = MountTable(unit: data).entries
      entries += own.filter { new in !entries.contains { $0.mountPoint == new.mountPoint } }
    }
    for entry in entries where entry.mountPoint != "" {
      if let volume = free.first(where: { entry.names($0) }) {
        mount(volume, at: entry.mountPoint)
      } else if entry.isExpected, !all.contains(where: { entry.names($0) }) {
        missing.append("/\(entry.mountPoint)")
      }
    }
  }

  /// Mounts a volume, unless it or another one is mounted there. Of a volume that is folders of ostree's the others stay.
  mutating func mount(_ volume: ListedVolume, at point: GuestPath) {
    if mounts.contains(where: { $0.volume === volume && !$0.repeats && $0.base.bytes.isEmpty }) { return }
    if let number = mounts.firstIndex(where: { $0.point == point }) {
      // What ostree shows there is hidden by what is mounted.
      guard number > 0, mounts[number].volume === root else { return }
      mounts.remove(at: number)
    }
    mounts.append(Mount(point: point, volume: volume))
  }

  /// The contents of a file that is read before all others, through links; nil where it is none or cannot be read.
  func contents(of path: GuestPath, atMost limit: UInt64) -> Data? {
    guard let place = regularFile(path), let file = place.file, file.size <= limit else { return nil }
    return place.volume.contents(of: [file])[file.path]
  }

  mutating func remark(_ code: String, _ subject: GuestPath, _ reason: String) {
    remarks.append(
      Problem(
        code: code, operation: "assemble system", subject: "\(root.volume.id): /\(subject)", reason: reason))
  }
}

extension MountTable.Entry {
  /// Whether the system expects it at every boot: what is optional, removable or not a disk's may well be elsewhere.
  fileprivate var isExpected: Bool {
    !options.contains("noauto") && !options.contains("nofail") && !mountPoint.bytes.starts(with: Array("media".utf8))
  }

  /// Whether it means this volume.
  func names(_ listed: ListedVolume) -> Bool {
    let volume = listed.volume
    switch source {
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
    guard let subvolume = volume.subvolume else { return option("subvol") == nil || volume.fileSystem != "btrfs" }
    return GuestPath(option("subvol") ?? "") == GuestPath(subvolume)
  }
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

  /// The path of a subvolume below the top of its btrfs; nil for any other volume, and for the one mounted by default.
  var subvolume: String? {
    guard id.hasPrefix("btrfsvol:") else { return nil }
    return id.split(separator: "/", omittingEmptySubsequences: false).dropFirst(devicePartCount)
      .joined(separator: "/")
  }

  /// `/dev/sda2` has three parts with the empty one in front, `/dev/VG/LV` and `/dev/mapper/NAME` four.
  private var devicePartCount: Int {
    let text = id.replacingOccurrences(of: "btrfsvol:", with: "")
    return text.wholeMatch(of: /\/dev\/(?:sd|vd|md|dm-)[a-z0-9]+(\/.*)?/) != nil ? 3 : 4
  }
}
