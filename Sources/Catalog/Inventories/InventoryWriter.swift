internal import Fingerprints
internal import Foundation
internal import GRDB
internal import Inventory

/// Stores the facts of one scan. What other images hold already (paths, contents, fingerprints, packages) is not stored
/// again.
final class InventoryWriter {
  private let db: Database
  private var paths: [GuestPath: Int64] = [:]
  private var contents: [FileDigests: Int64] = [:]
  private var fingerprints: [Fingerprint: Int64] = [:]
  private let encoder = JSONEncoder()

  init(_ db: Database) {
    self.db = db
    encoder.outputFormatting = .sortedKeys
  }

  /// The new inventory's id.
  func store(_ inventory: Inventory, image: Int64, received: Int64) throws -> Int64 {
    let id = try storeHeader(inventory, image, received)
    try storeImageFiles(inventory.image.files, id)
    try storeVolumes(inventory.volumes, id)
    try storeSystems(inventory.systems, id)
    try storeFiles(inventory.files, id)
    let writer = PackageWriter(db) { try self.pathID($0) }
    for (position, package) in inventory.packages.enumerated() {
      try writer.store(package, inventory: id, position: position)
    }
    return id
  }

  func add(_ supplements: [Supplement], to inventory: Int64, received: Date) throws {
    let insert = try db.makeStatement(
      sql: """
        INSERT INTO supplement (inventory_id, position, content_id, fingerprint_id, received) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (inventory_id, position) DO UPDATE
        SET content_id = excluded.content_id, fingerprint_id = excluded.fingerprint_id, received = excluded.received
        """)
    for supplement in supplements {
      try insert.execute(arguments: [
        inventory, supplement.file, try contentID(supplement.digests), try supplement.fingerprint.map(fingerprintID),
        timestamp(received),
      ])
    }
  }

  private func storeHeader(_ inventory: Inventory, _ image: Int64, _ received: Int64) throws -> Int64 {
    let (facts, counts) = (inventory.image, inventory.counts)
    let id = try Int64.fetchOne(
      db,
      sql: """
        INSERT INTO inventory (image_id, received, version, status, problem, format, virtual_size, format_id,
          parent_name, parent_format_id, files, files_read, digested, unreadable)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id
        """,
      arguments: [
        image, received, inventory.version, inventory.status.rawValue,
        try json(inventory.problem), facts.format, facts.virtualSize.map { Int64(bitPattern: $0) }, facts.formatID,
        facts.parent?.name, facts.parent?.formatID, counts.files, counts.read, counts.digested, counts.unreadable,
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
        sql: "INSERT INTO volume VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        arguments: [
          inventory, position, volume.id, volume.fileSystem, volume.label, volume.uuid, volume.reader,
          volume.status.rawValue, volume.journal?.rawValue, try json(volume.problem), volume.system,
          volume.mountPoint.map { Data($0.bytes) },
        ])
    }
  }

  private func storeSystems(_ systems: [OperatingSystem], _ inventory: Int64) throws {
    for (position, system) in systems.enumerated() {
      try db.execute(
        sql: "INSERT INTO operating_system VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        arguments: [
          inventory, position, system.volume, system.family, system.distribution, system.version, system.product,
          system.architecture, system.hostname,
        ])
    }
  }

  private func storeFiles(_ files: [FileRecord], _ inventory: Int64) throws {
    let insert = try db.makeStatement(
      sql: "INSERT INTO file VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
    for (position, file) in files.enumerated() {
      try insert.execute(arguments: [
        inventory, position, file.volume, try pathID(file.path), file.kind.rawValue, Int64(bitPattern: file.size),
        file.modified, Int64(bitPattern: file.inode), file.mode, file.uid, file.gid, file.links,
        try file.target.map(pathID), try file.digests.map(contentID), try file.fingerprint.map(fingerprintID),
        file.unreadable,
      ])
    }
  }

  private func json<Value: Encodable>(_ value: Value?) throws -> String? {
    try value.map { String(decoding: try encoder.encode($0), as: UTF8.self) }
  }

  private func pathID(_ path: GuestPath) throws -> Int64 {
    if let known = paths[path] { return known }
    let id = try entry(
      "INSERT INTO path (bytes) VALUES (?) ON CONFLICT (bytes) DO NOTHING RETURNING id",
      "SELECT id FROM path WHERE bytes = ?", [Data(path.bytes)])
    paths[path] = id
    return id
  }

  private func contentID(_ digests: FileDigests) throws -> Int64 {
    if let known = contents[digests] { return known }
    let id = try entry(
      """
      INSERT INTO content (sha256, git_blob, gitoid, md5) VALUES (?, ?, ?, ?)
      ON CONFLICT (sha256, git_blob, gitoid, md5) DO NOTHING RETURNING id
      """, "SELECT id FROM content WHERE sha256 = ? AND git_blob = ? AND gitoid = ? AND md5 = ?",
      [Data(digests.sha256.bytes), digests.gitBlob, Data(digests.gitoid.bytes), digests.md5])
    contents[digests] = id
    return id
  }

  private func fingerprintID(_ fingerprint: Fingerprint) throws -> Int64 {
    if let known = fingerprints[fingerprint] { return known }
    let descriptions = fingerprint.descriptions.isEmpty ? "[]" : try json(fingerprint.descriptions) ?? "[]"
    let digest = Data(Digest(of: Data(keyText(fingerprint, descriptions).utf8)).bytes)
    let insert = try db.cachedStatement(
      sql: """
        INSERT INTO fingerprint (digest, kind, descriptions, problem) VALUES (?, ?, ?, ?)
        ON CONFLICT (digest) DO NOTHING RETURNING id
        """)
    let arguments: StatementArguments = [digest, fingerprint.kind.rawValue, descriptions, fingerprint.problem]
    if let new = try Int64.fetchOne(insert, arguments: arguments) {
      let mark = try db.cachedStatement(sql: "INSERT INTO mark VALUES (?, ?, ?, ?)")
      for (position, one) in fingerprint.marks.enumerated() {
        try mark.execute(arguments: [new, position, one.kind.rawValue, one.value])
      }
      fingerprints[fingerprint] = new
      return new
    }
    let select = try db.cachedStatement(sql: "SELECT id FROM fingerprint WHERE digest = ?")
    let known = try Int64.fetchOne(select, arguments: [digest]) ?? 0
    fingerprints[fingerprint] = known
    return known
  }

  /// Each part behind its length, so that no two fingerprints have one text.
  private func keyText(_ fingerprint: Fingerprint, _ descriptions: String) -> String {
    let parts =
      [fingerprint.kind.rawValue, fingerprint.problem.map { "1" + $0 } ?? "0", descriptions]
      + fingerprint.marks.flatMap { [$0.kind.rawValue, $0.value] }
    return parts.map { "\($0.utf8.count):\($0)" }.joined()
  }

  private func entry(_ insert: String, _ select: String, _ arguments: StatementArguments) throws -> Int64 {
    let insert = try db.cachedStatement(sql: insert)
    if let new = try Int64.fetchOne(insert, arguments: arguments) { return new }
    let known = try Int64.fetchOne(db.cachedStatement(sql: select), arguments: arguments)
    guard let known else { throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "an entry is there and is not") }
    return known
  }
}
