internal import Fingerprints
internal import Foundation
internal import GRDB
internal import Inventory

/// Stores declared packages. A package that another image has with the same file list is stored once.
struct PackageWriter {
  private let db: Database
  private let dictionaries: FileDictionaries

  init(_ db: Database, _ dictionaries: FileDictionaries) {
    self.db = db
    self.dictionaries = dictionaries
  }

  func store(_ package: Package, inventory: Int64, position: Int) throws {
    let insert = try db.cachedStatement(sql: "INSERT INTO inventory_package VALUES (?, ?, ?, ?)")
    try insert.execute(arguments: [inventory, position, try packageID(package), package.volume])
  }

  private func packageID(_ package: Package) throws -> Int64 {
    let digest = Data(Digest(of: key(package)).bytes)
    let known = try db.cachedStatement(sql: "SELECT id FROM package WHERE digest = ?")
    if let id = try Int64.fetchOne(known, arguments: [digest]) { return id }
    let insert = try db.cachedStatement(
      sql: """
        INSERT INTO package (digest, kind, name, version, architecture, source_name, source_version, vendor, revision,
          repository, location_folder_id, location_name)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, CAST(? AS \(Dialect.name))) RETURNING id
        """)
    let id = try Int64.fetchOne(
      insert,
      arguments: [
        digest, package.kind.rawValue, package.name, package.version, package.architecture, package.sourceName,
        package.sourceVersion, package.vendor, package.revision, package.repository,
        try dictionaries.folder(of: package.location), Data(package.location.lastName),
      ])
    guard let id else { throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "a new package has no number") }
    try storeFiles(package.files, id)
    return id
  }

  private func storeFiles(_ files: [PackageFile], _ package: Int64) throws {
    let insert = try db.cachedStatement(
      sql: "INSERT INTO package_file VALUES (?, ?, ?, CAST(? AS \(Dialect.name)), ?, ?, ?)")
    for (position, file) in files.enumerated() {
      try insert.run([
        package, Int64(position), try dictionaries.folder(of: file.path), Data(file.path.lastName),
        file.algorithm?.rawValue, file.digest.flatMap(digestBytes), Int64(file.isConfiguration ? 1 : 0),
      ])
    }
  }

  /// Every field but the volume, each behind its length, so that no two packages have one key.
  private func key(_ package: Package) -> [UInt8] {
    var key: [UInt8] = []
    func add(_ bytes: some Collection<UInt8>) {
      key += "\(bytes.count):".utf8
      key += bytes
    }
    func add(_ text: String?) {
      if let text { add(text.utf8) } else { key.append(UInt8(ascii: "-")) }
    }
    for text in [
      package.kind.rawValue, package.name, package.version, package.architecture, package.sourceName,
      package.sourceVersion, package.vendor, package.revision, package.repository,
    ] { add(text) }
    add(package.location.bytes)
    for file in package.files {
      add(file.path.bytes)
      add(file.algorithm?.rawValue)
      add(file.digest)
      key.append(file.isConfiguration ? 1 : 0)
    }
    return key
  }
}
