internal import DirectDisk
internal import DiskFormats
internal import Foundation
internal import Guestfs
internal import Inventory
internal import Packages

/// A volume that this process reads itself.
struct DirectTree: FileTree {
  let volume: String
  let system: any FileSystem

  func list(_ places: DeclaredPlaces?) throws -> (files: FileList, complaints: String) {
    try system.list(as: volume, admitting: places.map { places in { places.admit($0) } })
  }

  func ends(of files: [FileRecord]) throws -> [GuestPath: FileEnds] {
    var ends: [GuestPath: FileEnds] = [:]
    for file in inOrder(files) {
      let length = min(file.size, UInt64(outlineLength))
      guard let both = try pieces([0..<length, file.size - length..<file.size], of: file) else { continue }
      ends[file.path] = FileEnds(head: both[0], tail: both[1])
    }
    return ends
  }

  func read(_ files: [FileRecord], body: (GuestPath, Data) throws -> Void) throws {
    for file in inOrder(files) {
      if let data = try pieces([0..<file.size], of: file)?[0] { try body(file.path, data) }
    }
  }

  func stream(_ file: FileRecord, body: (Data) throws -> Void) throws {
    for part in parts(of: file) { try body(try system.read([part], of: file)[0]) }
  }

  /// Nil where the file cannot be read.
  /// - Throws: where the disk cannot: then no other file can either.
  private func pieces(_ pieces: [Range<UInt64>], of file: FileRecord) throws -> [Data]? {
    do {
      return try system.read(pieces, of: file)
    } catch let error as DirectDiskError where error.isOfDisk {
      throw error
    } catch {
      return nil
    }
  }

  /// As they lie on the volume; those that cannot be read for a reason of their own are left out.
  private func inOrder(_ files: [FileRecord]) -> [FileRecord] {
    files.filter { $0.unreadable == nil }.map { (place: system.place(of: $0), file: $0) }
      .sorted { $0.place < $1.place }.map(\.file)
  }
}

/// Volumes that were opened, whoever reads them.
struct OpenedVolume {
  var volume: Volume
  /// Its files; nil where they cannot be read.
  var tree: (any FileTree)?
  var partition = PartitionNames()
  /// The volume of which this is a snapshot, and when it was made (seconds since 1970), where that is known.
  var snapshotOf: String?
  var created: Int64?
  /// Whether no other reader gets further with it.
  var isFinal = false
}

/// Opens the file systems that can be read without an appliance.
/// - Parameter obstacle: why no appliance can be given the disk; nil where one can.
func openDirectly(_ found: FoundVolumes, applianceObstacle obstacle: String?) -> [OpenedVolume] {
  found.volumes.map { found in
    var volume = Volume(
      id: found.id, fileSystem: found.type, label: found.label, uuid: found.uuid, reader: Reader.direct.rawValue,
      status: .read)
    var tree: DirectTree?
    var isFinal = false
    switch found.files {
    case .success(let system):
      tree = DirectTree(volume: found.id, system: system)
      volume.journal = ["ext3", "ext4", "xfs", "ntfs"].contains(found.type) ? .clean : nil
    case .failure(let error):
      isFinal = error.isFinal
      volume.status = ["crypto_LUKS", "BitLocker"].contains(found.type) ? .encrypted : .failed
      volume.problem = unopened(found.id, error, obstacle, isEncrypted: volume.status == .encrypted)
    }
    return OpenedVolume(
      volume: volume, tree: tree,
      partition: PartitionNames(
        uuid: found.partitionUUID, label: found.partitionLabel, typeUUID: found.partitionTypeUUID,
        attributes: found.partitionAttributes), isFinal: isFinal)
  }
}

private func unopened(_ id: String, _ error: DirectDiskError, _ obstacle: String?, isEncrypted: Bool) -> Problem {
  let code =
    if isEncrypted { "encrypted" } else if error.isIncomplete { "incomplete" } else if error.isFinal {
      "volume-damaged"
    } else { "needs-appliance" }
  var problem = Problem(code: code, operation: error.operation, subject: id, reason: error.reason)
  if error.isFinal { return problem }
  if let obstacle {
    problem.reason += ", and an appliance cannot be given this disk: \(obstacle)"
  } else {
    problem.remedy = "scan it with --reader auto or --reader appliance"
  }
  return problem
}
