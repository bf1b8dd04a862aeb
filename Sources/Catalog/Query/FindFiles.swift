package import Fingerprints
internal import Foundation
internal import GRDB
package import Inventory

/// How a file is asked for.
package enum FileQuestion: Sendable, Hashable {
  case digest(Digest)
  /// From the root of its volume.
  case path(GuestPath)
  /// Any file in this folder or deeper.
  case below(GuestPath)
}

/// A file of the newest inventory of an image.
package struct FoundFile: Sendable, Hashable {
  /// The image's id.
  package var image: String
  package var host: String
  package var imagePath: String
  package var volume: String
  package var path: GuestPath
  package var size: UInt64
  /// Nil where it is not known yet.
  package var digest: Digest?
}

extension Catalog {
  /// Images that have such a file now, by their newest inventories, known to a signature or not; at most `limit` files,
  /// in no order. An image comes once for each such file.
  package func images(havingFile question: FileQuestion, limit: Int) throws -> [FoundFile] {
    let (condition, arguments) = question.condition
    let sql = """
      SELECT t.key, i.host, i.path, f.volume, CAST(f.path AS \(Dialect.bytes)), f.size, f.sha256
      FROM v_files f JOIN inventory n ON n.id = f.inventory_id JOIN image i ON i.thing_id = n.image_id
      JOIN thing t ON t.id = i.thing_id
      WHERE \(condition)
        AND NOT EXISTS (SELECT 1 FROM inventory later WHERE later.image_id = n.image_id AND later.id > n.id)
      LIMIT ?
      """
    return try read { db in
      try Row.fetchAll(db, sql: sql, arguments: arguments + [limit]).map { row in
        FoundFile(
          image: row[0], host: row[1], imagePath: row[2], volume: row[3], path: GuestPath(verbatim: row[4] as Data),
          size: UInt64(bitPattern: row[5]), digest: (row[6] as Data?).flatMap { Digest(bytes: $0) })
      }
    }
  }
}

extension FileQuestion {
  /// A condition on `v_files f` that indexes answer, and its arguments.
  var condition: (sql: String, arguments: StatementArguments) {
    switch self {
    case .digest(let digest): return ("f.sha256 = ?", [Data(digest.bytes)])
    case .path(let path):
      let (folder, arguments) = folderRows(path)
      return ("f.name = CAST(? AS \(Dialect.name)) AND f.folder_id IN (\(folder))", [Data(path.lastName)] + arguments)
    case .below(let path):
      let slash = path.bytes.isEmpty ? [] : [UInt8(ascii: "/")]
      let (folder, arguments) = folderRows(GuestPath(verbatim: GuestPath(bytes: path.bytes).bytes + slash))
      return (
        """
        f.folder_id IN (WITH RECURSIVE below (id) AS (
          SELECT id FROM (\(folder)) start UNION ALL
          SELECT d.id FROM below JOIN folder d ON d.parent_id = below.id) SELECT id FROM below)
        """, arguments
      )
    }
  }

  /// The folder of a path below each root, found name by name from there.
  private func folderRows(_ path: GuestPath) -> (sql: String, arguments: StatementArguments) {
    let names = path.folderNames
    let parts = names.indices.map { "(\($0 + 1), CAST(? AS \(Dialect.name)))" }
    let given = names.isEmpty ? "" : "part (place, name) AS (VALUES \(parts.joined(separator: ", "))),"
    let step = """
      UNION ALL SELECT part.place, d.id FROM walk JOIN part ON part.place = walk.place + 1
      JOIN folder d ON d.name = part.name AND d.parent_id = walk.id
      """
    return (
      """
      WITH RECURSIVE \(given) walk (place, id) AS (
        SELECT 0, id FROM folder WHERE name = '' AND parent_id <= 0 \(names.isEmpty ? "" : step))
      SELECT id FROM walk WHERE place = \(names.count)
      """, StatementArguments(names.map { Data($0) })
    )
  }
}
