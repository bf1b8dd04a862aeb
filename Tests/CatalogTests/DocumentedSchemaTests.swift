import Catalog
import Foundation
import TestSupport
import Testing

struct DocumentedSchemaTests {
  @Test func `the picture is that of the schema`() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "c.db").path
      _ = try Catalog(path: path)
      let drawn = try run([packageFolder.appending(path: "scripts/draw-catalog").path, path])
      #expect(
        drawn.text == (try String(contentsOf: packageFolder.appending(path: "docs/catalog.dot"), encoding: .utf8)))
    }
  }

  @Test func `every view stands in the documentation with its columns`() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "c.db").path
      _ = try Catalog(path: path)
      let text = try String(contentsOf: packageFolder.appending(path: "docs/catalog.md"), encoding: .utf8)
      let rows = try sqlite(
        path,
        """
        SELECT '| `' || m.name || '` | ' || group_concat(c.name, ', ') || ' |' FROM sqlite_master m
        JOIN pragma_table_info(m.name) c WHERE m.type = 'view' GROUP BY m.name
        """)
      #expect(rows.split(separator: "\n").count > 15)
      for row in rows.split(separator: "\n") { #expect(text.contains(row)) }
    }
  }
}
