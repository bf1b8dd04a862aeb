import Catalog
import Foundation
import Inventory
import TestSupport
import Testing

struct SelectTests {
  @Test(arguments: [
    "DELETE FROM thing", "SELECT 1; DELETE FROM thing", "WITH x AS (SELECT 1) DELETE FROM thing",
    "PRAGMA query_only = OFF", "ATTACH 'other.db' AS other", "VACUUM INTO 'copy.db'", "CREATE TABLE t (a)",
    "/* SELECT */ DELETE FROM thing", "BEGIN IMMEDIATE", "",
  ])
  func `nothing but a question is run`(statement: String) throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "c.db").path
      let catalog = try Catalog(path: path)
      _ = try sqlite(path, "INSERT INTO thing VALUES (1, 'vm', 'v')")
      #expect(throws: Problem.self) { try catalog.select(statement, limit: 10, seconds: 10) }
      #expect(try sqlite(path, "SELECT count(*) FROM thing") == "1")
    }
  }

  @Test func `rows and time are bounded`() throws {
    try withTemporaryFolder { folder in
      let catalog = try Catalog(path: folder.appending(path: "c.db").path)
      let numbers = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"
      let found = try catalog.select(numbers, limit: 3, seconds: 10)
      #expect(found.rows == [[.number(1)], [.number(2)], [.number(3)]] && found.isCut && found.columns == ["i"])
      #expect(throws: Problem.self) { try catalog.select("\(numbers) WHERE i < 0", limit: 3, seconds: 0.2) }
    }
  }

  @Test func `every view can be read`() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "c.db").path
      let catalog = try Catalog(path: path)
      let estate = ChainedThings(seed: 1)
      #expect(try sqlite(path, (["BEGIN"] + estate.sql + ["COMMIT"]).joined(separator: ";\n")) == "")
      let names = try sqlite(path, "SELECT name FROM sqlite_master WHERE type = 'view'").split(separator: "\n")
      #expect(names.count > 15)
      for name in names { _ = try catalog.select("SELECT * FROM \(name)", limit: 10, seconds: 10) }
      let counted = try catalog.select("SELECT count(*) FROM v_links WHERE valid_to IS NULL", limit: 1, seconds: 10)
      let truth = estate.links.filter { $0.validTo == .max && $0.group >= 0 }
      let columns = estate.levels[4].count + estate.levels[5].count + estate.levels[6].count
      #expect(counted.rows == [[.number(Int64(truth.count - columns))]])
    }
  }
}
