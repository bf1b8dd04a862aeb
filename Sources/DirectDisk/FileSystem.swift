package import Foundation
package import Inventory

/// A file system that is read without an appliance. Used from one thread only.
package protocol FileSystem: AnyObject {
  /// Every entry but the root that is admitted, and what could not be listed (empty where all could). What lies below a
  /// folder that is not admitted is not looked at.
  func list(
    as volume: String, admitting: ((GuestPath) -> Bool)?
  ) throws -> (files: FileList, complaints: String)

  /// What `list` saw and could not show; nil where there is none.
  var remark: String? { get }

  /// Where the bytes of a regular file begin on the volume, so that files can be read in the order in which they lie.
  func place(of file: FileRecord) -> UInt64

  /// Reads pieces of a regular file that `list` told of.
  /// - Throws: where they are not all there.
  func read(_ pieces: [Range<UInt64>], of file: FileRecord) throws -> [Data]
}

extension FileSystem {
  package var remark: String? { nil }

  /// Every entry.
  package func list(as volume: String) throws -> (files: FileList, complaints: String) {
    try list(as: volume, admitting: nil)
  }
}

/// A walk through folders: those that are still to be listed, and what was found by now. It is bounded whatever a hostile
/// file system says of itself.
struct Walk {
  struct Folder {
    var inode: UInt64
    var path: [UInt8]
  }

  private let admits: ((GuestPath) -> Bool)?
  private var waiting: [Folder]
  private var seen: Set<UInt64>
  private(set) var files = FileList()
  private var complaints: [String] = []
  /// Folders in each folder, by its inode.
  private var folderCounts: [UInt64: UInt32] = [:]

  /// Files in one volume: some 2 GiB of records.
  private static let most = 8_000_000
  /// Bytes of a path: Linux opens none of more than 4,095 at once, but lists what lies deeper.
  private static let longest = 65_535

  init(root: UInt64, admitting admits: ((GuestPath) -> Bool)?) {
    self.admits = admits
    waiting = [Folder(inode: root, path: [])]
    seen = [root]
  }

  mutating func next() -> Folder? { waiting.popLast() }

  /// Whether an entry of a folder is to be looked at.
  func admits(_ name: [UInt8], in folder: Folder) -> Bool {
    guard let admits else { return true }
    return admits(GuestPath(bytes: Self.path(of: name, in: folder)))
  }

  private static func path(of name: [UInt8], in folder: Folder) -> [UInt8] {
    folder.path.isEmpty ? name : folder.path + [UInt8(ascii: "/")] + name
  }

  /// Takes one entry of a folder.
  /// - Parameter identity: what tells a folder from all others where its inode does not.
  mutating func add(_ name: [UInt8], _ record: FileRecord, in folder: Folder, identity: UInt64? = nil) {
    if name.contains(UInt8(ascii: "/")) { return complain(folder, "a name holds a slash") }
    if files.count >= Self.most { return complain(folder, "it has more than \(Self.most) files") }
    let path = Self.path(of: name, in: folder)
    if path.count > Self.longest { return complain(folder, "its paths are too long") }
    var record = record
    record.path = GuestPath(bytes: path)
    files.append(record)
    guard record.kind == .directory else { return }
    folderCounts[folder.inode, default: 0] += 1
    if seen.insert(identity ?? record.inode).inserted {
      waiting.append(Folder(inode: record.inode, path: path))
    } else {
      complain(folder, "a folder in it is in another one too")
    }
  }

  /// What cannot be listed; the first few are told.
  mutating func complain(_ folder: Folder, _ reason: String) {
    if complaints.count < 8 { complaints.append("/\(GuestPath(bytes: folder.path)): \(reason)") }
  }

  /// Gives folders as many links as they have names, where the file system itself counts none.
  mutating func countLinksOfFolders() {
    for position in files.indices {
      var file = files.entry(position)
      if file.kind != .directory { continue }
      file.links = 2 + (folderCounts[file.inode] ?? 0)
      files[position] = file
    }
  }

  var complaint: String { complaints.joined(separator: "; ") }
}
