internal import GRDB
internal import Lineage

/// Links and the claims made for them.
struct LinkWriter {
  private let db: Database

  init(_ db: Database) { self.db = db }

  /// `from` comes from `to`; the same link is made once.
  func link(_ from: Int64, _ to: Int64) throws -> Int64 {
    let insert = try db.cachedStatement(
      sql: "INSERT INTO link (from_id, to_id) VALUES (?, ?) ON CONFLICT (from_id, to_id) DO NOTHING RETURNING id")
    if let new = try Int64.fetchOne(insert, arguments: [from, to]) { return new }
    let select = try db.cachedStatement(sql: "SELECT id FROM link WHERE from_id = ? AND to_id = ?")
    return try found(Int64.fetchOne(select, arguments: [from, to]))
  }

  /// `inventory` nil: what an event or a build said, which no scan drops.
  func claim(_ link: Int64, _ claim: Claim, inventory: Int64?, evidence: String) throws -> Int64 {
    let insert = try db.cachedStatement(
      sql: """
        INSERT INTO claim (link_id, inventory_id, origin, confidence, rule, rule_version, evidence)
        VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id
        """)
    return try found(
      Int64.fetchOne(
        insert,
        arguments: [
          link, inventory, claim.origin.rawValue, min(1, max(0, claim.confidence)), claim.rule, claim.ruleVersion,
          evidence,
        ]))
  }

  func release(_ kind: String, _ name: String, _ version: String) throws -> Int64 {
    // Lengths keep names with any character in them apart.
    let id = try thing(db, "release", "\(kind):\(name.utf8.count):\(name)@\(version)")
    let insert = try db.cachedStatement(
      sql: "INSERT INTO application_release (thing_id, kind, name, version) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING")
    try insert.execute(arguments: [id, kind, name, version])
    return id
  }

  private func found(_ id: Int64?) throws -> Int64 {
    guard let id else { throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "a row is there and is not") }
    return id
  }
}
