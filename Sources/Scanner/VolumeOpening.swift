internal import Foundation
internal import Guestfs
internal import Inventory

/// Opens every file system of an appliance: unlocks what there are keys for, mounts, and says which journal was replayed.
struct VolumeOpening {
  let appliance: Appliance
  let keys: [VolumeKey]
  let folder: URL

  /// A volume, and its files where it could be mounted.
  struct Opened {
    var volume: Volume
    var tree: GuestVolume?
    var partition = PartitionNames()
  }

  /// What was opened, and what went wrong on the way.
  func open() -> (volumes: [Opened], problem: Problem?) {
    var opened: [Opened] = []
    var seen: Set<String> = []
    var problem: Problem?
    var found = fileSystems(&problem)
    while let next = found.first(where: { !seen.contains($0.mountable) }) {
      seen.insert(next.mountable)
      if seen.count > ScanLimits.volumes {
        problem = Problem(
          code: "too-many-volumes", operation: "open volumes", subject: "image",
          reason: "it holds more than \(ScanLimits.volumes)")
        break
      }
      switch next.type {
      case "swap", "unknown": continue
      case "crypto_LUKS", "BitLocker":
        if let locked = unlock(next.mountable, type: next.type, number: opened.count) {
          opened.append(Opened(volume: locked))
        } else {
          // What was inside is there now: volume groups too.
          try? appliance.scanVolumeGroups()
          found = fileSystems(&problem)
        }
      default: opened.append(mount(next.mountable, type: next.type, index: opened.count))
      }
    }
    return (opened, problem)
  }

  /// The appliance's own list; where that fails whole, each disk is tried as one file system (hostile.md, rule 5).
  private func fileSystems(_ problem: inout Problem?) -> [(mountable: String, type: String)] {
    do {
      let open = try appliance.fileSystems()
      let locked = try appliance.lockedDevices()
      return open.filter { volume in !locked.contains { $0.mountable == volume.mountable } } + locked
    } catch {
      problem = Problem(
        code: "volumes-unreadable", operation: "list volumes", subject: "image", reason: error.reason)
      return ((try? appliance.devices()) ?? []).map { ($0, "auto") }
    }
  }

  /// Nil where a key opened it.
  private func unlock(_ device: String, type: String, number: Int) -> Volume? {
    let uuid = (try? appliance.identity(of: device))?["UUID"] ?? ""
    var volume = Volume(
      id: device, fileSystem: type, uuid: uuid.isEmpty ? nil : uuid, status: .encrypted,
      problem: Problem(
        code: "encrypted", operation: "open volume", subject: device, reason: "it is encrypted and no key opens it",
        remedy: "give one with --key \(device):key:PASSPHRASE or --key \(device):file:FILE"))
    // As libguestfs's own tools name it, so that a volume has the same id every time; the UUID is the guest's text.
    let isUUID = !uuid.isEmpty && uuid.utf8.count <= 64 && uuid.allSatisfy { $0.isHexDigit || $0 == "-" }
    let name = isUUID ? "luks-\(uuid)" : "luks-\(number)"
    for key in keys where key.opens(device, uuid: uuid) {
      do {
        try appliance.openEncrypted(device, key: key.key, name: name)
        return nil
      } catch {
        volume.problem?.reason = "it is encrypted and the key given does not open it: \(error.reason)"
      }
    }
    return volume
  }

  private func mount(_ mountable: String, type: String, index: Int) -> Opened {
    var volume = Volume(id: mountable, fileSystem: type, status: .read)
    let identity = (try? appliance.identity(of: volume.device)) ?? [:]
    volume.label = identity["LABEL"]
    volume.uuid = identity["UUID"]
    let before = type == "ntfs" ? "" : kernelLog()
    do {
      try appliance.mount(mountable, type: type, index: index)
    } catch {
      volume.status = .failed
      volume.problem = Problem(
        code: "mount-failed", operation: "mount", subject: mountable, reason: error.reason)
      return Opened(volume: volume)
    }
    volume.journal = journal(mountable, type: type, logBefore: before)
    return Opened(
      volume: volume,
      tree: GuestVolume(volume: mountable, appliance: appliance, index: index, folder: folder),
      partition: PartitionNames(uuid: identity["PART_ENTRY_UUID"], label: identity["PART_ENTRY_NAME"]))
  }

  private func kernelLog() -> String { (try? appliance.kernelLog()) ?? "" }

  /// What became of the journal. The kernel says so when it replays one; ntfs-3g replays none.
  private func journal(_ mountable: String, type: String, logBefore: String) -> Volume.Journal? {
    let replay: String
    switch type {
    case "ext3", "ext4": replay = "recovery complete"
    case "xfs": replay = "Starting recovery"
    case "btrfs": replay = "start tree-log replay"
    case "ntfs": return (try? appliance.probeNTFS(mountable)) == 0 ? .clean : .left
    default: return nil
    }
    let count = { (log: String) in log.components(separatedBy: replay).count }
    return count(kernelLog()) > count(logBefore) ? .replayed : .clean
  }
}
