internal import Foundation
internal import GRDB
internal import Inventory

/// Stores the facts of one scan. What other images hold already (files, contents, packages) is not stored again.
final class InventoryWriter {
  private let db: Database
  private let dictionaries: FileDictionaries
  private let encoder = JSONEncoder()

  init(_ db: Database) {
    self.db = db
    dictionaries = FileDictionaries(db)
    encoder.outputFormatting = .sortedKeys
  }

  /// The new inventory's id.
  func store(_ inventory: Inventory, image: Int64, received: Int64) throws -> Int64 {
    let id = try storeHeader(inventory, image, received)
    try storeImageFiles(inventory.image.files, id)
    try storeVolumes(inventory.volumes, id)
    try storeSystems(inventory.systems, id)
    try FileListWriter(db, dictionaries).store(inventory, id)
    let writer = PackageWriter(db, dictionaries)
    for (position, package) in inventory.packages.enumerated() {
      try writer.store(package, inventory: id, position: position)
    }
    return id
  }

  func add(_ supplements: [Supplement], to inventory: Int64, received: Int64) throws {
    let insert = try db.makeStatement(
      sql: """
        INSERT INTO supplement (inventory_id, folder_id, name, content_id, received)
        VALUES (?, ?, CAST(? AS \(Dialect.name)), ?, ?)
        ON CONFLICT (folder_id, name, inventory_id) DO UPDATE
        SET content_id = excluded.content_id, received = excluded.received
        """)
    let (files, folders) = try InventoryReader(db: db, id: inventory).listed()
    for supplement in supplements {
      guard files.indices.contains(supplement.file) else {
        throw Problem(
          code: "unknown-file", operation: "store supplement", subject: "file \(supplement.file)",
          reason: "the newest scan has \(files.count) files")
      }
      let listed = files[supplement.file]
      let fingerprint = try (supplement.fingerprint ?? listed.fingerprint).map(dictionaries.fingerprint)
      try insert.execute(arguments: [
        inventory, folders[supplement.file], Data(listed.path.lastName),
        try dictionaries.content(supplement.digests, fingerprint: fingerprint),
        received,
      ])
    }
  }

  private func storeHeader(_ inventory: Inventory, _ image: Int64, _ received: Int64) throws -> Int64 {
    let (facts, counts) = (inventory.image, inventory.counts)
    let id = try Int64.fetchOne(
      db,
      sql: """
        INSERT INTO inventory (image_id, received, version, status, problem, format, virtual_size, format_id,
          parent_name, parent_format_id, files, files_read, digested, unreadable, extent, remarks)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id
        """,
      arguments: [
        image, received, inventory.version, inventory.status.rawValue,
        try json(inventory.problem), facts.format, facts.virtualSize.map { Int64(bitPattern: $0) }, facts.formatID,
        facts.parent?.name, facts.parent?.formatID, counts.files, counts.read, counts.digested, counts.unreadable,
        inventory.extent.rawValue, try list(inventory.remarks),
      ])
    guard let id else { throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "a new inventory has no number") }
    return id
  }

  private func storeImageFiles(_ files: [ImageFile], _ inventory: Int64) throws {
    for (position, file) in files.enumerated() {
      try db.execute(
        sql: "INSERT INTO image_file VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        arguments: [
          inventory, position, file.path, file.format, Int64(bitPattern: file.size), file.modified, file.changed,
          Int64(bitPattern: file.device), Int64(bitPattern: file.inode),
        ])
    }
  }

  private func storeVolumes(_ volumes: [Volume], _ inventory: Int64) throws {
    for (position, volume) in volumes.enumerated() {
      try db.execute(
        sql: "INSERT INTO volume VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        arguments: [
          inventory, position, volume.id, volume.fileSystem, volume.label, volume.uuid, volume.reader,
          volume.status.rawValue, volume.journal?.rawValue, try json(volume.problem), volume.system,
          volume.mountPoint.map { Data($0.bytes) }, try list(volume.parts),
        ])
    }
  }

  private func storeSystems(_ systems: [OperatingSystem], _ inventory: Int64) throws {
    for (position, system) in systems.enumerated() {
      try db.execute(
        sql: "INSERT INTO operating_system VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        arguments: [
          inventory, position, system.volume, system.family, system.distribution, system.version, system.product,
          system.architecture, system.hostname, system.pointRelease, try list(system.states),
        ])
    }
  }

  /// Nil where there is none.
  private func list<Value: Encodable>(_ values: [Value]) throws -> String? { try json(values.isEmpty ? nil : values) }

  private func json<Value: Encodable>(_ value: Value?) throws -> String? {
    try value.map { String(decoding: try encoder.encode($0), as: UTF8.self) }
  }
}
