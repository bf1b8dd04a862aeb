internal import Foundation
internal import GRDB
internal import Inventory

/// Stores a file list as its differences from the one that it is most like, or whole where there is none.
struct FileListWriter {
  private let db: Database
  private let dictionaries: FileDictionaries

  init(_ db: Database, _ dictionaries: FileDictionaries) {
    self.db = db
    self.dictionaries = dictionaries
  }

  func store(_ inventory: Inventory, _ list: Int64) throws {
    if let ranks = canonicalRanks(inventory) {
      try db.execute(sql: "INSERT INTO list_order VALUES (?, ?)", arguments: [list, PackedNumbers.pack(ranks)])
    }
    let rows = try ListedRows(inventory.files, dictionaries)
    let sketch = sketch(of: rows)
    var lists = [list]
    if let base = try closestBase(sketch), let differences = try differences(of: rows, from: base) {
      lists.append(base)
      try write(differences, list)
    } else {
      try write(rows, list)
      let insert = try db.cachedStatement(sql: "INSERT INTO list_sketch (hash, list_id) VALUES (?, ?)")
      for hash in sketch { try insert.execute(arguments: [hash, list]) }
    }
    for member in lists {
      try db.execute(
        sql: "INSERT INTO inventory_list (inventory_id, list_id) VALUES (?, ?)", arguments: [list, member])
    }
  }

  /// The base that shares most with a list of this sketch.
  private func closestBase(_ sketch: [Int64]) throws -> Int64? {
    try Int64.fetchOne(
      db,
      sql: """
        SELECT list_id FROM list_sketch WHERE hash IN (\(databaseQuestionMarks(count: sketch.count)))
        GROUP BY list_id ORDER BY count(*) DESC, list_id LIMIT 1
        """, arguments: StatementArguments(sketch))
  }

  /// What a list has beside its base; nil where that is so much that it had better be a base itself.
  private func differences(of rows: ListedRows, from base: Int64) throws -> [ListedRow]? {
    let most = rows.count / 4
    var own: [ListedRow] = []
    var left = rows.makeIterator()
    var new = left.next()
    let stored = try storedRows(base)
    while own.count <= most, let old = try stored.next() {
      while let row = new, row.precedes(old) {
        own.append(row)
        new = left.next()
      }
      if let row = new, !old.precedes(row) {
        if row != old { own.append(row) }
        new = left.next()
      } else {
        own.append(old.gone)
      }
    }
    while own.count <= most, let row = new {
      own.append(row)
      new = left.next()
    }
    return own.count <= most ? own : nil
  }

  private func storedRows(_ list: Int64) throws -> MapCursor<RowCursor, ListedRow> {
    let statement = try db.cachedStatement(
      sql: """
        SELECT f.folder_id, CAST(f.name AS \(Dialect.bytes)), f.size, p.modified + f.modified, p.inode + f.inode,
          f.attributes_id, CAST(f.target AS \(Dialect.bytes)), f.content_id
        FROM file f JOIN place p ON p.folder_id = f.folder_id AND p.list_id = f.list_id
        WHERE f.list_id = ? ORDER BY f.folder_id, f.name
        """)
    return try Row.fetchCursor(statement, arguments: [list]).map { row in
      ListedRow(
        folder: row[0], name: Array(row[1] as Data), size: row[2], modified: row[3], inode: row[4],
        attributes: row[5], target: (row[6] as Data?).map { Array($0) }, content: row[7])
    }
  }

  /// Rows of one folder stand together, by their distance from the folder's middle.
  private func write(_ rows: some RandomAccessCollection<ListedRow>, _ list: Int64) throws {
    let place = try db.cachedStatement(
      sql: "INSERT INTO place (folder_id, list_id, modified, inode) VALUES (?, ?, ?, ?)")
    let insert = try db.cachedStatement(
      sql: """
        INSERT INTO file VALUES (?, ?, CAST(? AS \(Dialect.name)), ?, ?, ?, ?, CAST(? AS \(Dialect.name)), ?)
        """)
    var rest = rows[...]
    while let folder = rest.first?.folder {
      let group = rest.prefix { $0.folder == folder }
      rest = rest[group.endIndex...]
      let (modified, inode) = (middle(group.map(\.modified)), middle(group.map(\.inode)))
      try place.run([folder, list, modified, inode])
      for row in group {
        try insert.run([
          list, folder, Data(row.name), row.size, row.modified - modified, row.inode - inode, row.attributes,
          row.target.map { Data($0) }, row.content,
        ])
      }
    }
  }

  /// The median, or 0 where the distance of a value from it would not fit 64 bits.
  private func middle(_ values: [Int64]) -> Int64 {
    let median = values.sorted()[values.count / 2]
    return values.contains { $0.subtractingReportingOverflow(median).overflow } ? 0 : median
  }
}
