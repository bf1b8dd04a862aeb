internal import GRDB

/// Every version that the catalog has had. A migration that was ever released is never edited.
///
/// Facts (inventories, signatures, events) first, what is concluded and projected from them last. Times are INTEGER
/// milliseconds since 1970 in UTC; an open end is `Dialect.forever`, so `valid_from <= :at AND :at < valid_to` is the
/// only test of validity. Numbers that use all 64 bits (device, inode, size) are kept by their bit pattern.
let schema: DatabaseMigrator = {
  var migrator = DatabaseMigrator()
  migrator.registerMigration("1") { db in
    let tables =
      thingTables + imageTables + fileTables + packageTables + buildTables + eventTables + sightingTables + linkTables
      + historyTables + fileViews + views
    for statement in tables { try db.execute(sql: statement) }
  }
  migrator.registerMigration("2", migrate: migrateToVersion2)
  migrator.registerMigration("3", migrate: migrateToVersion3)
  migrator.registerMigration("4", migrate: migrateToVersion4)
  migrator.registerMigration("5", migrate: migrateToVersion5)
  return migrator
}()
