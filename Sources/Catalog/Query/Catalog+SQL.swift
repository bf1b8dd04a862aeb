internal import Foundation
internal import GRDB
internal import Inventory

/// Rows of a select that a person wrote.
package struct SelectedRows: Sendable {
  package enum Cell: Sendable, Equatable { case null, number(Int64), real(Double), text(String), bytes([UInt8]) }

  package var columns: [String]
  package var rows: [[Cell]]
  /// Whether there would be more.
  package var isCut: Bool
}

extension Catalog {
  /// Runs one statement that can only read, on a connection that can only read, and stops after `seconds` or `limit` rows.
  package func select(_ sql: String, limit: Int, seconds: Double) throws -> SelectedRows {
    let first = sql.trimmingCharacters(in: .whitespacesAndNewlines).prefix { $0.isLetter }.lowercased()
    guard ["select", "with", "values", "explain"].contains(first) else {
      throw refusal(sql, "only SELECT, WITH, VALUES and EXPLAIN can be asked")
    }
    var configuration = Configuration()
    configuration.readonly = true
    configuration.busyMode = .timeout(60)
    configuration.prepareDatabase { try $0.execute(sql: "PRAGMA trusted_schema = OFF; PRAGMA query_only = ON") }
    return try reporting("read catalog", path) {
      let reader = try DatabaseQueue(path: path, configuration: configuration)
      let timer = DispatchSource.makeTimerSource(queue: .global())
      timer.schedule(deadline: .now() + seconds)
      timer.setEventHandler { reader.interrupt() }
      timer.resume()
      defer { timer.cancel() }
      do {
        return try reader.read { try rows($0, sql, limit) }
      } catch let error as DatabaseError where error.resultCode == .SQLITE_INTERRUPT {
        throw Problem(
          code: "deadline", operation: "select", subject: path, reason: "it took longer than \(Int(seconds)) s",
          remedy: "ask for less, or give --deadline")
      }
    }
  }

  private func rows(_ db: Database, _ sql: String, _ limit: Int) throws -> SelectedRows {
    let statement: Statement
    do {
      statement = try db.makeStatement(sql: sql)
    } catch let error as DatabaseError where error.resultCode == .SQLITE_MISUSE {
      throw refusal(sql, "give one statement")
    }
    guard statement.isReadonly else { throw refusal(sql, "it would write") }
    var result = SelectedRows(columns: statement.columnNames, rows: [], isCut: false)
    let cursor = try Row.fetchCursor(statement)
    while let row = try cursor.next() {
      if result.rows.count == limit {
        result.isCut = true
        break
      }
      result.rows.append(row.databaseValues.map { SelectedRows.Cell($0) })
    }
    return result
  }

  private func refusal(_ sql: String, _ reason: String) -> Problem {
    Problem(code: "not-a-question", operation: "select", subject: String(sql.prefix(60)), reason: reason)
  }
}

extension SelectedRows.Cell {
  init(_ value: DatabaseValue) {
    switch value.storage {
    case .null: self = .null
    case .int64(let number): self = .number(number)
    case .double(let number): self = .real(number)
    case .string(let text): self = .text(text)
    case .blob(let data): self = .bytes(Array(data))
    }
  }
}
