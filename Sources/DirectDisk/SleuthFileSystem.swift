internal import CTSK
internal import Foundation
internal import Inventory

/// Whether libtsk is on this machine, of the version that this program was built for.
package var sleuthKitIsThere: Bool { vmlineage_tsk_is_there() != 0 }

/// A file system that The Sleuth Kit's library reads: NTFS, FAT, exFAT. Deleted files are not shown.
/// Used from one thread only.
final class SleuthFileSystem: FileSystem {
  private let volume: VolumeBytes
  private let image: UnsafeMutablePointer<TSK_IMG_INFO>
  private let system: UnsafeMutablePointer<TSK_FS_INFO>
  /// blkid's name of it.
  let type: String
  /// How Linux shows it.
  private let manners: Manners

  /// - Parameter type: blkid's name of it.
  /// - Throws: where libtsk is not there, or does not take it for a file system of this type.
  init(_ volume: VolumeBytes, type: String) throws(DirectDiskError) {
    guard sleuthKitIsThere else {
      throw DirectDiskError("open file system", "libtsk \(TSK_VERSION_STR) is not on this machine")
    }
    let kinds: [String: TSK_FS_TYPE_ENUM] = [
      "ntfs": TSK_FS_TYPE_NTFS, "vfat": TSK_FS_TYPE_FAT_DETECT, "exfat": TSK_FS_TYPE_EXFAT,
    ]
    guard let kind = kinds[type], let size = Int64(exactly: volume.size),
      let image = vmlineage_tsk_open(Unmanaged.passUnretained(volume).toOpaque(), size, 512, readVolume)
    else { throw DirectDiskError("open file system", "\(type) is not read here") }
    guard let system = vmlineage_tsk_fs_open_img(image, 0, kind) else {
      defer { vmlineage_tsk_img_close(image) }
      throw DirectDiskError("open file system", Self.lastError())
    }
    self.volume = volume
    self.image = image
    self.system = system
    self.type = type
    manners = Manners(type)
  }

  deinit {
    vmlineage_tsk_fs_close(system)
    vmlineage_tsk_img_close(image)
  }

  func list(
    as volume: String, admitting: ((GuestPath) -> Bool)?
  ) throws -> (files: FileList, complaints: String) {
    var walk = Walk(root: root, admitting: admitting)
    while let folder = walk.next() {
      do {
        try forEachEntry(of: folder.inode) { name, file in
          guard walk.admits(name, in: folder), let record = manners.record(file, name, volume: volume) else { return }
          walk.add(name, record, in: folder)
        }
      } catch {
        walk.complain(folder, error.reason)
      }
    }
    if manners.countsFolders { walk.countLinksOfFolders() }
    return (walk.files, walk.complaint)
  }

  var root: UInt64 { system.pointee.root_inum }

  /// Calls `body` with every entry of a folder that is not deleted, itself and its parent left out.
  func forEachEntry(
    of folder: UInt64, _ body: ([UInt8], UnsafeMutablePointer<TSK_FS_FILE>) -> Void
  ) throws(DirectDiskError) {
    volume.failure = nil
    guard let open = vmlineage_tsk_fs_dir_open_meta(system, folder) else {
      throw volume.failure ?? DirectDiskError("list folder", Self.lastError())
    }
    defer { vmlineage_tsk_fs_dir_close(open) }
    for position in 0..<vmlineage_tsk_fs_dir_getsize(open) {
      guard let entry = vmlineage_tsk_fs_dir_get_name(open, position), let text = entry.pointee.name,
        entry.pointee.flags.rawValue & TSK_FS_NAME_FLAG_ALLOC.rawValue != 0, strcmp(text, ".") != 0,
        strcmp(text, "..") != 0, let file = vmlineage_tsk_fs_dir_get(open, position)
      else { continue }
      body(bytes(of: text), file)
      vmlineage_tsk_fs_file_close(file)
    }
    if let failure = volume.failure { throw failure }
  }

  func place(of file: FileRecord) -> UInt64 {
    (try? withFile(file.inode) { opened throws(DirectDiskError) in
      let run = vmlineage_tsk_fs_file_attr_get(opened)?.pointee.nrd.run
      return run?.pointee.addr.multipliedReportingOverflow(by: UInt64(system.pointee.block_size)).partialValue ?? 0
    }) ?? 0
  }

  func read(_ pieces: [Range<UInt64>], of file: FileRecord) throws -> [Data] {
    try withFile(file.inode) { opened throws(DirectDiskError) in
      var all: [Data] = []
      for piece in pieces { all.append(try read(piece, opened)) }
      return all
    }
  }

  /// Opens a file by its number. libtsk passes over some errors of the disk, so whoever gives it bytes remembers them.
  func withFile<Result>(
    _ inode: UInt64, _ body: (UnsafeMutablePointer<TSK_FS_FILE>) throws(DirectDiskError) -> Result
  ) throws(DirectDiskError) -> Result {
    volume.failure = nil
    guard let file = vmlineage_tsk_fs_file_open_meta(system, inode) else {
      throw volume.failure ?? DirectDiskError("open file", Self.lastError())
    }
    defer { vmlineage_tsk_fs_file_close(file) }
    let result = try body(file)
    if let failure = volume.failure { throw failure }
    return result
  }

  private func read(
    _ piece: Range<UInt64>, _ file: UnsafeMutablePointer<TSK_FS_FILE>
  ) throws(DirectDiskError) -> Data {
    if piece.isEmpty { return Data() }
    var data = Data(count: piece.count)
    let got = data.withUnsafeMutableBytes { buffer in
      vmlineage_tsk_fs_file_read(
        file, TSK_OFF_T(piece.lowerBound), buffer.bindMemory(to: CChar.self).baseAddress, piece.count,
        TSK_FS_FILE_READ_FLAG_NONE)
    }
    guard got == piece.count else {
      throw DirectDiskError("read file", got < 0 ? Self.lastError() : "it is shorter than it says")
    }
    return data
  }

  static func lastError() -> String {
    defer { vmlineage_tsk_error_reset() }
    return vmlineage_tsk_error_get().map { String(cString: $0) } ?? "no reason given"
  }
}

/// libtsk's way to an image's bytes.
private func readVolume(
  _ image: UnsafeMutablePointer<TSK_IMG_INFO>?, _ offset: TSK_OFF_T, _ bytes: UnsafeMutablePointer<CChar>?, _ count: Int
) -> Int {
  guard let image, let owner = vmlineage_tsk_owner(image), let offset = UInt64(exactly: offset) else { return -1 }
  let volume = Unmanaged<VolumeBytes>.fromOpaque(owner).takeUnretainedValue()
  return (try? volume.read(into: UnsafeMutableRawBufferPointer(start: bytes, count: count), at: offset)) ?? -1
}

func bytes(of text: UnsafePointer<CChar>) -> [UInt8] {
  Array(UnsafeRawBufferPointer(start: text, count: strlen(text)))
}
