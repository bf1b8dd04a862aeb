internal import Foundation
internal import GRDB
internal import Inventory

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

/// `host:path` first: a disk that is made anew at its old place stays what it was, unless it was said to be deleted. Then
/// device and inode: it was moved. What is new becomes a fact of the image.
func findOrMintImage(_ db: Database, host: String, file: ImageFile, now: Int64) throws -> String {
  let (device, inode) = (Int64(bitPattern: file.device), Int64(bitPattern: file.inode))
  func known(_ condition: String, _ arguments: StatementArguments) throws -> Row? {
    try Row.fetchOne(
      db,
      sql: """
        SELECT t.id, t.key, i.path, i.device, i.inode FROM image i JOIN thing t ON t.id = i.thing_id
        JOIN life l ON l.thing_id = t.id AND l.valid_to = ? WHERE \(condition) ORDER BY t.id DESC LIMIT 1
        """, arguments: [Dialect.forever] + arguments)
  }
  let known =
    try known("i.host = ? AND i.path = ?", [host, file.path])
    ?? known("i.host = ? AND i.device = ? AND i.inode = ?", [host, device, inode])
  if let known, known["path"] == file.path, known["device"] == device, known["inode"] == inode { return known["key"] }
  let key: String = known?["key"] ?? UUID().uuidString.lowercased()
  let projector = Projector(db)
  let image = try projector.things.image(key, at: now)
  let seen = try Int64.fetchOne(
    db, sql: "INSERT INTO image_seen (image_id, at, host, path, device, inode) VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
    arguments: [image, now, host, file.path, device, inode])
  try projector.add(.seen(try found(seen)), of: image, at: now)
  return key
}

func imageRole(_ db: Database, image: String) throws -> ImageRole {
  let role = try String.fetchOne(
    db, sql: "SELECT role FROM image WHERE thing_id = ?", arguments: [try imageRow(db, image)])
  return role.flatMap(ImageRole.init) ?? .unknown
}

/// What a person said that it is, which becomes a fact of the image.
func setRole(_ db: Database, image: Int64, _ role: ImageRole, now: Int64) throws {
  let known = try String.fetchOne(db, sql: "SELECT role FROM image WHERE thing_id = ?", arguments: [image])
  if known == role.rawValue { return }
  let seen = try Int64.fetchOne(
    db, sql: "INSERT INTO image_seen (image_id, at, role) VALUES (?, ?, ?) RETURNING id",
    arguments: [image, now, role.rawValue])
  try Projector(db).add(.seen(try found(seen)), of: image, at: now)
}

/// The inventory that an image's claims are about.
func newestInventory(_ db: Database, image: Int64) throws -> Int64 {
  let newest = try Int64.fetchOne(
    db, sql: "SELECT max(id) FROM inventory WHERE image_id = ?", arguments: [image])
  guard let newest else {
    throw Problem(
      code: "unknown-image", operation: "look up image", subject: "\(image)", reason: "no scan of it is stored")
  }
  return newest
}

/// Since 1970 in UTC; beyond what fits, the nearest that does.
func milliseconds(_ date: Date) -> Int64 {
  Int64(exactly: (date.timeIntervalSince1970 * 1000).rounded()) ?? (date.timeIntervalSince1970 < 0 ? 0 : .max - 1)
}

func date(_ milliseconds: Int64) -> Date { Date(timeIntervalSince1970: Double(milliseconds) / 1000) }
