internal import Foundation
internal import GRDB

/// The history of one image, told in the order of time: where it was, what was in it, what it came from.
struct ImageHistory {
  let db: Database
  let image: Int64
  let things: Things
  let links: Links
  let life: Life

  init(_ db: Database, _ things: Things, _ image: Int64) {
    self.db = db
    self.things = things
    self.image = image
    links = Links(db)
    life = Life(db)
  }

  /// Takes back what was projected, for a history that is projected again.
  func reset(firstSeen: Int64) throws {
    try db.cachedStatement(sql: "DELETE FROM link WHERE from_id = ?").run([image])
    try db.cachedStatement(sql: "DELETE FROM image_place WHERE image_id = ?").run([image])
    let reset = try db.cachedStatement(
      sql: """
        UPDATE image SET host = NULL, path = NULL, name = NULL, device = NULL, inode = NULL, role = 'unknown'
        WHERE thing_id = ?
        """)
    try reset.run([image])
    try db.cachedStatement(sql: "DELETE FROM inheritance WHERE dependent_id = ?").run([image])
    try life.reset(image, firstSeen: firstSeen)
  }

  /// What a scan found of the image's file, or was told of its role.
  func seen(_ row: Int64, at: Int64) throws {
    let seen = try Row.fetchOne(
      db.cachedStatement(sql: "SELECT host, path, device, inode, role FROM image_seen WHERE id = ?"), arguments: [row])
    guard let seen else { return }
    try life.begin(image, at: at)
    if let role: String = seen["role"] { try setRole(role) }
    guard let path: String = seen["path"] else { return }
    try place(host: seen["host"], path: path, at: at)
    let update = try db.cachedStatement(sql: "UPDATE image SET device = ?, inode = ? WHERE thing_id = ?")
    try update.run([seen["device"] as Int64?, seen["inode"] as Int64?, image])
  }

  func setRole(_ role: String) throws {
    try db.cachedStatement(sql: "UPDATE image SET role = ? WHERE thing_id = ?").run([role, image])
  }

  func setName(_ name: String) throws {
    try db.cachedStatement(sql: "UPDATE image SET name = ? WHERE thing_id = ?").run([name, image])
  }

  /// It lies there from `at` on. What is not given is as it was.
  func place(host: String?, path: String?, at: Int64) throws {
    let select = try db.cachedStatement(
      sql: "SELECT host, path FROM image_place WHERE image_id = ? AND valid_to = ?")
    let known = try select.all([image, Dialect.forever]) { ($0.text(0), $0.text(1)) }.first
    let (oldHost, oldPath) = known ?? (nil, nil)
    let (host, path) = (host ?? oldHost, path ?? oldPath)
    if known != nil, host == oldHost, path == oldPath { return }
    try Periods(db: db).end("image_place", "image_id = ?", [image], at: at)
    let insert = try db.cachedStatement(sql: "INSERT INTO image_place VALUES (?, ?, ?, ?, ?)")
    try insert.run([image, at, host, path, Dialect.forever])
    let update = try db.cachedStatement(sql: "UPDATE image SET host = ?, path = ? WHERE thing_id = ?")
    try update.run([host, path, image])
    if let path, path != oldPath { try setName(String(path.split(separator: "/").last ?? "")) }
  }

  /// A scan shows what is in it and what it comes from. What a whole scan does not show any more has ended, but for what
  /// was captured: a scan may lack the signature. What could not be read says nothing of what is not there.
  func inventory(_ inventory: Int64, at: Int64) throws {
    try life.begin(image, at: at)
    let sightings = try Row.fetchAll(
      db.cachedStatement(
        sql: """
          SELECT id, inventory_id, origin, confidence, rule, rule_version, to_id FROM sighting
          WHERE inventory_id = ? AND from_id = ? ORDER BY id
          """), arguments: [inventory, image])
    for row in sightings { try links.hold(image, row["to_id"], at: at, LinkClaim(sighting: row)) }
    let status = try String.fetchOne(
      db.cachedStatement(sql: "SELECT status FROM inventory WHERE id = ?"), arguments: [inventory])
    guard status == "scanned" || status == "unrecognised" else { return }
    let shown = Set(sightings.map { $0["to_id"] as Int64 })
    let open = try Row.fetchAll(
      db.cachedStatement(
        sql: "SELECT id, to_id FROM link WHERE from_id = ? AND valid_from <= ? AND valid_to > ? AND origin > 1"),
      arguments: [image, at, at])
    for link in open where !shown.contains(link["to_id"]) { try links.end(link["id"], at: at) }
  }

  /// It is gone, and all that it held.
  func delete(at: Int64) throws {
    try life.end(image, at: at)
    try links.endAll(from: image, at: at)
    try Periods(db: db).end("image_place", "image_id = ?", [image], at: at)
  }
}
