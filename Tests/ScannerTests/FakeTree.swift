import Foundation
import Inventory
import Packages

@testable import Guestfs
@testable import Scanner

/// A volume whose files are in memory; some of them cannot be read, or give fewer bytes than they said.
final class FakeTree: FileTree {
  struct Broken: Error {}

  let volume: String
  var contents: [GuestPath: Data]
  /// After how many files reading ends with an error.
  var failsAfter = Int.max
  private(set) var wasRead: [GuestPath] = []
  private(set) var endsRead: [GuestPath] = []
  private(set) var wasStreamed: [GuestPath] = []

  init(_ volume: String, _ contents: [GuestPath: Data]) {
    self.volume = volume
    self.contents = contents
  }

  func list(_ places: DeclaredPlaces?) throws -> (files: FileList, complaints: String) { ([], "") }

  func ends(of files: [FileRecord]) throws -> [GuestPath: FileEnds] {
    endsRead += files.map(\.path)
    return files.reduce(into: [:]) { ends, file in
      guard let data = contents[file.path] else { return }
      ends[file.path] = FileEnds(head: data.prefix(4096), tail: data.suffix(4096))
    }
  }

  func stream(_ file: FileRecord, body: (Data) throws -> Void) throws {
    wasStreamed.append(file.path)
    guard let data = contents[file.path] else { throw Broken() }
    for start in stride(from: 0, to: data.count, by: 1 << 20) {
      try body(data[start..<min(start + 1 << 20, data.count)])
    }
  }

  func read(_ files: [FileRecord], body: (GuestPath, Data) throws -> Void) throws {
    for (number, file) in files.enumerated() {
      if number >= failsAfter { throw Broken() }
      wasRead.append(file.path)
      if let data = contents[file.path] { try body(file.path, data) }
    }
  }
}

/// A regular file of a list.
func file(
  _ path: GuestPath, size: UInt64 = 100, mode: UInt16 = 0o644, inode: UInt64 = 0, links: UInt32 = 1
) -> FileRecord {
  FileRecord(volume: "/dev/sda1", path: path, kind: .regular, size: size, inode: inode, mode: mode, links: links)
}

/// A volume with files of these contents, and the folders on the way; a path that ends in a slash is a folder, and contents
/// that begin with `-> ` make a link.
func volume(
  _ id: String = "/dev/sda1", type: String = "ext4", label: String? = nil, uuid: String? = nil,
  partition: PartitionNames = PartitionNames(), snapshotOf: String? = nil, created: Int64? = nil,
  _ contents: [String: String] = [:]
) -> ListedVolume {
  var records: [GuestPath: FileRecord] = [:]
  for (name, text) in contents {
    let path = GuestPath(name)
    let target = text.hasPrefix("-> ") ? GuestPath(verbatim: text.dropFirst(3).utf8) : nil
    let kind: FileRecord.Kind = target != nil ? .link : name.hasSuffix("/") ? .directory : .regular
    records[path] = FileRecord(
      volume: id, path: path, kind: kind, size: UInt64(text.utf8.count), target: target)
    var folder = path.parent
    while !folder.bytes.isEmpty, records[folder] == nil {
      records[folder] = FileRecord(volume: id, path: folder, kind: .directory, size: 0)
      folder = folder.parent
    }
  }
  let tree = FakeTree(
    id, Dictionary(contents.map { (GuestPath($0.key), Data($0.value.utf8)) }, uniquingKeysWith: { $1 }))
  return ListedVolume(
    volume: Volume(id: id, fileSystem: type, label: label, uuid: uuid, status: .read), partition: partition, tree: tree,
    files: FileList(records.values), snapshotOf: snapshotOf, created: created)
}

func volume(_ contents: [String: String]) -> ListedVolume { volume("/dev/sda1", contents) }
