internal import DiskFormats
internal import Guestfs
internal import Inventory

extension AllOpened {
  /// Says of each logical volume of which other one it is a snapshot.
  mutating func note(snapshots groups: LogicalVolumes) {
    for volume in groups.volumes {
      guard let origin = volume.origin, let position = volumes.firstIndex(where: { $0.volume.id == volume.name }) else {
        continue
      }
      (volumes[position].snapshotOf, volumes[position].created) = (origin, volume.created)
    }
  }

  /// Says what there is beside volumes that could be opened: nothing on the disk is left out without a word.
  /// - Parameters:
  ///   - said: what the programs said that start what is not whole.
  ///   - others: volumes that are read elsewhere.
  mutating func note(_ report: DeviceReport, _ said: String, except others: [String]) {
    note(report.groups, said, except: others)
    // Partitions of a disc that is read as a whole show the same bytes, or what only its boot loader needs.
    let isWholeDisc = report.devices.prefix(1).contains { disk in
      disk.isBelowOthers && volumes.contains { $0.volume.id == disk.name }
    }
    for device in report.devices where device.isOnTop && !device.isVolume && !device.isLocked && !isWholeDisc {
      let isRead = volumes.contains { $0.volume.id == device.name } || others.contains(device.name)
      if !isRead { note(device, report) }
    }
    for device in report.devices where device.missingMembers > 0 && !device.isStopped {
      remark(device.name, "array-degraded", "\(device.missingMembers) of its members are not on this disk")
    }
  }

  private mutating func note(_ groups: LogicalVolumes, _ said: String, except others: [String]) {
    for group in groups.groups where group.missing > 0 {
      problems.append(
        Problem(
          code: "volume-group-incomplete", operation: "open volumes", subject: "volume group \(group.name)",
          reason: "\(group.missing) of its physical volumes are not on this disk"))
    }
    for group in groups.groups where group.isExported {
      problems.append(
        Problem(
          code: "volume-group-unreadable", operation: "open volumes", subject: "volume group \(group.name)",
          reason: "it is exported and could not be imported"))
    }
    for group in groups.groups where group.isEmpty {
      remark("volume group \(group.name)", "empty-partition", "has no logical volumes")
    }
    for volume in groups.volumes where !volume.isActive && !others.contains(volume.name) {
      fail(volume.name, "", code: volume.isPartial ? "incomplete" : "not-activated", reason(volume, said))
    }
    for volume in groups.volumes where volume.isMerging {
      remark(
        volume.name, "snapshot-merging", "a snapshot is being merged into it: it is read as it is when that is done")
    }
    for pool in groups.foreignPools {
      remark(pool, "not-understood", "holds thin volumes that are no logical volumes, such as layers of containers")
    }
  }

  private func reason(_ volume: LogicalVolume, _ said: String) -> String {
    if volume.isPartial { return "a physical volume of its group \(volume.group) is not on this disk" }
    if volume.layout.contains("vdo") { return "it is a VDO volume, which the appliance's kernel does not read" }
    let name = volume.name.dropFirst("/dev/".count)
    let line = said.split(separator: "\n").first { line in
      line.contains(name) && !line.contains("successfully")
    }
    return "it was not activated" + (line.map { ": \($0.drop { $0 == " " }.prefix(300))" } ?? "")
  }

  /// A device that holds no file system.
  private mutating func note(_ device: BlockDevice, _ report: DeviceReport) {
    let identity = device.identity
    let partition = identity["PART_ENTRY_TYPE"].map { PartitionType(code: $0) }
    let name = partition.map { " (partition type \($0.name ?? $0.code))" } ?? ""
    // Extended partitions hold others; a reserved one holds what a boot loader needs.
    let holdsNone = partition.map { $0.isReserved || ["0x5", "0xf", "0x85"].contains($0.code) } ?? false
    switch device.type {
    case _ where device.isStopped, "linux_raid_member":
      fail(device.name, "linux_raid_member", code: "incomplete", "other members of its array are not on this disk")
    case nil where device.isAmbivalent:
      remark(device.name, "not-understood", "holds the signatures of several kinds of contents" + name)
    case nil where identity["PTTYPE"] != nil:
      // What is the matter with the disk's own table is known before there is an appliance.
      if device.name != "/dev/sda", !holdsNone {
        remark(device.name, "not-understood", "holds a disk with partitions of its own" + name)
      }
    case nil:
      if holdsNone { return }
      if device.isBlank {
        remark(device.name, "empty-partition", "holds only zeros where contents begin" + name)
      } else {
        remark(device.name, "not-understood", "holds nothing that is known here" + name)
      }
    // Nothing that files are in: swap space, journals of others, hashes.
    case "swap", "swsuspend", "jbd", "xfs_external_log", "DM_verity_hash": return
    case "LVM2_member": notePhysicalVolume(device, report)
    case let type?: remark(device.name, "not-understood", "\(type) is not read here" + name)
    }
  }

  /// A physical volume of which nothing is in use.
  private mutating func notePhysicalVolume(_ device: BlockDevice, _ report: DeviceReport) {
    let uuid = device.identity["UUID"] ?? ""
    let same = report.devices.first {
      $0.name != device.name && $0.type == "LVM2_member" && $0.identity["UUID"] == uuid && !uuid.isEmpty
    }
    if let same {
      fail(
        device.name, "LVM2_member", code: "volume-damaged",
        "it is a copy of \(same.name): both have the same LVM id, so one of them is read")
    } else if case .ofGroup = report.groups.physical[uuid] {
      // Its group's volumes tell what is the matter.
    } else if report.groups.volumes.contains(where: { $0.name == device.name }) {
      remark(device.name, "not-understood", "holds a part of another volume group, which is not opened")
    } else if report.groups.complaints.contains(where: { isOf($0, device) }) || report.groups.physical[uuid] == nil {
      fail(device.name, "LVM2_member", code: "volume-damaged", "the description of its volume group is damaged")
    } else {
      remark(device.name, "empty-partition", "is a physical volume of no volume group")
    }
  }

  private func isOf(_ complaint: String, _ device: BlockDevice) -> Bool {
    guard let name = device.identity["DEVNAME"] else { return false }
    return complaint.ranges(of: name).contains { range in
      range.upperBound == complaint.endIndex || !complaint[range.upperBound].isNumber
    }
  }

  private mutating func fail(_ id: String, _ type: String, code: String, _ reason: String) {
    let problem = Problem(code: code, operation: "open volume", subject: id, reason: reason)
    volumes.append(OpenedVolume(volume: Volume(id: id, fileSystem: type, status: .failed, problem: problem)))
  }

  private mutating func remark(_ subject: String, _ code: String, _ reason: String) {
    remarks.append(Problem(code: code, operation: "open volume", subject: subject, reason: reason))
  }
}
