internal import GRDB

/// Projects facts into tables: each thing's history is told in the order of time, and told again from its beginning where
/// a fact comes late.
final class Projector {
  private let db: Database
  let things: Things

  init(_ db: Database) {
    self.db = db
    things = Things(db)
  }

  enum ScanFact { case seen(Int64), inventory(Int64) }

  /// A new fact of an image, stored already.
  func add(_ fact: ScanFact, of image: Int64, at: Int64) throws {
    try replay(image: image)
  }

  /// Tells an image's history again.
  func replay(image: Int64) throws {
    let history = ImageHistory(db, image)
    try history.reset(firstSeen: try things.firstSeen(image, table: "image") ?? 0)
    let facts = try Row.fetchAll(
      db,
      sql: """
        SELECT at, 0 AS kind, id FROM image_seen WHERE image_id = ?
        UNION ALL SELECT received, 1, id FROM inventory WHERE image_id = ? ORDER BY 1, 2, 3
        """, arguments: [image, image])
    for fact in facts {
      let (at, kind, id): (Int64, Int64, Int64) = (fact[0], fact[1], fact[2])
      if kind == 0 { try history.seen(id, at: at) } else { try history.inventory(id, at: at) }
    }
  }
}
