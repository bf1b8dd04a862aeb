internal import GRDB

/// Version 4: who there is among the authors of revisions, once each. Whoever asks by a part of a name looks at these
/// thousands, not at millions of revisions.
func migrateToVersion4(_ db: Database) throws {
  try db.execute(sql: "CREATE TABLE author (name TEXT NOT NULL PRIMARY KEY) \(Dialect.strictByKey)")
  try db.execute(sql: "INSERT INTO author SELECT DISTINCT author FROM revision WHERE author IS NOT NULL")
}
