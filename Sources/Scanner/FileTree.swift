internal import Foundation
internal import Guestfs
internal import Inventory
internal import Packages

/// One file system that files are listed in and read from in bulk: a volume of a guest, or a stand-in in tests.
protocol FileTree {
  /// The volume's id.
  var volume: String { get }

  /// Every entry, or those at these places and the folders on the way; and what could not be listed (empty where all
  /// could).
  func list(_ places: DeclaredPlaces?) throws -> (files: FileList, complaints: String)

  /// The first and the last 4,096 bytes of regular files; one that cannot be read is absent.
  func ends(of files: [FileRecord]) throws -> [GuestPath: FileEnds]

  /// Hands over the bytes of a regular file in their order, in parts of some MiB at most.
  /// - Throws: where they cannot be read to the end.
  func stream(_ file: FileRecord, body: (Data) throws -> Void) throws

  /// Reads regular files whole and hands over each in turn. One that cannot be read is not handed over.
  func read(_ files: [FileRecord], body: (GuestPath, Data) throws -> Void) throws
}

/// The parts in which files are streamed that lie plainly on a disk.
func parts(of file: FileRecord) -> [Range<UInt64>] {
  let part: UInt64 = 4 << 20
  return stride(from: 0, to: file.size, by: Int(part)).map { $0..<min($0 + part, file.size) }
}

/// A file ends before its list says so.
struct ShortFile: Error {}
