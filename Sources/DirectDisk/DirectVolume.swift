internal import DiskFormats
internal import Foundation
package import Inventory

/// A volume that was found without an appliance.
package struct DirectVolume {
  /// As the appliance names it.
  package var id: String
  /// blkid's name of what it holds; empty where it is not known here.
  package var type = ""
  package var label: String?
  package var uuid: String?
  /// Of the partition below it.
  package var partitionUUID: String?
  package var partitionLabel: String?
  /// As blkid(8) has it.
  package var partitionTypeUUID: String?
  package var partitionAttributes: UInt64?
  /// Its files, or why they cannot be read without an appliance.
  package var files: Result<any FileSystem, DirectDiskError> = .failure(
    DirectDiskError("open volume", "it was not opened"))
}

/// What was found on a disk.
package struct FoundVolumes {
  package fileprivate(set) var volumes: [DirectVolume] = []
  /// What was seen and is not understood.
  package fileprivate(set) var remarks: [Problem] = []
  /// What is missing of the disk as a whole.
  package fileprivate(set) var problems: [Problem] = []
  /// Why an appliance does not show the same partitions; nil where it does.
  package fileprivate(set) var applianceObstacle: String?
}

/// Finds the volumes of a disk and opens those that can be read here, by the names and in the order of the appliance.
/// - Throws: where the disk cannot be read, or has a partition table that cannot.
package func openVolumes(_ blocks: DiskBlocks) throws(DirectDiskError) -> FoundVolumes {
  let disk = VolumeBytes(blocks, BlockMap(joining: [(0, blocks.size)]))
  let whole = PartitionTable.Partition(number: 0, start: 0, length: blocks.size)
  var opening = DirectOpening()
  guard let table = try PartitionTable(disk, sectorSize: blocks.sectorSize) else {
    opening.open(disk, whole)
    opening.openLogicalVolumes()
    return opening.found
  }
  opening.found.applianceObstacle = table.linuxObstacle
  opening.found.remarks = table.remarks
  for partition in table.partitions {
    if let bytes = disk.part(from: partition.start, count: partition.length) { opening.open(bytes, partition) }
  }
  // A disc image that can be put on a stick has a partition table as well, whose partitions need not show its files; and
  // a file system may have been made over a table of which no partition is left.
  if opening.found.volumes.isEmpty {
    var other = DirectOpening()
    other.open(disk, whole)
    let type = other.found.volumes.first?.type ?? ""
    if ["iso9660", "udf"].contains(type) || (table.partitions.isEmpty && !type.isEmpty) { return other.found }
  }
  opening.openLogicalVolumes()
  return opening.found
}

/// How a disk is to be given to an appliance that shows its partitions.
package struct DiskLayout {
  /// Bytes.
  package var sectorSize: UInt64 = 512
  /// Whether its kernel takes the partition table only if it is started with `gpt`.
  package var needsGPTForced = false
  /// Why an appliance would not show the partitions as they are; nil where it would.
  package var applianceObstacle: String?
  /// What is odd in the partition table.
  package var remarks: [Problem] = []

  package init() {}

  /// Looks at nothing but the partition table, and what its entries begin with.
  /// - Throws: where there is one that cannot be read.
  package init(_ blocks: DiskBlocks) throws(DirectDiskError) {
    let disk = VolumeBytes(blocks, BlockMap(joining: [(0, blocks.size)]))
    guard let table = try PartitionTable(disk, sectorSize: blocks.sectorSize) else {
      sectorSize = blocks.sectorSize ?? sectorSize
      return
    }
    sectorSize = table.sectorSize
    needsGPTForced = table.needsForce
    applianceObstacle = table.linuxObstacle
    remarks = table.remarks
  }
}

/// Opens one volume after the other. What one of them is like never keeps another from being opened.
private struct DirectOpening {
  var found = FoundVolumes()
  private var groups = VolumeGroups()

  /// Opens a partition or a whole disk; one that is part of a volume group is kept for `openLogicalVolumes`.
  mutating func open(_ bytes: VolumeBytes, _ partition: PartitionTable.Partition) {
    var volume = DirectVolume(id: "/dev/sda" + (partition.number == 0 ? "" : String(partition.number)))
    volume.partitionUUID = partition.uuid
    volume.partitionLabel = partition.label
    volume.partitionTypeUUID = partition.type?.code
    volume.partitionAttributes = partition.attributes
    open(bytes, as: volume, partition.type, isCut: partition.isCut)
  }

  private mutating func open(
    _ bytes: VolumeBytes, as volume: DirectVolume, _ partitionType: PartitionType? = nil, isCut: Bool = false
  ) {
    var volume = volume
    do throws(DirectDiskError) {
      let identity = try identity(of: bytes)
      (volume.type, volume.label, volume.uuid) = (identity.type, identity.label, identity.uuid)
      if partitionType?.isDynamicDisk == true {
        volume.type = "ldm"
        throw DirectDiskError("open volume", "it is part of a Windows dynamic disk, which is not read here")
      }
      switch identity.content {
      case .nothing:
        let isBlank = identity.type.isEmpty && partitionType?.isReserved != true
        if isBlank { remark(volume, "empty-partition", "holds only zeros where contents begin", partitionType) }
        return
      case .unknown:
        if partitionType?.isReserved == true { return }
        return remark(volume, "not-understood", "holds nothing that is known here", partitionType)
      case .unread(let reason): return remark(volume, "not-understood", reason, partitionType)
      case .broken(let reason): throw DirectDiskError("open volume", reason, isFinal: true)
      case .beyond(let reason): throw DirectDiskError("open volume", reason)
      case .volumeGroup: return try groups.add(bytes, as: volume.id)
      case .files: try volume.open(bytes)
      }
    } catch {
      var error = error
      if isCut {
        error.reason = "the disk ends before its partition does: \(error.reason)"
        error.isFinal = true
      }
      volume.files = .failure(error)
    }
    found.volumes.append(volume)
  }

  private mutating func remark(_ volume: DirectVolume, _ code: String, _ reason: String, _ type: PartitionType?) {
    let name = type.map { " (partition type \($0.name ?? $0.code))" } ?? ""
    found.remarks.append(Problem(code: code, operation: "open volume", subject: volume.id, reason: reason + name))
  }

  mutating func openLogicalVolumes() {
    let logical = groups.volumes()
    found.problems += groups.problems()
    found.remarks += groups.remarks()
    groups = VolumeGroups()
    // What is missing of a group may be inside of what only the appliance opens.
    let mayBeInside = found.volumes.contains { ["crypto_LUKS", "linux_raid_member", "ldm"].contains($0.type) }
    for (name, bytes) in logical {
      do throws(DirectDiskError) {
        self.open(try bytes.get(), as: DirectVolume(id: name))
      } catch {
        var error = error
        if error.isIncomplete, mayBeInside { error.isFinal = false }
        found.volumes.append(DirectVolume(id: name, files: .failure(error)))
      }
    }
    // A group whose parts are volumes of another one is rare enough to be left to the appliance.
    let reason = DirectDiskError("open volume", "its group lies in a volume of another group")
    found.volumes += groups.volumes().map { DirectVolume(id: $0.name, files: .failure(reason)) }
  }
}

extension VolumeBytes {
  /// Whether what begins there is known.
  func holdsKnown(from start: UInt64) throws(DirectDiskError) -> Bool {
    let bytes = try bytes(at: start, count: VolumeIdentity.length)
    return isInArray(bytes) || !VolumeIdentity(start: bytes, size: .max).type.isEmpty
  }
}

private func identity(of volume: VolumeBytes) throws(DirectDiskError) -> VolumeIdentity {
  let start = try volume.bytes(at: 0, count: VolumeIdentity.length)
  var isMember = isInArray(start)
  if !isMember { isMember = try isInOldArray(volume) }
  if isMember {
    return VolumeIdentity("linux_raid_member", .beyond("it is part of a software RAID"))
  }
  return VolumeIdentity(start: start, size: volume.size)
}

private let arrayMagic: [UInt8] = [0xFC, 0x4E, 0x2B, 0xA9]

/// Superblocks 1.1 and 1.2 of Linux's software RAID are at the start (md(4)).
private func isInArray(_ start: [UInt8]) -> Bool { start.has(arrayMagic, at: 0) || start.has(arrayMagic, at: 4096) }

/// Superblocks 1.0 and 0.90 are near the end.
private func isInOldArray(_ volume: VolumeBytes) throws(DirectDiskError) -> Bool {
  let sectors = volume.size / 512
  if sectors < 256 { return false }
  for place in [(sectors - 16) / 8 * 8 * 512, volume.size / 65_536 * 65_536 - 65_536] {
    if try volume.bytes(at: place, count: 4) == arrayMagic { return true }
  }
  return false
}

extension DirectVolume {
  fileprivate mutating func open(_ bytes: VolumeBytes) throws(DirectDiskError) {
    switch type {
    case "xfs": files = .success(try XFSFileSystem(bytes))
    case "ext2", "ext3", "ext4": files = .success(try ExtFileSystem(bytes))
    case "iso9660": files = .success(try ISOFileSystem(bytes))
    default:
      let system = try SleuthFileSystem(bytes, type: type)
      if let reason = system.unfinished { throw DirectDiskError("open volume", reason) }
      label = system.label ?? label
      files = .success(system)
    }
  }
}
