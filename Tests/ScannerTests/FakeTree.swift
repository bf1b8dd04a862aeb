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

/// A volume with files of these contents.
func volume(
  _ id: String = "/dev/sda1", type: String = "ext4", label: String? = nil, uuid: String? = nil,
  _ contents: [GuestPath: String] = [:]
) -> ListedVolume {
  let tree = FakeTree(id, contents.mapValues { Data($0.utf8) })
  return ListedVolume(
    volume: Volume(id: id, fileSystem: type, label: label, uuid: uuid, status: .read), tree: tree,
    files: FileList(
      contents.map { FileRecord(volume: id, path: $0.key, kind: .regular, size: UInt64($0.value.utf8.count)) }))
}
