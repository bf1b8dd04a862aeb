internal import DiskFormats
internal import Foundation

/// A volume that was found without an appliance.
package struct DirectVolume {
  /// As the appliance names it.
  package var id: String
  /// blkid's name of what it holds; empty where it is not known here.
  package var type: String
  package var label: String?
  package var uuid: String?
  /// Of the partition below it.
  package var partitionUUID: String?
  package var partitionLabel: String?
  /// Its files, or why they cannot be read without an appliance.
  package var files: Result<any FileSystem, DirectDiskError>
}

/// Finds the volumes of a disk and opens those that can be read here, by the names and in the order of the appliance.
/// - Throws: where the disk cannot be read, or has a partition table that cannot.
package func openVolumes(_ blocks: DiskBlocks) throws(DirectDiskError) -> [DirectVolume] {
  let disk = VolumeBytes(blocks, BlockMap(joining: [(0, blocks.size)]))
  let whole = PartitionTable.Partition(number: 0, start: 0, length: blocks.size)
  guard let table = try PartitionTable(disk) else {
    var groups = VolumeGroups()
    let volume = try openVolume(disk, whole, &groups)
    return try (volume.map { [$0] } ?? []) + logicalVolumes(groups)
  }
  var volumes: [DirectVolume] = []
  var groups = VolumeGroups()
  for partition in table.partitions where !partition.isReserved {
    guard let bytes = disk.part(from: partition.start, count: partition.length) else { continue }
    if let volume = try openVolume(bytes, partition, &groups) { volumes.append(volume) }
  }
  // A disc image that can be put on a stick has a partition table as well, whose partitions need not show its files.
  let isDisc = volumes.allSatisfy(\.type.isEmpty)
  if isDisc, let volume = try openVolume(disk, whole, &groups), volume.type == "iso9660" { return [volume] }
  return try volumes + logicalVolumes(groups)
}

private func logicalVolumes(_ groups: VolumeGroups) throws(DirectDiskError) -> [DirectVolume] {
  var volumes: [DirectVolume] = []
  var inner = VolumeGroups()
  for (name, bytes) in groups.volumes() {
    do throws(DirectDiskError) {
      let bytes = try bytes.get()
      let place = PartitionTable.Partition(number: 0, start: 0, length: bytes.size)
      guard var volume = try openVolume(bytes, place, &inner) else { continue }
      volume.id = name
      volumes.append(volume)
    } catch {
      volumes.append(DirectVolume(id: name, type: "", files: .failure(error)))
    }
  }
  // A group whose parts are volumes of another one is rare enough to be left to the appliance.
  let reason = DirectDiskError("open volume", "its group lies in a volume of another group")
  return volumes + inner.volumes().map { DirectVolume(id: $0.name, type: "", files: .failure(reason)) }
}

/// Nil where it holds nothing that files are in, or is part of a group that is told later.
private func openVolume(
  _ bytes: VolumeBytes, _ partition: PartitionTable.Partition, _ groups: inout VolumeGroups
) throws(DirectDiskError) -> DirectVolume? {
  let identity = try identity(of: bytes)
  var volume = DirectVolume(
    id: "/dev/sda" + (partition.number == 0 ? "" : String(partition.number)), type: identity.type,
    label: identity.label, uuid: identity.uuid, partitionUUID: partition.uuid, partitionLabel: partition.label,
    files: .failure(DirectDiskError("open volume", "it was not opened")))
  do throws(DirectDiskError) {
    switch identity.content {
    case .nothing: return nil
    case .beyond(let reason): throw DirectDiskError("open volume", reason)
    case .volumeGroup:
      try groups.add(bytes)
      return nil
    case .files: try volume.open(bytes)
    }
  } catch {
    volume.files = .failure(error)
  }
  return volume
}

private func identity(of volume: VolumeBytes) throws(DirectDiskError) -> VolumeIdentity {
  let start = try volume.bytes(at: 0, count: VolumeIdentity.length)
  if try isInArray(volume, start) {
    return VolumeIdentity("linux_raid_member", .beyond("it is part of a software RAID"))
  }
  return VolumeIdentity(start: start, size: volume.size)
}

/// Superblocks of Linux's software RAID: 1.1 and 1.2 at the start, 1.0 and 0.90 near the end (md(4)).
private func isInArray(_ volume: VolumeBytes, _ start: [UInt8]) throws(DirectDiskError) -> Bool {
  let magic: [UInt8] = [0xFC, 0x4E, 0x2B, 0xA9]
  if start.has(magic, at: 0) || start.has(magic, at: 4096) { return true }
  let sectors = volume.size / 512
  if sectors < 256 { return false }
  for place in [(sectors - 16) / 8 * 8 * 512, volume.size / 65_536 * 65_536 - 65_536] {
    if try volume.bytes(at: place, count: 4) == magic { return true }
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
