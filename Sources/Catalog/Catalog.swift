package import Fingerprints
package import Foundation
internal import GRDB
package import Inventory
package import Lineage
package import Signatures

/// The lineage repository in one file: facts (inventories and their supplements) and conclusions (claims), kept apart.
///
/// Every method is one transaction, begun with the write lock so that two writers wait for each other instead of
/// failing half way; after a crash at any moment the file holds whole images only (write-ahead log, synchronous FULL).
/// Throws `Problem` and nothing else.
package final class Catalog: Sendable {
  /// Where the file is, for messages.
  package let path: String
  let database: DatabaseQueue
  private let concluded = ConcludedApplications()

  /// Opens the catalog, made where it is missing, its folder with it. An older one is copied to `FILE.before-vN` and
  /// brought up to version N; one of a later version, and what is no catalog, is refused.
  package convenience init(path: String) throws {
    try self.init(path: path, migrator: schema)
  }

  /// Opens a catalog that is there; a question makes none.
  package convenience init(existing path: String) throws {
    guard FileManager.default.fileExists(atPath: path) else {
      throw Problem(
        code: "catalog-missing", operation: "open catalog", subject: path, reason: "there is no such file",
        remedy: "name it with --catalog; vmlineage scan and vmlineage record make one")
    }
    try self.init(path: path)
  }

  init(path: String, migrator: DatabaseMigrator) throws {
    self.path = path
    database = try openDatabase(path, migrator)
  }

  /// `VMLINEAGE_CATALOG`, else `vmlineage/vmlineage.db` in the user's data folder (XDG Base Directory Specification 0.8).
  package static func defaultPath(environment: [String: String]) -> String {
    func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
    if let named = value("VMLINEAGE_CATALOG") { return named }
    let data = value("XDG_DATA_HOME") ?? (value("HOME") ?? NSHomeDirectory()) + "/.local/share"
    return data + "/vmlineage/vmlineage.db"
  }

  /// The id of the image whose named file is `file`: that of `host:path` where it was seen before, else that of the
  /// image that had this device and inode on this host (it was moved), else a new one. Minted ids are UUIDs.
  package func imageID(host: String, file: ImageFile, at now: Date = Date()) throws -> String {
    try write { try findOrMintImage($0, host: host, file: file, now: milliseconds(now)) }
  }

  /// Stores one scan and what follows from it, all or nothing.
  /// - Parameters:
  ///   - role: nil keeps the role that the image has.
  ///   - basis: with one the findings can be had again, for as long as they would rest on the same.
  ///   - concluding: called when the facts are written: it may be working on them by then. `builds` are the signatures that
  ///     its findings name (`MatchSet.builds`).
  package func store(
    _ inventory: Inventory, image: String, role: ImageRole? = nil, basis: Digest? = nil, at now: Date = Date(),
    concluding: () throws -> (findings: Findings, builds: [Digest: Signature])
  ) throws {
    try write { db in
      let (row, now) = (try imageRow(db, image), milliseconds(now))
      if let role { try setRole(db, image: row, role, now: now) }
      let stored = try InventoryWriter(db).store(inventory, image: row, received: now)
      let projector = Projector(db)
      let (findings, builds) = try concluding()
      try SightingWriter(db, projector.things, image: row, inventory: stored)
        .store(findings, builds: builds, of: inventory)
      if let basis { try Conclusions(db: db).keep(findings, basis: basis, inventory: stored, image: row) }
      try projector.add(.inventory(stored), of: row, at: now)
    }
  }

  /// Drops what followed from the image's newest inventory and stores this instead: what follows by today's signatures.
  package func replaceClaims(
    _ findings: Findings, of inventory: Inventory, builds: [Digest: Signature], image: String,
    role: ImageRole? = nil, basis: Digest? = nil, at now: Date = Date()
  ) throws {
    try write { db in
      let row = try imageRow(db, image)
      if let role { try setRole(db, image: row, role, now: milliseconds(now)) }
      let newest = try newestInventory(db, image: row)
      let projector = Projector(db)
      try SightingWriter(db, projector.things, image: row, inventory: newest)
        .store(findings, builds: builds, of: inventory)
      if let basis { try Conclusions(db: db).keep(findings, basis: basis, inventory: newest, image: row) }
      let received = try Int64.fetchOne(db, sql: "SELECT received FROM inventory WHERE id = ?", arguments: [newest])
      try projector.conclude(again: row, at: received ?? 0)
    }
  }

  /// The newest scan of the image that `host:path` names; nil where none is stored.
  package func storedScan(host: String, path: String) throws -> StoredScan? {
    try read { try loadScan($0, host: host, path: path, lists: true)?.scan }
  }

  /// The same without its files and packages, and what was concluded of it where that rests on `basis`.
  package func storedConclusion(
    host: String, path: String, basis: Digest
  ) throws -> (scan: StoredScan, findings: Findings?)? {
    try read { db in
      guard let stored = try loadScan(db, host: host, path: path, lists: false) else { return nil }
      return (stored.scan, try Conclusions(db: db).findings(of: stored.inventory, basis: basis, concluded))
    }
  }

  /// What an image is used as.
  package func role(of image: String) throws -> ImageRole {
    try read { try imageRole($0, image: image) }
  }

  /// Adds what was read of files of the image's newest inventory since; its own rows stay as they are.
  package func addSupplement(_ supplements: [Supplement], image: String, at now: Date = Date()) throws {
    try write { db in
      let newest = try newestInventory(db, image: imageRow(db, image))
      try InventoryWriter(db).add(supplements, to: newest, received: milliseconds(now))
    }
  }

  /// Takes events, one JSON object each, in one durable transaction: what is `recorded` or `repeated` when this returns is
  /// there for good. An outcome for each line, in their order.
  package func record(_ lines: [Data], at now: Date = Date()) throws -> [RecordOutcome] {
    try write(temporary: "MEMORY") { db in
      let log = EventLog(db, now: milliseconds(now))
      let outcomes = try lines.map { try log.take($0) }
      try log.finish()
      return outcomes
    }
  }

  /// Makes everything again that follows from events and scans.
  package func rebuild() throws {
    try write { try Rebuild(db: $0).run() }
  }

  /// What is wrong with the file, in the engine's words; nothing where it is whole.
  package func check() throws -> [String] {
    try read { db in
      let damage = try String.fetchAll(db, sql: "PRAGMA integrity_check").filter { $0 != "ok" }
      let dangling = try Row.fetchAll(db, sql: "PRAGMA foreign_key_check").map { row in
        "a row of \(row[0] as String) refers to one of \(row[2] as String) that is not there"
      }
      return damage + dangling
    }
  }

  /// What SQLite keeps to undo a single statement goes to a file, or to memory where many small statements are run: those of
  /// an event would write a dozen times. What sorts a lot needs the file.
  private func write<Value>(temporary: String = "FILE", _ body: (Database) throws -> Value) throws -> Value {
    try reporting("write catalog", path) {
      try database.writeWithoutTransaction { db in
        try db.execute(sql: "PRAGMA temp_store = \(temporary)")
        var value: Value?
        try db.inTransaction(.immediate) {
          value = try body(db)
          return .commit
        }
        guard let value else { throw DatabaseError(resultCode: .SQLITE_ABORT, message: "the transaction did not end") }
        return value
      }
    }
  }

  func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
    try reporting("read catalog", path) { try database.read(body) }
  }
}
