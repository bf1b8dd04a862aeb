internal import Foundation
internal import GRDB
internal import Inventory

extension Catalog {
  /// What is found, most certain first where no order is asked for. Throws a `Problem` with code `unknown-name` where a
  /// filter names what the catalog does not know.
  /// `bound`: how many steps are walked from each filter before the rest is walked for the first answers only.
  package func find(_ question: Question, bound: Int? = nil) throws -> [Answer] {
    try read { db in
      let planner = try planner(db, question, bound ?? Planner.bound)
      let planned = try planner.plan()
      let statement = try db.makeStatement(sql: planned.sql)
      let shape = question.entity.shape
      var answers: [Answer] = []
      let rows = try Row.fetchCursor(statement, arguments: planner.draft.arguments(of: statement))
      while let row = try rows.next() { answers.append(Answer(row, shape)) }
      return answers
    }
  }

  /// How many would be found without a limit.
  package func count(_ question: Question) throws -> Int {
    try read { db in
      let planner = try planner(db, question, Planner.bound)
      let statement = try db.makeStatement(sql: planner.plan(counted: true).sql)
      return try Int.fetchOne(statement, arguments: planner.draft.arguments(of: statement)) ?? 0
    }
  }

  /// The statement that answers the question.
  package func explain(_ question: Question, bound: Int? = nil) throws -> Explanation {
    try read { db in
      let planner = try planner(db, question, bound ?? Planner.bound)
      let planned = try planner.plan()
      let statement = try db.makeStatement(sql: "EXPLAIN QUERY PLAN \(planned.sql)")
      let steps = try Row.fetchAll(statement, arguments: planner.draft.arguments(of: statement))
      let used = Set(planned.sql.matches(of: /:(at|p\d+)\b/).map { String($0.1) })
      let parameters = planner.draft.parameters.filter { used.contains($0.key) }
        .sorted { ($0.key.count, $0.key) < ($1.key.count, $1.key) }
        .map { (name: ":\($0.key)", value: $0.value.description) }
      return Explanation(sql: planned.sql, parameters: parameters, steps: steps.map { $0["detail"] })
    }
  }

  private func planner(_ db: Database, _ question: Question, _ bound: Int) throws -> Planner {
    let planner = Planner(db, question, at: milliseconds(question.at ?? Date()), bound: bound)
    for filter in question.filters + question.not { try checkNames(db, planner.makers, filter) }
    return planner
  }
}

extension Answer {
  init(_ row: Row, _ shape: Shape) {
    values = [:]
    confidence = Double(row[1] as Int64) / Double(Rank.unit)
    origin = row[2]
    for (index, column) in shape.columns.enumerated() {
      switch column.form {
      case .text: if let text = row[index + 3] as String? { values[column.key] = .text(text) }
      case .number: if let number = row[index + 3] as Int64? { values[column.key] = .number(number) }
      case .time:
        if let time = row[index + 3] as Int64? {
          values[column.key] = .time(Date(timeIntervalSince1970: Double(time) / 1000))
        }
      }
    }
    path = (shape.columns.count + 3..<row.count).compactMap { row[$0] as String? }
  }
}

extension Draft.Value: CustomStringConvertible {
  var description: String {
    switch self {
    case .text(let text): "'\(text.replacing("'", with: "''"))'"
    case .number(let number): "\(number)"
    case .real(let real): "\(real)"
    case .bytes(let bytes): "X'\(bytes.map { String(format: "%02x", $0) }.joined())'"
    }
  }
}
