package import Foundation
internal import GRDB
internal import Inventory

extension Catalog {
  /// What all of the set have (without a set to compare with), or what separates the two sets, the likely cause first.
  ///
  /// Each source is tested as a whole and by each of its revisions, an application as a whole and by each release: a
  /// change is the cause where a revision separates better than its source.
  package func common(_ comparison: Comparison, at time: Date? = nil) throws -> [Shared] {
    try read { db in
      // All is read once and in order: pages need not be kept.
      let cache = try Int.fetchOne(db, sql: "PRAGMA cache_size") ?? 0
      try db.execute(sql: "PRAGMA cache_size = -16384")
      defer { try? db.execute(sql: "PRAGMA cache_size = \(cache)") }
      let planner = Planner(db, Question(.hosts), at: milliseconds(time ?? Date()), bound: .max)
      let of = try members(db, planner, comparison.of)
      var against = try members(db, planner, comparison.against)
      // A pattern for the others may fit the set itself.
      against.ids.removeAll { of.ids.contains($0) }
      guard against.ids.isEmpty == comparison.against.values.isEmpty else {
        throw Problem(
          code: "usage", operation: "compare", subject: comparison.against.values.joined(separator: " "),
          reason: "there are no others beside the set itself")
      }
      var gathering = Gathering(db, planner.draft, first: of.ids.count, all: of.ids.count + against.ids.count)
      let things = try gathering.things(of: of.ids + against.ids, of.level, comparison.subject.level)
      let tested = try comparison.subject.tested(db, planner.draft, things, &gathering)
        .map { ($0, gathering.sets.count($0.having.owners)) }
      let shared = separating(tested, of: of.ids.count, others: against.ids.count)
      return ranked(try comparison.subject.named(db, planner.draft, shared), comparison)
    }
  }

  private typealias Members = (ids: [Int64], level: Level)

  /// The numbers of the things that are named; each must be known.
  private func members(_ db: Database, _ planner: Planner, _ filter: Filter) throws -> Members {
    let level = planner.makers.levels(filter)[0]
    if filter.values.isEmpty { return ([], level) }
    guard !filter.values.contains("*"), let condition = try planner.makers.condition(filter) else {
      throw Problem(code: "usage", operation: "compare", subject: "*", reason: "name things, not all of them")
    }
    let names =
      switch level {
      case .host: ["e.name"]
      case .vm: ["e.uuid", "e.name"]
      default: ["t.key", "e.name", "e.path", "e.host || ':' || e.path"]
      }
    let sql = planner.draft.statement(
      """
      SELECT e.thing_id, \(names.joined(separator: ", ")) FROM (\(condition.select)) s
      CROSS JOIN \(level.table) e ON e.thing_id = s.id CROSS JOIN thing t ON t.id = s.id
      """)
    var ids: Set<Int64> = []
    var known: Set<String> = []
    let statement = try db.makeStatement(sql: sql)
    try statement.each(planner.draft.arguments(of: statement)) { row in
      ids.insert(row.integer(0))
      for column in names.indices { row.text(Int32(column) + 1).map { _ = known.insert($0) } }
    }
    for value in filter.values where !known.contains(value) {
      try checkNames(db, planner.makers, Filter(filter.kind, value))
    }
    return (ids.sorted(), level)
  }

  /// Without others: what all have. With others: what the set has more often.
  private func separating(
    _ tested: [(thing: TestedThing, count: (of: Int, others: Int))], of: Int, others: Int
  ) -> [(thing: TestedThing, shared: Shared)] {
    func shared(_ index: Int) -> (thing: TestedThing, shared: Shared) {
      let (thing, count) = tested[index]
      return (
        thing,
        Shared(
          name: "", isAny: thing.isAny, having: count.of, of: of, othersHaving: count.others, others: others,
          confidence: thing.having.confidence)
      )
    }
    if others == 0 { return tested.indices.filter { tested[$0].count.of == of }.map(shared) }
    // Most counts come again and again.
    var known: [Int: Double] = [:]
    let values = tested.map { _, count in
      let key = count.of * (others + 1) + count.others
      if let value = known[key] { return value }
      let value = Fisher.pValue(count.of, of - count.of, count.others, others - count.others)
      known[key] = value
      return value
    }
    let corrected = Fisher.corrected(values)
    return tested.indices.compactMap { index in
      let count = tested[index].count
      let lift = Fisher.lift(count.of, of - count.of, count.others, others - count.others)
      guard count.of > 0, lift > 1 else { return nil }
      var (thing, shared) = shared(index)
      (shared.lift, shared.p, shared.corrected) = (lift, values[index], corrected[index])
      return (thing, shared)
    }
  }

  /// Without others by name. With others by the corrected p-value, then lift; of equals the finer first.
  private func ranked(_ shared: [Shared], _ comparison: Comparison) -> [Shared] {
    guard !comparison.against.values.isEmpty else {
      return shared.sorted {
        ($0.name, $0.isAny ? 0 : 1, $0.detail ?? "") < ($1.name, $1.isAny ? 0 : 1, $1.detail ?? "")
      }
    }
    return shared.sorted { one, other in
      let (p, q) = (one.corrected ?? 1, other.corrected ?? 1)
      if p != q { return p < q }
      if one.lift != other.lift { return (one.lift ?? 0) > (other.lift ?? 0) }
      if one.isAny != other.isAny { return !one.isAny }
      return (one.name, one.detail ?? "") < (other.name, other.detail ?? "")
    }
  }
}
