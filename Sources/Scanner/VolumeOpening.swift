internal import DirectDisk
internal import Foundation
internal import Guestfs
internal import Inventory

/// Opens every file system of an appliance: unlocks what there are keys for, mounts, and says which journal was replayed.
/// What becomes of one device never keeps another from being opened.
struct VolumeOpening {
  let appliance: Appliance
  let keys: [VolumeKey]
  let folder: URL
  /// Volumes that are left alone.
  let except: [String]
  /// The image's disk; nil where only the guest can read it.
  let blocks: () -> DiskBlocks?

  /// What there is, and what went wrong on the way.
  func open() -> AllOpened {
    var survey = Survey(appliance: appliance)
    survey.run(unlocking: unlock)
    var all = AllOpened(problems: survey.problems)
    let mounted = mount(volumes(survey.report.devices), &all)
    all.volumes = opened(mounted) + survey.locked.values.sorted { $0.id < $1.id }.map { OpenedVolume(volume: $0) }
    all.note(snapshots: survey.report.groups)
    all.note(survey.report, survey.said, except: except)
    return all
  }

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

  // MARK: mounting

  private struct Mounted {
    var request: MountRequest
    var outcome: MountOutcome
    var id: String
    /// Of a btrfs.
    var subvolume: MountOutcome.Subvolume?
  }

  private func mount(_ volumes: [BlockDevice], _ all: inout AllOpened) -> [Mounted] {
    var mounted: [Mounted] = []
    var more: [Mounted] = []
    var count = volumes.count
    let known = volumes.prefix(ScanLimits.volumes).enumerated().map { MountRequest(index: $0, device: $1) }
    for (request, outcome) in zip(known, appliance.mount(known)) {
      let name = request.device.name
      mounted.append(Mounted(request: request, outcome: outcome, id: name, subvolume: outcome.mounted))
      if outcome.lacksSubvolumes { count = .max }
      var others = outcome.subvolumes
      // No list has the top, which holds files of its own where another one is the default.
      if let mounted = outcome.mounted, mounted.id != MountOutcome.Subvolume.top {
        others.insert(MountOutcome.Subvolume(id: MountOutcome.Subvolume.top), at: 0)
      }
      if count != .max { count += others.count }
      for subvolume in others where known.count + more.count < ScanLimits.volumes {
        let next = MountRequest(index: known.count + more.count, device: request.device, subvolume: subvolume.id)
        more.append(
          Mounted(
            request: next, outcome: MountOutcome(), id: "btrfsvol:\(name)/\(subvolume.path)", subvolume: subvolume))
      }
    }
    for (next, outcome) in zip(more, appliance.mount(more.map(\.request))) {
      var next = next
      next.outcome = outcome
      if next.subvolume?.uuid == nil { next.subvolume?.uuid = outcome.mounted?.uuid }
      mounted.append(next)
    }
    if count > ScanLimits.volumes {
      all.problems.append(
        Problem(
          code: "too-many-volumes", operation: "open volumes", subject: "image",
          reason: "it holds more than \(ScanLimits.volumes)"))
    }
    return mounted
  }

  private func opened(_ mounted: [Mounted]) -> [OpenedVolume] {
    var ids: [String: String] = [:]
    for one in mounted {
      if let uuid = one.subvolume?.uuid { ids["\(one.request.device.name) \(uuid)"] = one.id }
    }
    var taken: Set<String> = []
    return mounted.map { one in
      // What a name holds may make it equal to another one.
      let id = taken.insert(one.id).inserted ? one.id : "\(one.id)#\(one.request.index)"
      var volume = volume(one.request, one.outcome, id: id)
      if let parent = one.subvolume?.parent, let origin = ids["\(one.request.device.name) \(parent)"], origin != id {
        (volume.snapshotOf, volume.created) = (origin, one.subvolume?.created)
      }
      return volume
    }
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

  // MARK: unlocking

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
}

/// What came of opening an image's volumes.
struct AllOpened {
  var volumes: [OpenedVolume] = []
  var problems: [Problem] = []
  var remarks: [Problem] = []
}

/// Finds what stands on the disk: as the appliance shows it, then with what it did not start by itself, and with what is
/// inside of encrypted devices, as far as that goes.
private struct Survey {
  let appliance: Appliance
  var report = DeviceReport()
  /// What the programs said that started the rest.
  var said = ""
  var locked: [String: Volume] = [:]
  var problems: [Problem] = []

  mutating func run(unlocking unlock: (BlockDevice, Int) -> Volume?) {
    do throws(GuestfsError) {
      var first: DeviceReport?
      while true {
        report = try appliance.deviceReport(after: first)
        if first == nil { first = report }
        if report.isAsleep {
          said += try appliance.wake()
          report = try appliance.deviceReport(after: first)
        }
        var didOpen = false
        for device in report.devices where device.isLocked && locked[device.name] == nil {
          locked[device.name] = unlock(device, locked.count)
          didOpen = didOpen || locked[device.name] == nil
        }
        if !didOpen { break }
        // What was inside is there now: volume groups too.
        try? appliance.scanVolumeGroups()
      }
      if report.isCut {
        problems.append(problem("too-many-volumes", "it has more devices than are looked at"))
      }
    } catch {
      problems.append(problem("volumes-unreadable", error.reason))
    }
  }

  private func problem(_ code: String, _ reason: String) -> Problem {
    Problem(code: code, operation: "open volumes", subject: "image", reason: reason)
  }
}
