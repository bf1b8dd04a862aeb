internal import Foundation
internal import GRDB
internal import Inventory

/// The id of `thing`, made where it is new.
func thing(_ db: Database, _ kind: String, _ key: String) throws -> Int64 {
  let insert = try db.cachedStatement(
    sql: "INSERT INTO thing (kind, key) VALUES (?, ?) ON CONFLICT (kind, key) DO NOTHING RETURNING id")
  if let new = try Int64.fetchOne(insert, arguments: [kind, key]) { return new }
  let select = try db.cachedStatement(sql: "SELECT id FROM thing WHERE kind = ? AND key = ?")
  guard let known = try Int64.fetchOne(select, arguments: [kind, key]) else {
    throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "\(kind) \(key) is there and is not")
  }
  return known
}

/// The row of an image; throws where there is none.
func imageRow(_ db: Database, _ image: String) throws -> Int64 {
  let known = try Int64.fetchOne(
    db, sql: "SELECT id FROM thing WHERE kind = 'image' AND key = ?", arguments: [image])
  guard let known else {
    throw Problem(
      code: "unknown-image", operation: "look up image", subject: image, reason: "the catalog has no such image")
  }
  return known
}

/// `host:path` first: a disk that is made anew at its old place stays what it was. Then device and inode: it was moved.
func findOrMintImage(_ db: Database, host: String, file: ImageFile, now: Date) throws -> String {
  let (device, inode) = (Int64(bitPattern: file.device), Int64(bitPattern: file.inode))
  let byPath = try Row.fetchOne(
    db, sql: "SELECT t.id, t.key FROM image i JOIN thing t ON t.id = i.thing_id WHERE i.host = ? AND i.path = ?",
    arguments: [host, file.path])
  let known =
    try byPath
    ?? Row.fetchOne(
      db,
      sql: """
        SELECT t.id, t.key FROM image i JOIN thing t ON t.id = i.thing_id
        WHERE i.host = ? AND i.device = ? AND i.inode = ? ORDER BY t.id DESC LIMIT 1
        """, arguments: [host, device, inode])
  if let known {
    let id: Int64 = known["id"]
    try db.execute(
      sql: "UPDATE image SET path = ?, device = ?, inode = ? WHERE thing_id = ?",
      arguments: [file.path, device, inode, id])
    return known["key"]
  }
  let key = UUID().uuidString.lowercased()
  try db.execute(
    sql: "INSERT INTO image (thing_id, host, path, device, inode, first_seen) VALUES (?, ?, ?, ?, ?, ?)",
    arguments: [try thing(db, "image", key), host, file.path, device, inode, timestamp(now)])
  return key
}

func imageRole(_ db: Database, image: String) throws -> ImageRole {
  let role = try String.fetchOne(
    db, sql: "SELECT role FROM image WHERE thing_id = ?", arguments: [try imageRow(db, image)])
  return role.flatMap(ImageRole.init) ?? .unknown
}

func setRole(_ db: Database, image: String, _ role: ImageRole) throws {
  try db.execute(
    sql: "UPDATE image SET role = ? WHERE thing_id = ?", arguments: [role.rawValue, try imageRow(db, image)])
}

/// The inventory that an image's claims are about.
func newestInventory(_ db: Database, image: String) throws -> Int64 {
  let newest = try Int64.fetchOne(
    db, sql: "SELECT max(id) FROM inventory WHERE image_id = ?", arguments: [try imageRow(db, image)])
  guard let newest else {
    throw Problem(
      code: "unknown-image", operation: "look up image", subject: image, reason: "no scan of it is stored")
  }
  return newest
}

/// ISO 8601 in UTC with milliseconds.
func timestamp(_ date: Date) -> String { date.formatted(timestampStyle) }

func date(_ timestamp: String) throws -> Date { try timestampStyle.parse(timestamp) }

private let timestampStyle = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
