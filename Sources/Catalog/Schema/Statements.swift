internal import Foundation
internal import GRDB
internal import GRDBSQLite

/// Runs a prepared statement with no layer between: a batch of events runs hundreds of thousands, and what GRDB does around
/// each (arguments and rows as objects, observers, of which there are none) took longer than SQLite itself.
extension Statement {
  func run(_ values: [any Bindable]) throws {
    try step(values) { _ in }
  }

  /// The key that the engine gave to the inserted row; nil where a conflict left it out. RETURNING would have SQLite keep
  /// what undoes the statement.
  func insert(_ values: [any Bindable]) throws -> Int64? {
    try run(values)
    let connection = sqlite3_db_handle(sqliteStatement)
    return sqlite3_changes(connection) > 0 ? sqlite3_last_insert_rowid(connection) : nil
  }

  /// The first column of the first row. All rows are stepped through: a statement that writes is then complete.
  func integer(_ values: [any Bindable]) throws -> Int64? {
    var result: Int64??
    try step(values) { row in if result == nil { result = .some(row.optional(0)) } }
    return result ?? nil
  }

  func text(_ values: [any Bindable]) throws -> String? {
    var result: String??
    try step(values) { row in if result == nil { result = .some(row.text(0)) } }
    return result ?? nil
  }

  func integers(_ values: [any Bindable]) throws -> [Int64] { try all(values) { $0.integer(0) } }

  /// `read` runs no statement.
  func all<Value>(_ values: [any Bindable], _ read: (Columns) -> Value) throws -> [Value] {
    var result: [Value] = []
    try step(values) { result.append(read($0)) }
    return result
  }

  /// Every row of a question, whose parameters have names.
  func each(_ arguments: StatementArguments, _ row: (Columns) -> Void) throws {
    try setArguments(arguments)
    try step(row)
  }

  private func step(_ values: [any Bindable], _ row: (Columns) -> Void) throws {
    let statement = sqliteStatement
    guard values.count == Int(sqlite3_bind_parameter_count(statement)) else { throw failure(SQLITE_MISUSE) }
    for (position, value) in values.enumerated() {
      let result = value.bind(to: statement, at: Int32(position + 1))
      if result != SQLITE_OK { throw failure(result) }
    }
    try step(row)
  }

  private func step(_ row: (Columns) -> Void) throws {
    let statement = sqliteStatement
    // Its result is that of the last step, which was thrown then.
    defer { sqlite3_reset(statement) }
    while true {
      switch sqlite3_step(statement) {
      case SQLITE_ROW: row(Columns(statement: statement))
      case SQLITE_DONE: return
      case let result: throw failure(result)
      }
    }
  }

  private func failure(_ result: Int32) -> DatabaseError {
    DatabaseError(
      resultCode: ResultCode(rawValue: result),
      message: String(cString: sqlite3_errmsg(sqlite3_db_handle(sqliteStatement))))
  }
}

/// The row that a statement stands on.
struct Columns {
  fileprivate let statement: OpaquePointer

  /// 0 for NULL.
  func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(statement, column) }

  func optional(_ column: Int32) -> Int64? {
    sqlite3_column_type(statement, column) == SQLITE_NULL ? nil : integer(column)
  }

  func real(_ column: Int32) -> Double { sqlite3_column_double(statement, column) }

  func text(_ column: Int32) -> String? { sqlite3_column_text(statement, column).map { String(cString: $0) } }
}

/// What a parameter of a statement can be; GRDB knows how.
protocol Bindable {
  func bind(to statement: OpaquePointer, at position: Int32) -> Int32
}

extension Int64: Bindable {}
extension Double: Bindable {}
extension String: Bindable {}
extension Data: Bindable {}

extension Optional: Bindable where Wrapped: Bindable {
  func bind(to statement: OpaquePointer, at position: Int32) -> Int32 {
    map { $0.bind(to: statement, at: position) } ?? sqlite3_bind_null(statement, position)
  }
}
