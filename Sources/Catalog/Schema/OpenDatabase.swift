internal import Foundation
internal import GRDB
internal import GRDBSQLite
internal import Inventory

/// Opens the file, checks that it is a catalog of a version that this program knows, and brings it up to date.
func openDatabase(_ path: String, _ migrator: DatabaseMigrator) throws -> DatabaseQueue {
  try checkFile(path)
  return try reporting("open catalog", path) {
    var configuration = Configuration()
    // A writer holds the lock for seconds at most; 16 of them at once still come to their turn.
    configuration.busyMode = .timeout(60)
    configuration.foreignKeysEnabled = true
    configuration.prepareDatabase {
      try $0.execute(sql: "PRAGMA trusted_schema = OFF")
      for function in Evidence.functions { $0.add(function: function) }
      // In KiB: the pages that a batch of events touches are not read again and again.
      try $0.execute(sql: "PRAGMA cache_size = -131072")
      // In pages: a page that many batches change is brought from the log into the file once.
      try $0.execute(sql: "PRAGMA wal_autocheckpoint = 16384")
    }
    let database = try DatabaseQueue(path: path, configuration: configuration)
    try checkOrigin(database, path, migrator)
    try database.writeWithoutTransaction { db in
      try db.execute(sql: "PRAGMA journal_mode = WAL")
      // What was acknowledged survives a loss of power. GRDB's own journal mode would set NORMAL, which does not give that.
      try db.execute(sql: "PRAGMA synchronous = FULL")
    }
    if try !isCurrent(database, migrator) {
      try alone(inFolderOf: path) { try bringUpToDate(database, path, migrator) }
    }
    // GRDB keeps what each statement reads and writes, for observers, of which there are none, and for the tables that it
    // remembers, which stay as they are from here on: with what a question names that took a quarter of its time.
    database.writeWithoutTransaction { _ = sqlite3_set_authorizer($0.sqliteConnection, nil, nil) }
    return database
  }
}

/// What is not a regular file is refused before SQLite opens it: a FIFO would hold it for ever.
private func checkFile(_ path: String) throws {
  func refuse(_ reason: String, remedy: String? = "name another file with --catalog") -> Problem {
    Problem(code: "catalog-unusable", operation: "open catalog", subject: path, reason: reason, remedy: remedy)
  }
  let url = URL(fileURLWithPath: path).resolvingSymlinksInPath()
  guard let type = try? FileManager.default.attributesOfItem(atPath: url.path)[.type] as? FileAttributeType else {
    do {
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    } catch {
      throw refuse("its folder cannot be made")
    }
    return
  }
  if type == .typeDirectory { throw refuse("it is a folder") }
  guard type == .typeRegular else { throw refuse("it is not a regular file") }
  guard let handle = try? FileHandle(forReadingFrom: url) else { throw refuse("it cannot be read", remedy: nil) }
  let start = (try? handle.read(upToCount: 16)) ?? Data()
  // https://www.sqlite.org/fileformat.html, section 1.3; an empty file is an empty database.
  if !start.isEmpty, start != Data("SQLite format 3\0".utf8) { throw refuse("it is not a catalog") }
}

/// Refuses what a later version or another program made.
private func checkOrigin(_ database: DatabaseQueue, _ path: String, _ migrator: DatabaseMigrator) throws {
  let (applied, tables, isNewer) = try database.read { db in
    let tables = try tableCount(db)
    return (try migrator.appliedIdentifiers(db), tables, try migrator.hasBeenSuperseded(db))
  }
  if isNewer {
    throw Problem(
      code: "catalog-newer", operation: "open catalog", subject: path,
      reason: "it was written by a later version of vmlineage", remedy: "use that version, or name another catalog")
  }
  if applied.isEmpty, tables > 0 {
    throw Problem(
      code: "catalog-unusable", operation: "open catalog", subject: path, reason: "another program's database",
      remedy: "name another file with --catalog")
  }
}

private func isCurrent(_ database: DatabaseQueue, _ migrator: DatabaseMigrator) throws -> Bool {
  try database.read { db in
    _ = try tableCount(db)
    return try migrator.hasCompletedMigrations(db)
  }
}

/// Copies what an earlier version made, and makes the tables that it lacks. Another program may have done so meanwhile.
private func bringUpToDate(_ database: DatabaseQueue, _ path: String, _ migrator: DatabaseMigrator) throws {
  if try isCurrent(database, migrator) { return }
  let isNew = try database.read { try tableCount($0) == 0 }
  let copy = "\(path).before-v\(migrator.migrations.count)"
  if !isNew, !FileManager.default.fileExists(atPath: copy) { try database.vacuum(into: copy) }
  try migrator.migrate(database)
}

/// Runs `body` while no other program does so in the same folder: a migration of several steps and its copy are nothing
/// that two can do at once, and SQLite has no lock for all of it. The lock is on the folder, and leaves nothing behind.
private func alone(inFolderOf path: String, _ body: () throws -> Void) throws {
  let folder = open(URL(fileURLWithPath: path).deletingLastPathComponent().path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
  defer { if folder >= 0 { close(folder) } }
  if folder >= 0 { while flock(folder, LOCK_EX) != 0, errno == EINTR {} }
  try body()
}

/// How many tables there are beside that of migrations. Asked first in a transaction it also fixes what the rest of it
/// sees: another program may be making them, and GRDB looks twice.
private func tableCount(_ db: Database) throws -> Int {
  try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name <> 'grdb_migrations'")
    ?? 0
}

/// Runs `body` and turns what the database throws into a problem that says what to do.
func reporting<Value>(_ operation: String, _ path: String, _ body: () throws -> Value) throws -> Value {
  do {
    return try body()
  } catch let error as DatabaseError {
    throw Problem(
      code: code(error.resultCode), operation: operation, subject: path,
      reason: error.message ?? "SQLite error \(error.resultCode.rawValue)", remedy: remedy(error.resultCode))
  } catch let problem as Problem {
    throw problem
  } catch {
    throw Problem(code: "catalog-failed", operation: operation, subject: path, reason: "\(error)")
  }
}

private func code(_ result: ResultCode) -> String {
  switch result {
  case .SQLITE_FULL: "catalog-full"
  case .SQLITE_BUSY, .SQLITE_LOCKED: "catalog-busy"
  case .SQLITE_CORRUPT, .SQLITE_NOTADB: "catalog-damaged"
  case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_CANTOPEN: "catalog-unusable"
  case .SQLITE_IOERR: "catalog-unwritable"
  default: "catalog-failed"
  }
}

private func remedy(_ result: ResultCode) -> String? {
  switch result {
  case .SQLITE_FULL, .SQLITE_IOERR: "make room on its disk; what was stored before is kept"
  case .SQLITE_BUSY, .SQLITE_LOCKED: "another program writes it; try again"
  case .SQLITE_CORRUPT, .SQLITE_NOTADB: "restore a copy of it"
  case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_CANTOPEN: "check who may write the file and its folder"
  default: nil
  }
}
