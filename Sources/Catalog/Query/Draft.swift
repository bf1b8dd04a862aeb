internal import Foundation
internal import GRDB

/// A statement while it is written: its common table expressions and its parameters.
final class Draft {
  /// A parameter's value.
  enum Value: Hashable {
    case text(String), number(Int64), real(Double), bytes([UInt8])

    var databaseValue: DatabaseValue {
      switch self {
      case .text(let text): text.databaseValue
      case .number(let number): number.databaseValue
      case .real(let real): real.databaseValue
      case .bytes(let bytes): Data(bytes).databaseValue
      }
    }
  }

  private(set) var parameters: [String: Value] = [:]
  private(set) var tables: [(name: String, body: String, isKept: Bool)] = []

  init(at: Int64) { parameters["at"] = .number(at) }

  /// The parameter that stands for the value.
  func bind(_ value: Value) -> String {
    if let known = parameters.first(where: { $0.value == value && $0.key != "at" })?.key { return ":\(known)" }
    let name = "p\(parameters.count)"
    parameters[name] = value
    return ":\(name)"
  }

  func bind(_ text: String) -> String { bind(.text(text)) }

  /// Names a select, whose rows are made once; or, not `kept`, as they are asked for.
  func table(_ name: String, _ body: String, kept: Bool = true) -> String {
    let unique = "\(name)_\(tables.count)_"
    tables.append((unique, body, kept))
    return unique
  }

  /// The whole statement, of the tables that it needs.
  func statement(_ select: String) -> String {
    var text = select
    var needed: [String] = []
    for (name, body, isKept) in tables.reversed() where text.contains(name) {
      text += body
      needed.insert("\(name) AS \(isKept ? "" : "NOT ")MATERIALIZED (\n\(body))", at: 0)
    }
    return needed.isEmpty ? select : "WITH \(needed.joined(separator: ",\n"))\n\(select)"
  }

  func arguments(of statement: Statement) -> StatementArguments {
    let known = parameters
    let used = statement.sql.matches(of: /:(at|p\d+)\b/).map { String($0.1) }
    return StatementArguments(Dictionary(used.map { ($0, known[$0]?.databaseValue) }) { first, _ in first })
  }
}
