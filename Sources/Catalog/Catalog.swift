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

  /// Opens the catalog, made where it is missing, its folder with it. An older one is copied to `FILE.before-vN` and
  /// brought up to version N; one of a later version, and what is no catalog, is refused.
  package convenience init(path: String) throws {
    try self.init(path: path, migrator: schema)
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
    try write { try findOrMintImage($0, host: host, file: file, now: now) }
  }

  /// Stores one scan and what follows from it, all or nothing. `builds` are the signatures that the findings name
  /// (`MatchSet.builds`); `role` nil keeps the role that the image has.
  package func store(
    _ inventory: Inventory, _ findings: Findings, builds: [Digest: Signature], image: String,
    role: ImageRole? = nil, at now: Date = Date()
  ) throws {
    try write { db in
      if let role { try setRole(db, image: image, role) }
      let inventoryID = try InventoryWriter(db).store(inventory, image: image, received: now)
      try ClaimWriter(db, image: image, inventory: inventoryID).store(findings, builds: builds, of: inventory)
    }
  }

  /// Drops the image's claims and stores these instead: what follows from its newest inventory by today's signatures.
  package func replaceClaims(
    _ findings: Findings, of inventory: Inventory, builds: [Digest: Signature], image: String,
    role: ImageRole? = nil
  ) throws {
    try write { db in
      if let role { try setRole(db, image: image, role) }
      let inventoryID = try newestInventory(db, image: image)
      try ClaimWriter(db, image: image, inventory: inventoryID).store(findings, builds: builds, of: inventory)
    }
  }

  /// The newest scan of the image that `host:path` names; nil where none is stored.
  package func storedScan(host: String, path: String) throws -> StoredScan? {
    try read { try loadScan($0, host: host, path: path) }
  }

  /// What an image is used as.
  package func role(of image: String) throws -> ImageRole {
    try read { try imageRole($0, image: image) }
  }

  /// Adds what was read of files of the image's newest inventory since; its own rows stay as they are.
  package func addSupplement(_ supplements: [Supplement], image: String, at now: Date = Date()) throws {
    try write { db in
      try InventoryWriter(db).add(supplements, to: newestInventory(db, image: image), received: now)
    }
  }

  private func write<Value>(_ body: (Database) throws -> Value) throws -> Value {
    try reporting("write catalog", path) {
      try database.writeWithoutTransaction { db in
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
