internal import GRDB

/// Version 3: how much of an image a scan looked at, and what was concluded of it, so that an image that has not changed
/// is told again without thinking again. Applications are kept once, since clones have nearly all of them in common.
func migrateToVersion3(_ db: Database) throws {
  let statements = [
    "ALTER TABLE inventory ADD COLUMN extent TEXT NOT NULL DEFAULT 'whole' CHECK (extent IN ('whole', 'declared'))",
    """
    CREATE TABLE concluded_application (
      id \(Dialect.key), digest \(Dialect.bytes) NOT NULL UNIQUE, body TEXT NOT NULL
    ) \(Dialect.strict)
    """,
    // `applications`: numbers of these in the order of the report, 4 bytes each, little-endian.
    """
    CREATE TABLE conclusion (
      inventory_id \(Dialect.integer) PRIMARY KEY REFERENCES inventory (id), basis \(Dialect.bytes) NOT NULL,
      explained \(Dialect.integer) NOT NULL, unexplained \(Dialect.integer) NOT NULL,
      applications \(Dialect.bytes) NOT NULL
    ) \(Dialect.strict)
    """,
  ]
  for statement in statements { try db.execute(sql: statement) }
}
