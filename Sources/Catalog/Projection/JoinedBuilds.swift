internal import GRDB

/// Releases joined with builds by what scans show: that holds for good, as long as a scan shows it.
struct JoinedBuilds {
  let db: Database

  init(_ db: Database) { self.db = db }

  func link(inventory: Int64) throws {
    let rows = try Row.fetchAll(
      db,
      sql: """
        SELECT s.id, s.inventory_id, s.origin, s.confidence, s.rule, s.rule_version, s.from_id, s.to_id FROM sighting s
        JOIN build b ON b.thing_id = s.to_id WHERE s.inventory_id = ? ORDER BY s.id
        """, arguments: [inventory])
    for row in rows { try Links(db).hold(row["from_id"], row["to_id"], at: 0, LinkClaim(sighting: row)) }
  }

  func unlink(inventory: Int64) throws {
    let claims = try Row.fetchAll(
      db,
      sql: """
        SELECT c.id, c.link_id FROM sighting s JOIN build b ON b.thing_id = s.to_id JOIN claim c ON c.sighting_id = s.id
        WHERE s.inventory_id = ?
        """, arguments: [inventory])
    for claim in claims {
      try db.execute(sql: "DELETE FROM claim WHERE id = ?", arguments: [claim["id"] as Int64])
      try Links(db).settle(claim["link_id"])
    }
  }
}
