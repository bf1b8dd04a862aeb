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
  guard let table = try PartitionTable(disk) else { return try openVolume(disk, whole).map { [$0] } ?? [] }
  var volumes: [DirectVolume] = []
  for partition in table.partitions where !partition.isReserved {
    guard let bytes = disk.part(from: partition.start, count: partition.length) else { continue }
    if let volume = try openVolume(bytes, partition) { volumes.append(volume) }
  }
  // A disc image that can be put on a stick has a partition table as well, whose partitions need not show its files.
  if volumes.isEmpty, let volume = try openVolume(disk, whole), volume.type == "iso9660" { return [volume] }
  return volumes
}

/// Nil where it holds nothing that files are in.
private func openVolume(
  _ bytes: VolumeBytes, _ partition: PartitionTable.Partition
) throws(DirectDiskError) -> DirectVolume? {
  let identity = try VolumeIdentity(of: bytes)
  var volume = DirectVolume(
    id: "/dev/sda" + (partition.number == 0 ? "" : String(partition.number)), type: identity.type,
    label: identity.label, uuid: identity.uuid, partitionUUID: partition.uuid, partitionLabel: partition.label,
    files: .failure(DirectDiskError("open volume", "it is part of a volume group, which is not read here")))
  switch identity.content {
  case .nothing: return nil
  case .volumeGroup: return volume
  case .beyond(let reason): volume.files = .failure(DirectDiskError("open volume", reason))
  case .files: volume.open(bytes)
  }
  return volume
}

extension DirectVolume {
  fileprivate mutating func open(_ bytes: VolumeBytes) {
    do throws(DirectDiskError) {
      let system = try SleuthFileSystem(bytes, type: type)
      if let reason = system.unfinished { throw DirectDiskError("open volume", reason) }
      label = system.label ?? label
      files = .success(system)
    } catch {
      files = .failure(error)
    }
  }
}
