internal import Foundation
internal import GRDB
internal import Inventory

extension GuestPath {
  /// Up to the last slash, with it; empty where there is none.
  var folder: GuestPath { GuestPath(verbatim: bytes.prefix(folderLength)) }

  /// What follows the last slash, byte for byte.
  var lastName: [UInt8] { Array(bytes.dropFirst(folderLength)) }

  /// The names of the folders down to the last slash, each with its slash: together they are `folder`.
  var folderNames: [ArraySlice<UInt8>] {
    bytes.prefix(folderLength).split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).dropLast().map {
      bytes[$0.startIndex...$0.endIndex]
    }
  }

  private var folderLength: Int { bytes.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0 }
}

/// Paths of folders by their numbers, each row read once.
struct FolderPaths {
  /// A folder's path with its last slash, and which of several files of one path stand in it.
  struct Folder {
    var path: [UInt8]
    var copy: Int64
  }

  private let db: Database
  private var known: [Int64: Folder] = [:]

  init(_ db: Database) { self.db = db }

  mutating func folder(_ id: Int64) throws -> Folder {
    let select = try db.cachedStatement(
      sql: "SELECT parent_id, CAST(name AS \(Dialect.bytes)) FROM folder WHERE id = ?")
    var below: [(id: Int64, name: Data)] = []
    var next = id
    var folder = known[id]
    while folder == nil {
      guard let row = try Row.fetchOne(select, arguments: [next]) else {
        throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "a folder is there and is not")
      }
      below.append((next, row[1]))
      next = row[0]
      folder = next <= 0 ? Folder(path: [], copy: -next) : known[next]
    }
    var result = folder ?? Folder(path: [], copy: 0)
    for (id, name) in below.reversed() {
      result.path += name
      known[id] = result
    }
    return result
  }

  mutating func path(_ folder: Int64, _ name: Data) throws -> GuestPath {
    GuestPath(verbatim: try self.folder(folder).path + name)
  }
}
