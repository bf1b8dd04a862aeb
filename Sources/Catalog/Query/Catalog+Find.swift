internal import Foundation
internal import GRDB
internal import Inventory

extension Catalog {
  /// What is found, most certain first where no order is asked for. Throws a `Problem` with code `unknown-name` where a
  /// filter names what the catalog does not know.
  /// `bound`: how many steps are walked from each filter before the rest is walked for the first answers only.
  package func find(_ question: Question, bound: Int? = nil) throws -> [Answer] {
    try read { db in
      let planner = planner(db, question, bound)
      try check(question.not, planner)
      if let head = try head(planner) { return head.answers }
      let answers = try self.answers(planner.plan(), planner)
      // What nobody knows is found nowhere.
      if answers.isEmpty { try check(question.filters, planner) }
      return answers
    }
  }

  /// The answers to the statement about the first things; nil where it does not give as many certain ones as are wanted.
  private func head(_ planner: Planner) throws -> (planned: Planned, answers: [Answer])? {
    guard let planned = try planner.planHead() else { return nil }
    let answers = try answers(planned, planner)
    return answers.count == planner.question.limit && answers.allSatisfy(\.isCertain) ? (planned, answers) : nil
  }

  private func answers(_ planned: Planned, _ planner: Planner) throws -> [Answer] {
    let statement = try planner.db.makeStatement(sql: planned.sql)
    let rows = try Row.fetchCursor(statement, arguments: planner.draft.arguments(of: statement))
    var answers: [Answer] = []
    while let row = try rows.next() { answers.append(Answer(row, planner.question.entity.shape)) }
    return answers
  }

  /// How many would be found without a limit.
  package func count(_ question: Question) throws -> Int {
    try read { db in
      let planner = planner(db, question)
      try check(question.filters + question.not, planner)
      let statement = try db.makeStatement(sql: planner.plan(counted: true).sql)
      return try Int.fetchOne(statement, arguments: planner.draft.arguments(of: statement)) ?? 0
    }
  }

  /// The statement that answers the question.
  package func explain(_ question: Question, bound: Int? = nil) throws -> Explanation {
    try read { db in
      let planner = planner(db, question, bound)
      try check(question.filters + question.not, planner)
      let planned = try head(planner)?.planned ?? planner.plan()
      let statement = try db.makeStatement(sql: "EXPLAIN QUERY PLAN \(planned.sql)")
      let steps = try Row.fetchAll(statement, arguments: planner.draft.arguments(of: statement))
      let used = Set(planned.sql.matches(of: /:(at|p\d+)\b/).map { String($0.1) })
      let parameters = planner.draft.parameters.filter { used.contains($0.key) }
        .sorted { ($0.key.count, $0.key) < ($1.key.count, $1.key) }
        .map { (name: ":\($0.key)", value: $0.value.description) }
      return Explanation(sql: planned.sql, parameters: parameters, steps: steps.map { $0["detail"] })
    }
  }

  private func planner(_ db: Database, _ question: Question, _ bound: Int? = nil) -> Planner {
    Planner(db, question, at: milliseconds(question.at ?? Date()), bound: bound ?? Planner.bound)
  }

  private func check(_ filters: [Filter], _ planner: Planner) throws {
    for filter in filters { try checkNames(planner.db, planner.makers, filter) }
  }
}

extension Answer {
  /// Whether none can be better.
  fileprivate var isCertain: Bool { confidence == 1 && origin == 1 }

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
