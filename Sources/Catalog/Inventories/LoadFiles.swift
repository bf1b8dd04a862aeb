internal import Fingerprints
internal import Foundation
internal import GRDB
internal import Inventory

extension InventoryReader {
  /// The file list: what a supplement says stands before what the scan knew.
  func files() throws -> [FileRecord] {
    let statement = try db.makeStatement(
      sql: """
        SELECT f.volume, p.bytes, f.kind, f.size, f.modified, f.inode, f.mode, f.uid, f.gid, f.links, t.bytes,
          coalesce(s.content_id, f.content_id), coalesce(s.fingerprint_id, f.fingerprint_id), f.unreadable
        FROM file f JOIN path p ON p.id = f.path_id LEFT JOIN path t ON t.id = f.target_id
        LEFT JOIN supplement s ON s.inventory_id = f.inventory_id AND s.position = f.position
        WHERE f.inventory_id = ? ORDER BY f.position
        """)
    let contents = try contents()
    let fingerprints = try fingerprints()
    var files: [FileRecord] = []
    let cursor = try Row.fetchCursor(statement, arguments: [id])
    while let row = try cursor.next() {
      files.append(
        FileRecord(
          volume: row[0], path: GuestPath(bytes: row[1] as Data), kind: try value(row[2]),
          size: UInt64(bitPattern: row[3]), modified: row[4], inode: UInt64(bitPattern: row[5]), mode: row[6],
          uid: row[7], gid: row[8], links: row[9], target: (row[10] as Data?).map { GuestPath(bytes: $0) },
          digests: (row[11] as Int64?).flatMap { contents[$0] },
          fingerprint: (row[12] as Int64?).flatMap { fingerprints[$0] }, unreadable: row[13]))
    }
    return files
  }

  /// The numbers of a dictionary that this inventory uses, its supplements among them.
  private func used(_ column: String) -> String {
    """
    (SELECT \(column) FROM file WHERE inventory_id = ? AND \(column) IS NOT NULL
    UNION SELECT \(column) FROM supplement WHERE inventory_id = ? AND \(column) IS NOT NULL)
    """
  }

  private func contents() throws -> [Int64: FileDigests] {
    let sql = "SELECT id, sha256, git_blob, gitoid, md5 FROM content WHERE id IN \(used("content_id"))"
    var result: [Int64: FileDigests] = [:]
    let cursor = try Row.fetchCursor(db, sql: sql, arguments: [id, id])
    while let row = try cursor.next() {
      guard let sha256 = Digest(bytes: row[1] as Data), let gitoid = Digest(bytes: row[3] as Data) else {
        throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "a digest has not 32 bytes")
      }
      result[row[0]] = FileDigests(sha256: sha256, gitBlob: row[2], gitoid: gitoid, md5: row[4])
    }
    return result
  }

  private func fingerprints() throws -> [Int64: Fingerprint] {
    let marks = try marks()
    let sql = "SELECT id, kind, descriptions, problem FROM fingerprint WHERE id IN \(used("fingerprint_id"))"
    var result: [Int64: Fingerprint] = [:]
    let cursor = try Row.fetchCursor(db, sql: sql, arguments: [id, id])
    while let row = try cursor.next() {
      let descriptions: String = row[2]
      result[row[0]] = Fingerprint(
        kind: try value(row[1]), marks: marks[row[0]] ?? [],
        descriptions: descriptions == "[]" ? [] : try decoded(descriptions) ?? [], problem: row[3])
    }
    return result
  }

  private func marks() throws -> [Int64: [Mark]] {
    let sql = """
      SELECT fingerprint_id, kind, value FROM mark WHERE fingerprint_id IN \(used("fingerprint_id"))
      ORDER BY fingerprint_id, position
      """
    var result: [Int64: [Mark]] = [:]
    let cursor = try Row.fetchCursor(db, sql: sql, arguments: [id, id])
    while let row = try cursor.next() {
      result[row[0], default: []].append(Mark(try value(row[1]), row[2]))
    }
    return result
  }
}
