internal import GRDB

/// Tables of what was so from a time to a time.
struct Periods {
  let db: Database

  /// Ends what is so at `at`; what began then never was. `isOne`: at most one row is so at a time.
  func end(
    _ table: String, _ condition: String, _ arguments: [any Bindable], at: Int64, isOne: Bool = true
  ) throws {
    let update = try db.cachedStatement(
      sql: "UPDATE \(table) SET valid_to = ? WHERE \(condition) AND valid_to > ? AND valid_from < ?")
    try update.run([at] + arguments + [at, at])
    if isOne, db.changesCount > 0 { return }
    let drop = try db.cachedStatement(
      sql: "DELETE FROM \(table) WHERE \(condition) AND valid_from >= ? AND valid_to > ?")
    try drop.run(arguments + [at, at])
  }
}
