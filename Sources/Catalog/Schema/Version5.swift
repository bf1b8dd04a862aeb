internal import GRDB

/// Version 5: what a scan saw and did not understand, and the earlier states of a system that an image holds. Both are JSON
/// lists; NULL where there are none.
func migrateToVersion5(_ db: Database) throws {
  try db.execute(sql: "ALTER TABLE inventory ADD COLUMN remarks TEXT")
  try db.execute(sql: "ALTER TABLE operating_system ADD COLUMN states TEXT")
}
