internal import DirectDisk
internal import Foundation
internal import Guestfs
internal import Inventory

/// Opens every file system of an appliance: unlocks what there are keys for, mounts, and says which journal was replayed.
struct VolumeOpening {
  let appliance: Appliance
  let keys: [VolumeKey]
  let folder: URL
  /// Volumes that are left alone.
  let except: [String]
  /// The image's disk; nil where only the guest can read it.
  let blocks: () -> DiskBlocks?

  /// What was opened, and what went wrong on the way.
  func open() -> (volumes: [OpenedVolume], problem: Problem?) {
    do {
      let (devices, locked) = try unlock()
      let volumes = volumes(devices)
      let known = volumes.prefix(ScanLimits.volumes).enumerated().map { MountRequest(index: $0, device: $1) }
      var opened: [OpenedVolume] = []
      var more: [(request: MountRequest, path: String)] = []
      var count = volumes.count
      for (request, outcome) in zip(known, try appliance.mount(known)) {
        opened.append(volume(request, outcome, id: request.device.name))
        count += outcome.subvolumes.count
        for subvolume in outcome.subvolumes where known.count + more.count < ScanLimits.volumes {
          let next = MountRequest(index: known.count + more.count, device: request.device, subvolume: subvolume.id)
          more.append((next, subvolume.path))
        }
      }
      for (next, outcome) in zip(more, try appliance.mount(more.map(\.request))) {
        opened.append(volume(next.request, outcome, id: "btrfsvol:\(next.request.device.name)/\(next.path)"))
      }
      return (opened + locked.map { OpenedVolume(volume: $0) }, count > ScanLimits.volumes ? Self.tooMany : nil)
    } catch {
      return (
        [], Problem(code: "volumes-unreadable", operation: "open volumes", subject: "image", reason: error.reason)
      )
    }
  }

  private static let tooMany = Problem(
    code: "too-many-volumes", operation: "open volumes", subject: "image",
    reason: "it holds more than \(ScanLimits.volumes)")

  /// A btrfs may stand on several devices, each of which shows it. A disc image that can be put on a stick has a partition
  /// table as well, whose partitions need not show its file system.
  private func volumes(_ devices: [BlockDevice]) -> [BlockDevice] {
    var seen: Set<String> = []
    let volumes = devices.filter { $0.isVolume && !except.contains($0.name) }.filter { device in
      guard device.type == "btrfs", let uuid = device.identity["UUID"] else { return true }
      return seen.insert(uuid).inserted
    }
    return volumes.isEmpty && except.isEmpty ? devices.prefix(1).filter(\.isDisc) : volumes
  }

  /// Opens what there are keys for, and what is inside of that, as far as that goes.
  private func unlock() throws(GuestfsError) -> (devices: [BlockDevice], locked: [Volume]) {
    var locked: [String: Volume] = [:]
    while true {
      let devices = try appliance.blockDevices()
      var didOpen = false
      for device in devices where device.isLocked && locked[device.name] == nil {
        locked[device.name] = unlock(device, number: locked.count)
        didOpen = didOpen || locked[device.name] == nil
      }
      if !didOpen { return (devices, locked.values.sorted { $0.id < $1.id }) }
      // What was inside is there now: volume groups too.
      try? appliance.scanVolumeGroups()
    }
  }

  /// Nil where a key opened it.
  private func unlock(_ device: BlockDevice, number: Int) -> Volume? {
    let uuid = device.identity["UUID"] ?? ""
    var volume = Volume(
      id: device.name, fileSystem: device.type ?? "", uuid: uuid.isEmpty ? nil : uuid, status: .encrypted,
      problem: Problem(
        code: "encrypted", operation: "open volume", subject: device.name,
        reason: "it is encrypted and no key opens it",
        remedy: "give one with --key \(device.name):key:PASSPHRASE or --key \(device.name):file:FILE"))
    // As libguestfs's own tools name it, so that a volume has the same id every time; the UUID is the guest's text.
    let isUUID = !uuid.isEmpty && uuid.utf8.count <= 64 && uuid.allSatisfy { $0.isHexDigit || $0 == "-" }
    let name = isUUID ? "luks-\(uuid)" : "luks-\(number)"
    for key in keys where key.opens(device.name, uuid: uuid) {
      do {
        try appliance.openEncrypted(device.name, key: key.key, name: name)
        return nil
      } catch {
        volume.problem?.reason = "it is encrypted and the key given does not open it: \(error.reason)"
      }
    }
    return volume
  }

  private func volume(_ request: MountRequest, _ outcome: MountOutcome, id: String) -> OpenedVolume {
    let identity = request.device.identity
    var volume = Volume(
      id: id, fileSystem: request.device.type ?? "", label: identity["LABEL"], uuid: identity["UUID"], status: .read)
    if let failure = outcome.failure {
      volume.status = .failed
      volume.problem = Problem(code: "mount-failed", operation: "mount", subject: id, reason: failure)
      return OpenedVolume(volume: volume)
    }
    volume.journal = journal(of: volume.fileSystem, outcome)
    var tree = GuestVolume(volume: id, appliance: appliance, index: request.index, folder: folder)
    tree.isNTFS = volume.fileSystem == "ntfs"
    // Where a journal was replayed the overlay knows better than the image, so the guest reads these.
    let isPlain = volume.journal != .replayed && ["ext2", "ext3", "ext4", "xfs"].contains(volume.fileSystem)
    if isPlain, let map = request.device.map, let blocks = blocks() { tree.direct = (map, blocks) }
    return OpenedVolume(
      volume: volume, tree: tree,
      partition: PartitionNames(
        uuid: identity["PART_ENTRY_UUID"], label: identity["PART_ENTRY_NAME"], typeUUID: identity["PART_ENTRY_TYPE"],
        attributes: identity["PART_ENTRY_FLAGS"].flatMap { UInt64($0.trimmingPrefix("0x"), radix: 16) }))
  }

  /// What became of the journal; nil for file systems that have none.
  private func journal(of fileSystem: String, _ outcome: MountOutcome) -> Volume.Journal? {
    switch fileSystem {
    case "ext3", "ext4", "xfs", "btrfs": outcome.replayedJournal ? .replayed : .clean
    case "ntfs": outcome.isCleanNTFS ? .clean : .left
    default: nil
    }
  }
}
