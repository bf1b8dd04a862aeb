internal import Fingerprints
internal import Foundation
internal import GRDB
internal import Inventory

/// The newest scan of the image at `host:path`, supplements merged in, and its row; without `lists`, its files and packages
/// left out.
func loadScan(
  _ db: Database, host: String, path: String, lists: Bool
) throws -> (scan: StoredScan, inventory: Int64)? {
  let select = try db.cachedStatement(
    sql: """
      SELECT t.key, i.role, n.id AS inventory, n.received FROM image i
      JOIN thing t ON t.id = i.thing_id JOIN inventory n ON n.image_id = i.thing_id
      WHERE i.host = ? AND i.path = ? ORDER BY t.id DESC, n.id DESC LIMIT 1
      """)
  guard let image = try Row.fetchOne(select, arguments: [host, path]) else { return nil }
  let inventory: Int64 = image["inventory"]
  let scan = StoredScan(
    id: image["key"], host: host, path: path, role: ImageRole(rawValue: image["role"]) ?? .unknown,
    received: date(image["received"]), inventory: try InventoryReader(db: db, id: inventory).load(lists: lists))
  return (scan, inventory)
}

/// Reads back what `InventoryWriter` stored.
struct InventoryReader {
  let db: Database
  let id: Int64

  func load(lists: Bool) throws -> Inventory {
    let select = try db.cachedStatement(sql: "SELECT * FROM inventory WHERE id = ?")
    guard let row = try Row.fetchOne(select, arguments: [id]) else {
      throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "an inventory is there and is not")
    }
    let parent = (row["parent_name"] as String?).map { ParentReference(name: $0, formatID: row["parent_format_id"]) }
    let supplemented = try supplements()
    return Inventory(
      version: row["version"], extent: try value(row["extent"]),
      image: ImageFacts(
        format: row["format"], virtualSize: (row["virtual_size"] as Int64?).map { UInt64(bitPattern: $0) },
        files: try imageFiles(), formatID: row["format_id"], parent: parent),
      status: try value(row["status"]), problem: try decoded(row["problem"]), volumes: try volumes(),
      systems: try systems(), packages: lists ? try packages() : [],
      files: lists ? try listed().files : [],
      counts: Counts(
        files: row["files"], read: row["files_read"], digested: row["digested"] + supplemented,
        unreadable: row["unreadable"]), remarks: try decoded(row["remarks"]) ?? [])
  }

  private func imageFiles() throws -> [ImageFile] {
    try rows("SELECT * FROM image_file WHERE inventory_id = ? ORDER BY position").map { row in
      ImageFile(
        path: row["path"], format: row["format"], size: UInt64(bitPattern: row["size"]), modified: row["modified"],
        changed: row["changed"], device: UInt64(bitPattern: row["device"]), inode: UInt64(bitPattern: row["inode"]))
    }
  }

  func volumes() throws -> [Volume] {
    try rows("SELECT * FROM volume WHERE inventory_id = ? ORDER BY position").map { row in
      Volume(
        id: row["name"], fileSystem: row["file_system"], label: row["label"], uuid: row["uuid"],
        reader: row["reader"], status: try value(row["status"]),
        journal: try (row["journal"] as String?).map { try value($0) }, problem: try decoded(row["problem"]),
        system: row["system"], mountPoint: (row["mount_point"] as Data?).map { GuestPath(bytes: $0) },
        parts: try decoded(row["parts"]) ?? [])
    }
  }

  private func systems() throws -> [OperatingSystem] {
    try rows("SELECT * FROM operating_system WHERE inventory_id = ? ORDER BY position").map { row in
      OperatingSystem(
        volume: row["volume"], family: row["family"], distribution: row["distribution"], version: row["version"],
        pointRelease: row["point_release"], product: row["product"], architecture: row["architecture"],
        hostname: row["hostname"], states: try decoded(row["states"]) ?? [])
    }
  }

  private func packages() throws -> [Package] {
    let listed = try rows(
      """
      SELECT p.*, CAST(p.location_name AS \(Dialect.bytes)) AS location, i.volume FROM inventory_package i
      JOIN package p ON p.id = i.package_id
      WHERE i.inventory_id = ? ORDER BY i.position
      """)
    let statement = try db.makeStatement(
      sql: """
        SELECT folder_id, CAST(name AS \(Dialect.bytes)), algorithm, digest, is_configuration FROM package_file
        WHERE package_id = ? ORDER BY position
        """)
    var folders = FolderPaths(db)
    return try listed.map { row in
      let number: Int64 = row["id"]
      return Package(
        kind: try value(row["kind"]), name: row["name"], version: row["version"], architecture: row["architecture"],
        sourceName: row["source_name"], sourceVersion: row["source_version"], vendor: row["vendor"],
        revision: row["revision"], repository: row["repository"], volume: row["volume"],
        location: try folders.path(row["location_folder_id"], row["location"]),
        files: try packageFiles(statement, number, &folders))
    }
  }

  private func packageFiles(
    _ statement: Statement, _ package: Int64, _ folders: inout FolderPaths
  ) throws -> [PackageFile] {
    var files: [PackageFile] = []
    let cursor = try Row.fetchCursor(statement, arguments: [package])
    while let row = try cursor.next() {
      files.append(
        PackageFile(
          path: try folders.path(row[0], row[1]), algorithm: try (row[2] as String?).map { try value($0) },
          digest: (row[3] as Data?).map { [UInt8]($0).hex }, isConfiguration: row[4]))
    }
    return files
  }

  private func rows(_ sql: String) throws -> [Row] {
    try Row.fetchAll(try db.cachedStatement(sql: sql), arguments: [id])
  }
}

/// The case that a stored word names.
func value<Value: RawRepresentable>(_ word: String) throws -> Value where Value.RawValue == String {
  guard let value = Value(rawValue: word) else {
    throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "\(word.prefix(80)) is no \(Value.self)")
  }
  return value
}

/// A value that is stored as JSON.
func decoded<Value: Decodable>(_ json: String?) throws -> Value? {
  guard let json else { return nil }
  do {
    return try JSONDecoder().decode(Value.self, from: Data(json.utf8))
  } catch {
    throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "\(json.prefix(80)) is no \(Value.self)")
  }
}
