internal import GRDB

/// When vms, images and hosts were there. The first life of a thing begins with the earliest fact that names it; the next
/// only where it is said to be made again.
struct Life {
  let db: Database

  init(_ db: Database) { self.db = db }

  /// Whether it has not ended at `at`, or is made later again.
  func isAlive(_ thing: Int64, at: Int64) throws -> Bool {
    let select = try db.cachedStatement(
      sql: "SELECT valid_to FROM life WHERE thing_id = ? AND valid_from <= ? ORDER BY valid_from DESC LIMIT 1")
    return try (select.integer([thing, at]) ?? Dialect.forever) > at
  }

  func begin(_ thing: Int64, at: Int64) throws {
    if try isAlive(thing, at: at) { return }
    let insert = try db.cachedStatement(
      sql: """
        INSERT INTO life (thing_id, valid_from, valid_to) VALUES (?, ?, ?)
        ON CONFLICT (thing_id, valid_from) DO UPDATE SET valid_to = excluded.valid_to
        """)
    try insert.run([thing, at, Dialect.forever])
  }

  func end(_ thing: Int64, at: Int64) throws {
    let update = try db.cachedStatement(
      sql: "UPDATE life SET valid_to = ? WHERE thing_id = ? AND valid_from <= ? AND valid_to > ?")
    try update.run([at, thing, at, at])
  }

  /// Takes back what was projected, for a history that is projected again.
  func reset(_ thing: Int64, firstSeen: Int64) throws {
    try db.cachedStatement(sql: "DELETE FROM life WHERE thing_id = ?").run([thing])
    let insert = try db.cachedStatement(sql: "INSERT INTO life (thing_id, valid_from, valid_to) VALUES (?, ?, ?)")
    try insert.run([thing, firstSeen, Dialect.forever])
  }
}
