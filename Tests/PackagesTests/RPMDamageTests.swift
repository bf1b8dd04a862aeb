import Foundation
import Inventory
import TestSupport
import Testing

@testable import Packages

/// Cut and changed databases: what is whole is kept and as it was, what is not is a problem, and nothing traps.
struct RPMDamageTests {
  private func file(_ form: String, _ fixture: RPMFixture) throws -> (path: GuestPath, data: Data) {
    (GuestPath("var/lib/rpm/\(form)"), try Data(contentsOf: fixture.database.appending(path: form)))
  }

  private func read(_ path: GuestPath, _ data: Data) -> PackageReading {
    RPMReader().read(SystemFiles(contents: [path: data]))
  }

  @Test func `all packages before the cut of an NDB file are kept`() throws {
    let (path, data) = try file("Packages.db", try RPMFixture.ndb.get())
    let whole = Set(read(path, data).packages)
    let half = data.prefix(data.count / 2)
    // Every whole blob ends with this, and nothing else holds it.
    let blobs = places(of: "BlbE", in: half).count
    let reading = read(path, half)
    #expect(reading.packages.count == blobs && blobs > 50)
    #expect(whole.isSuperset(of: reading.packages))
    #expect(reading.problems.map(\.code) == ["package-database-damaged"])
  }

  @Test(arguments: ["Packages", "rpmdb.sqlite"])
  func `packages before the cut are kept`(form: String) throws {
    let (path, data) = try file(form, try (form == "Packages" ? RPMFixture.berkeley : RPMFixture.sqlite).get())
    let whole = Set(read(path, data).packages)
    for part in 1...7 {
      let reading = read(path, data.prefix(data.count * part / 8))
      #expect(whole.isSuperset(of: reading.packages), "cut at \(part)/8")
      #expect(reading.problems.map(\.code) == ["package-database-damaged"])
    }
    // Seven eighths hold most of what there is.
    #expect(read(path, data.prefix(data.count * 7 / 8)).packages.count > 100)
  }

  @Test func `packages in the write-ahead log are found`() throws {
    let fixture = try RPMFixture.smallSQLite.get()
    try withTemporaryFolder { folder in
      let database = folder.appending(path: "rpmdb.sqlite")
      try FileManager.default.copyItem(at: fixture.database.appending(path: "rpmdb.sqlite"), to: database)
      // sqlite3 is made to leave the log as a running machine does, and copied while it is open.
      let sql = """
        pragma journal_mode = wal; pragma wal_autocheckpoint = 0;
        insert into Packages (blob) select replace(blob, cast('fixture-lib-0001' as blob), cast('fixture-new-0001' as blob))
          from Packages where instr(blob, cast('fixture-lib-0001' as blob)) limit 1;
        .shell cp "\(database.path)" "\(database.path)-copy"
        .shell cp "\(database.path)-wal" "\(database.path)-copy-wal"
        """
      #expect(try run(["sqlite3", database.path], input: Data(sql.utf8)).status == 0)
      let copy = try Data(contentsOf: folder.appending(path: "rpmdb.sqlite-copy"))
      let log = try Data(contentsOf: folder.appending(path: "rpmdb.sqlite-copy-wal"))
      let path: GuestPath = "var/lib/rpm/rpmdb.sqlite"
      #expect(read(path, copy).packages.count == 5)
      let both = RPMReader().read(SystemFiles(contents: [path: copy, "var/lib/rpm/rpmdb.sqlite-wal": log]))
      #expect(both.packages.count == 6)
    }
  }

  @Test(arguments: [
    "create view Packages as select 1 as hnum, x'00' as blob",
    "create table Packages (hnum integer primary key, other blob, blob blob as (zeroblob(1000000000)))",
    "create virtual table Packages using fts5(hnum, blob)",
    "create table Packages (hnum integer primary key, blob blob as (zeroblob(1000000000)))",
    "create table Other (hnum, blob)",
  ])
  func `what is not a plain table is refused`(sql: String) throws {
    try withTemporaryFolder { folder in
      let database = folder.appending(path: "rpmdb.sqlite")
      #expect(try run(["sqlite3", database.path], input: Data("\(sql);".utf8)).status == 0)
      let reading = read("var/lib/rpm/rpmdb.sqlite", try Data(contentsOf: database))
      #expect(reading.packages == [])
      #expect(reading.problems.first?.reason.contains("no plain table") == true)
    }
  }

  @Test func `blobs that are larger than the file are not loaded`() throws {
    try withTemporaryFolder { folder in
      let database = folder.appending(path: "rpmdb.sqlite")
      let sql = "create table Packages (hnum integer primary key, blob blob); insert into Packages values (1, 'text');"
      #expect(try run(["sqlite3", database.path], input: Data(sql.utf8)).status == 0)
      let reading = read("var/lib/rpm/rpmdb.sqlite", try Data(contentsOf: database))
      #expect(reading.problems.map(\.code) == ["package-database-damaged"])
    }
  }

  /// A system that lives long has gaps of thousands between the numbers of its packages.
  @Test func `packages behind a broken page are found, however far their numbers are`() throws {
    let fixture = try RPMFixture.sqlite.get()
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "rpmdb.sqlite")
      try FileManager.default.copyItem(at: fixture.database.appending(path: "rpmdb.sqlite"), to: file)
      let sql = """
        pragma journal_mode = delete; update Packages set hnum = hnum * 1000; vacuum;
        select pageno || ' ' || ncell from dbstat where name = 'Packages' and pagetype = 'leaf' order by path;
        select 'size ' || page_size from pragma_page_size;
        """
      let answer = try run(["sqlite3", file.path], input: Data(sql.utf8))
      let rows = answer.text.split(separator: "\n").map { $0.split(separator: " ") }.filter { $0.count == 2 }
      let size = try #require(rows.last.flatMap { Int($0[1]) })
      let leaf = rows[rows.count / 2]
      let (page, cells) = (try #require(Int(leaf[0])), try #require(Int(leaf[1])))
      let path: GuestPath = "var/lib/rpm/rpmdb.sqlite"
      var data = try Data(contentsOf: file)
      let whole = Set(read(path, data).packages)
      data.replaceSubrange((page - 1) * size..<page * size, with: Data(repeating: 0xA5, count: size))
      let reading = read(path, data)
      #expect(whole.count > 200 && reading.packages.count == whole.count - cells)
      #expect(whole.isSuperset(of: reading.packages))
      #expect(reading.problems.map(\.code) == ["package-database-damaged"])
    }
  }

  @Test func `reading ends at the deadline`() throws {
    let (_, data) = try file("rpmdb.sqlite", try RPMFixture.sqlite.get())
    let blobs = rpmSQLiteBlobs(data, log: nil, deadline: 0)
    #expect(blobs.blobs.count < 210 && blobs.damaged > 0)
  }

  @Test(arguments: ["Packages", "Packages.db", "rpmdb.sqlite"], [1, 2, 3] as [UInt64])
  func `changed bytes never trap`(form: String, seed: UInt64) throws {
    let fixture = try
      (form == "Packages"
      ? RPMFixture.smallBerkeley : form == "Packages.db" ? RPMFixture.smallNDB : RPMFixture.smallSQLite).get()
    let (path, data) = try file(form, fixture)
    let whole = read(path, data).packages.count
    #expect(whole == 5)
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<20 {
      var changed = [UInt8](data)
      // Half of the changes go where the structure is: the first page and the beginning of each.
      for _ in 0..<Int.random(in: 1...30, using: &generator) {
        let page = Int.random(in: 0..<(changed.count / 4096), using: &generator) * 4096
        let position =
          Bool.random(using: &generator)
          ? page + Int.random(in: 0..<64, using: &generator) : Int.random(in: 0..<changed.count, using: &generator)
        changed[position] =
          [0, 0xFF, 0x7F, UInt8.random(in: 0...255, using: &generator)]
          .randomElement(using: &generator) ?? 0
      }
      // Berkeley DB and SQLite have no checksums, so that a header may come out changed; never more of them.
      #expect(read(path, Data(changed)).packages.count <= whole)
    }
    for length in stride(from: 0, to: 300, by: 7) { #expect(read(path, data.prefix(length)).packages == []) }
  }

  @Test func `changed headers never trap`() throws {
    let (path, data) = try file("Packages.db", try RPMFixture.smallNDB.get())
    let start = try #require(places(of: "BlbS", in: data).first) + 16
    let end = try #require(places(of: "BlbE", in: data).first) - 8
    let header = [UInt8](data[start..<end])
    var generator = SeededGenerator(seed: 4)
    for round in 0..<2000 {
      var changed = round < 1000 ? Array(header.prefix(round * header.count / 1000)) : header
      for _ in 0..<Int.random(in: 1...6, using: &generator) where round >= 1000 {
        let position = Int.random(in: 0..<(round % 2 == 0 ? min(800, header.count) : header.count), using: &generator)
        changed[position] =
          [0, 0xFF, 0x7F, UInt8.random(in: 0...255, using: &generator)]
          .randomElement(using: &generator) ?? 0
      }
      guard let parsed = RPMHeader(changed), let package = parsed.package(in: path) else { continue }
      #expect(package.name.utf8.count <= 4096)
      _ = parsed.files(in: SystemFiles())
    }
  }

  private func places(of text: String, in data: Data) -> [Int] {
    var places: [Int] = []
    var rest = data
    while let place = rest.range(of: Data(text.utf8)) {
      places.append(place.lowerBound)
      rest = rest[place.upperBound...]
    }
    return places
  }
}
