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
  func list(_ places: DeclaredPlaces?) throws -> (files: [FileRecord], complaints: String)

  /// The first and the last 4,096 bytes of regular files; one that cannot be read is absent.
  func ends(of files: [FileRecord]) throws -> [GuestPath: FileEnds]

  /// Reads regular files whole and hands over each in turn. One that cannot be read is not handed over.
  func read(_ files: [FileRecord], body: (GuestPath, Data) throws -> Void) throws
}
