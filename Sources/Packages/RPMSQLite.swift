internal import Dispatch
internal import Foundation
internal import GRDB

/// The header blobs of `rpmdb.sqlite`: column `blob` of its table `Packages`.
///
/// The file is the stranger's, so SQLite gets a private copy, opened for reading only, without trust in its schema; a
/// view or a computed column cannot pose as the table; lengths are looked at before values are read; and all of it has
/// a deadline.
func rpmSQLiteBlobs(_ database: Data, log: Data?, deadline: TimeInterval = 60) -> RPMBlobs {
  let missing = statedSize(database) - database.count
  guard missing > 0, missing <= 256 << 20 else { return read(database, log: log, deadline: deadline) }
  // SQLite refuses a file that is shorter than its header says, so it gets one that was filled up, twice: what differs
  // reaches into the part that is missing. Neither value is a type of page.
  let readings = [0xA5, 0x5A].map { filling in
    read(database + Data(repeating: filling, count: missing), log: log, deadline: deadline / 2)
  }
  var blobs = RPMBlobs(fileSize: database.count + (log?.count ?? 0))
  blobs.damage("the file is shorter than its header says")
  let whole = Set(readings[0].blobs).intersection(readings[1].blobs)
  for blob in readings[0].blobs where whole.contains(blob) { blobs.add(blob) }
  return blobs
}

private func read(_ database: Data, log: Data?, deadline: TimeInterval) -> RPMBlobs {
  var blobs = RPMBlobs(fileSize: database.count + (log?.count ?? 0))
  let folder = FileManager.default.temporaryDirectory.appending(path: "vmlineage-rpm-\(UUID().uuidString)")
  defer { try? FileManager.default.removeItem(at: folder) }
  do {
    try FileManager.default.createDirectory(
      at: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    let file = folder.appending(path: "rpmdb.sqlite")
    try database.write(to: file)
    if let log, !log.isEmpty { try log.write(to: folder.appending(path: "rpmdb.sqlite-wal")) }
    let queue = try DatabaseQueue(path: file.path, configuration: hostileConfiguration)
    let timer = DispatchSource.makeTimerSource()
    timer.setEventHandler { queue.interrupt() }
    timer.schedule(deadline: .now() + deadline, repeating: 0.1)
    timer.activate()
    defer { timer.cancel() }
    let end = Date().addingTimeInterval(deadline)
    try queue.read { try readPackages($0, until: end, into: &blobs) }
  } catch {
    blobs.damage("SQLite: \("\(error)".prefix(300))")
  }
  return blobs
}

private var hostileConfiguration: Configuration {
  var configuration = Configuration()
  configuration.readonly = true
  configuration.prepareDatabase { database in
    for setting in ["trusted_schema = off", "cell_size_check = on", "mmap_size = 0", "query_only = on"] {
      try database.execute(sql: "pragma \(setting)")
    }
  }
  return configuration
}

/// Bytes that the header states (sqlite.org/fileformat2.html, section 1.3): 16 page size, where 1 means 65,536; 28
/// pages.
private func statedSize(_ database: Data) -> Int {
  let header = RPMBytes(bytes: [UInt8](database.prefix(100)), isBigEndian: true)
  guard let size = header.u16(16), let pages = header.u32(28) else { return 0 }
  return (size == 1 ? 65536 : size) * pages
}

private func readPackages(_ database: Database, until end: Date, into blobs: inout RPMBlobs) throws {
  let columns = try Row.fetchAll(database, sql: "select name, hidden from pragma_table_xinfo('Packages')")
  let tables =
    try Int.fetchOne(
      database,
      sql: "select count(*) from sqlite_schema where name = 'Packages' and type = 'table' and rootpage > 0") ?? 0
  guard tables == 1, columns.map({ $0["name"] as String? }) == ["hnum", "blob"],
    columns.allSatisfy({ $0["hidden"] as Int? == 0 })
  else { return blobs.damage("it has no plain table Packages of hnum and blob") }
  var last = 0
  do {
    let rows = try Row.fetchCursor(database, sql: "select hnum, length(blob) from Packages not indexed order by hnum")
    while let row = try rows.next() {
      last = row[0] as Int? ?? last
      try readPackage(database, last, size: row[1] as Int? ?? 0, into: &blobs)
      guard Date() < end else { return blobs.damage("it took too long to read") }
    }
  } catch {
    blobs.damage("SQLite: \("\(error)".prefix(300))")
    try readBehindDamage(database, after: last, until: end, into: &blobs)
  }
}

/// A scan of the table ends at the first page that is broken; packages on other pages are still found by number. Where
/// the next one is cannot be told, the number after it is tried.
private func readBehindDamage(
  _ database: Database, after last: Int, until end: Date, into blobs: inout RPMBlobs
) throws {
  let sql = "select hnum, length(blob) from Packages not indexed where hnum > ? order by hnum limit 1"
  var (number, tries) = (last, 0)
  while tries < 100_000, number < Int.max, Date() < end {
    do {
      guard let row = try Row.fetchOne(database, sql: sql, arguments: [number]) else { return }
      number = row[0] as Int? ?? number + 1
      try readPackage(database, number, size: row[1] as Int? ?? 0, into: &blobs)
    } catch {
      (number, tries) = (number + 1, tries + 1)
    }
  }
  blobs.damage("what lies behind the damage was not found in time")
}

private func readPackage(_ database: Database, _ number: Int, size: Int, into blobs: inout RPMBlobs) throws {
  guard blobs.fits(size) else { return blobs.damage("entries overlap") }
  let sql = "select blob from Packages not indexed where hnum = ?"
  guard let blob = try Data.fetchOne(database, sql: sql, arguments: [number]) else {
    return blobs.damage("package \(number) has no blob")
  }
  blobs.add(blob)
}
