internal import Fingerprints
internal import Foundation
internal import GRDB

/// Version 2: the exact release of a system; digests of package files as bytes, half of what hexadecimal takes; names in
/// events that mean other things than images.
func migrateToVersion2(_ db: Database) throws {
  db.add(
    function: DatabaseFunction("digest_bytes", argumentCount: 1, pure: true) { values in
      String.fromDatabaseValue(values[0]).flatMap(digestBytes)
    })
  let statements = [
    "ALTER TABLE operating_system ADD COLUMN point_release TEXT",
    "ALTER TABLE understood RENAME COLUMN image_id TO thing_id",
    """
    CREATE TABLE package_file_of_2 (
      package_id \(Dialect.integer) NOT NULL REFERENCES package (id), position INTEGER NOT NULL,
      folder_id \(Dialect.integer) NOT NULL REFERENCES folder (id), name \(Dialect.name) NOT NULL,
      algorithm TEXT, digest \(Dialect.bytes),
      is_configuration INTEGER NOT NULL CHECK (is_configuration IN (0, 1)),
      PRIMARY KEY (package_id, position)
    ) \(Dialect.strictByKey)
    """,
    """
    INSERT INTO package_file_of_2
    SELECT package_id, position, folder_id, name, algorithm, digest_bytes(digest), is_configuration FROM package_file
    ORDER BY package_id, position
    """,
    "DROP TABLE package_file",
    "ALTER TABLE package_file_of_2 RENAME TO package_file",
  ]
  for statement in statements { try db.execute(sql: statement) }
}

/// Nil for what is no hexadecimal: such a text is no digest.
func digestBytes(_ text: String) -> Data? { [UInt8](hex: text).map { Data($0) } }
