internal import GRDB

/// Version 5: what a scan saw and did not understand, and the earlier states of a system that an image holds. Both are JSON
/// lists; NULL where there are none.
func migrateToVersion5(_ db: Database) throws {
  try db.execute(sql: "ALTER TABLE inventory ADD COLUMN remarks TEXT")
  // JSON of its folders that are mounted instead of the whole volume.
  try db.execute(sql: "ALTER TABLE volume ADD COLUMN parts TEXT")
  try db.execute(sql: "ALTER TABLE operating_system ADD COLUMN states TEXT")
}
