internal import Fingerprints
internal import Foundation
internal import GRDB
internal import Inventory

extension InventoryReader {
  /// The file list as it was stored, and for each file the folder of its row: what a supplement says stands before what the
  /// scan knew.
  func listed() throws -> (files: FileList, folders: [Int64]) {
    let statement = try db.makeStatement(
      sql: """
        SELECT volume, CAST(name AS \(Dialect.bytes)), kind, size, modified, inode, mode, uid, gid, links,
          CAST(target AS \(Dialect.bytes)), unreadable, sha256, git_blob, gitoid, md5, fingerprint_id, folder_id
        FROM v_files WHERE inventory_id = ?
        """)
    var fingerprints = FingerprintReader(db: db)
    var paths = FolderPaths(db)
    var files = FileList()
    var folders: [Int64] = []
    var copies: [Int: Int64] = [:]
    let cursor = try Row.fetchCursor(statement, arguments: [id])
    while let row = try cursor.next() {
      let (number, name): (Int64, Data) = (row[17], row[1])
      let folder = try paths.folder(number)
      if folder.copy > 0 { copies[files.count] = folder.copy }
      folders.append(number)
      files.append(
        FileRecord(
          volume: row[0], path: GuestPath(verbatim: folder.path + name), kind: try value(row[2]),
          size: UInt64(bitPattern: row[3]), modified: row[4], inode: UInt64(bitPattern: row[5]), mode: row[6],
          uid: row[7], gid: row[8], links: row[9], target: (row[10] as Data?).map { GuestPath(verbatim: $0) },
          digests: try digests(row), fingerprint: try (row[16] as Int64?).map { try fingerprints.fingerprint($0) },
          unreadable: row[11]))
    }
    let order = try storedOrder(files, copies)
    return (files.picked(order), order.map { folders[$0] })
  }

  private func digests(_ row: Row) throws -> FileDigests? {
    guard let sha256 = try digest(row[12]) else { return nil }
    return FileDigests(
      sha256: sha256, gitBlob: (row[13] as Data?)?.hex, gitoid: try digest(row[14]), md5: (row[15] as Data?)?.hex)
  }

  private func digest(_ bytes: Data?) throws -> Digest? {
    guard let bytes else { return nil }
    guard let digest = Digest(bytes: bytes) else {
      throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "a digest has not 32 bytes")
    }
    return digest
  }

  /// Files whose digests became known later.
  func supplements() throws -> Int {
    let select = try db.cachedStatement(
      sql: """
        SELECT count(*) FROM supplement s
        JOIN listed_file f ON f.inventory_id = s.inventory_id AND f.folder_id = s.folder_id AND f.name = s.name
        LEFT JOIN content c ON c.id = f.content_id WHERE s.inventory_id = ? AND c.sha256 IS NULL
        """)
    return try Int.fetchOne(select, arguments: [id]) ?? 0
  }

  /// Rows come in no order: first in that of volume, path and copy, then as `list_order` says.
  private func storedOrder(_ files: FileList, _ copies: [Int: Int64]) throws -> [Int] {
    let volumes = VolumeRanks(try self.volumes())
    let values = files.indices.sorted { left, right in
      volumes.precedes(left, right, files) ?? (copies[left] ?? 0 < copies[right] ?? 0)
    }
    let stored = try Data.fetchOne(db, sql: "SELECT ranks FROM list_order WHERE inventory_id = ?", arguments: [id])
    guard let ranks = stored.map(PackedNumbers.unpack) else { return values }
    guard ranks.count == values.count, ranks.allSatisfy(values.indices.contains) else {
      throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "the order of a file list does not fit the list")
    }
    return ranks.map { values[$0] }
  }
}

/// Fingerprints by their numbers, each read once.
private struct FingerprintReader {
  let db: Database
  private var known: [Int64: Fingerprint] = [:]

  init(db: Database) { self.db = db }

  mutating func fingerprint(_ id: Int64) throws -> Fingerprint {
    if let known = known[id] { return known }
    let select = try db.cachedStatement(sql: "SELECT kind, descriptions, problem FROM fingerprint WHERE id = ?")
    guard let row = try Row.fetchOne(select, arguments: [id]) else {
      throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "a fingerprint is there and is not")
    }
    let marks = try db.cachedStatement(sql: "SELECT kind, value FROM mark WHERE fingerprint_id = ? ORDER BY position")
    let descriptions: String = row[1]
    let fingerprint = Fingerprint(
      kind: try value(row[0]),
      marks: try Row.fetchAll(marks, arguments: [id]).map { Mark(try value($0[0]), $0[1]) },
      descriptions: descriptions == "[]" ? [] : try decoded(descriptions) ?? [], problem: row[2])
    known[id] = fingerprint
    return fingerprint
  }
}
