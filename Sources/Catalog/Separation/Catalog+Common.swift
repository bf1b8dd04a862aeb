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
      let counts = try counted(db, planner, comparison, of, against)
      return ranked(counts, of: of.ids.count, others: against.ids.count)
    }
  }

  private typealias Members = (ids: [Int64], level: Level)

  /// The numbers of the things that are named; each must be known.
  private func members(_ db: Database, _ planner: Planner, _ filter: Filter) throws -> Members {
    let level = planner.makers.levels(filter)[0]
    var ids: Set<Int64> = []
    for value in filter.values {
      let one = Filter(filter.kind, value)
      try checkNames(db, planner.makers, one)
      guard let condition = try planner.makers.condition(one) else {
        throw Problem(code: "usage", operation: "compare", subject: value, reason: "name things, not all of them")
      }
      let statement = try db.makeStatement(sql: planner.draft.statement(condition.select))
      ids.formUnion(try Int64.fetchAll(statement, arguments: planner.draft.arguments(of: statement)))
    }
    return (ids.sorted(), level)
  }

  /// One statement: for each thing how many of either set have it, and how sure that is on the whole.
  private func counted(
    _ db: Database, _ planner: Planner, _ comparison: Comparison, _ of: Members, _ against: Members
  ) throws -> [Shared] {
    let draft = planner.draft
    let of = draft.bind(json(of.ids.map { "\($0)" })), against = draft.bind(json(against.ids.map { "\($0)" }))
    let level = planner.makers.levels(comparison.of)[0]
    var sets = draft.table(
      "sets",
      """
      SELECT CAST(m.value AS BIGINT) AS owner, CAST(m.value AS BIGINT) AS id, 1.0 AS confidence FROM (\(Dialect.members(of))) m
      UNION ALL SELECT CAST(m.value AS BIGINT), CAST(m.value AS BIGINT), 1.0 FROM (\(Dialect.members(against))) m
      """)
    let nodes = Chain.nodes(from: level, to: comparison.subject.level)
    for (one, other) in zip(nodes, nodes.dropFirst()) {
      let arms = Walk.all(from: "s.id", one.levels(to: other)).map { walk in
        """
        SELECT s.owner, \(walk.id) AS id, s.confidence * \(Rank.confidence(walk.links)) AS confidence
        FROM \(walk.joined(behind: "\(sets) s")) WHERE \(walk.conditions.joined(separator: " AND "))
        """
      }.joined(separator: " UNION ALL ")
      sets = draft.table(
        "sets", "SELECT owner, id, max(confidence) AS confidence FROM (\(arms)) x GROUP BY owner, id")
    }
    let sql = draft.statement(comparison.subject.counting(sets, of))
    let statement = try db.makeStatement(sql: sql)
    return try Row.fetchAll(statement, arguments: draft.arguments(of: statement)).map { row in
      Shared(
        name: row[0], detail: row[1], author: row[2], repository: row[3], application: row[4], isAny: row[5] == 1,
        having: row[6], of: 0, othersHaving: row[7], others: 0, confidence: row[8])
    }
  }

  /// Without others: what all have. With others: what the set has more often, by its corrected p-value, then lift; of
  /// equals the finer first.
  private func ranked(_ counts: [Shared], of: Int, others: Int) -> [Shared] {
    var counts = counts.map { shared in
      var shared = shared
      (shared.of, shared.others) = (of, others)
      return shared
    }
    guard others > 0 else {
      return counts.filter { $0.having == of }.sorted {
        ($0.name, $0.isAny ? 0 : 1, $0.detail ?? "") < ($1.name, $1.isAny ? 0 : 1, $1.detail ?? "")
      }
    }
    let tables = counts.map { ($0.having, of - $0.having, $0.othersHaving, others - $0.othersHaving) }
    let values = tables.map { Fisher.pValue($0.0, $0.1, $0.2, $0.3) }
    let corrected = Fisher.corrected(values)
    for index in counts.indices {
      let (a, b, c, d) = tables[index]
      counts[index].lift = Fisher.lift(a, b, c, d)
      counts[index].p = values[index]
      counts[index].corrected = corrected[index]
    }
    return counts.filter { $0.having > 0 && ($0.lift ?? 0) > 1 }.sorted { one, other in
      let (p, q) = (one.corrected ?? 1, other.corrected ?? 1)
      if p != q { return p < q }
      if one.lift != other.lift { return (one.lift ?? 0) > (other.lift ?? 0) }
      if one.isAny != other.isAny { return !one.isAny }
      return (one.name, one.detail ?? "") < (other.name, other.detail ?? "")
    }
  }
}

extension Comparison.Subject {
  /// Counts owners by thing and, for what has versions, by all of them together. `of`: the parameter with the first set.
  func counting(_ sets: String, _ of: String) -> String {
    let isFirst = "s.owner IN (SELECT CAST(m.value AS BIGINT) FROM (\(Dialect.members(of))) m)"
    let counts = """
      count(DISTINCT CASE WHEN \(isFirst) THEN s.owner END), \
      count(DISTINCT CASE WHEN NOT \(isFirst) THEN s.owner END), max(s.confidence)
      """
    switch self {
    case .applications:
      return """
        SELECT e.name, e.version, NULL, NULL, NULL, 0, \(counts) FROM \(sets) s
        JOIN application_release e ON e.thing_id = s.id GROUP BY e.name, e.version
        UNION ALL SELECT e.name, NULL, NULL, NULL, NULL, 1, \(counts) FROM \(sets) s
        JOIN application_release e ON e.thing_id = s.id GROUP BY e.name
        """
    case .artifacts:
      return """
        SELECT e.path, \(Dialect.hex("e.sha256")), NULL, NULL, r.name, 0, \(counts) FROM \(sets) s
        JOIN artifact e ON e.thing_id = s.id JOIN build b ON b.thing_id = e.build_id
        JOIN application_release r ON r.thing_id = b.release_id GROUP BY e.path, e.sha256, r.name
        """
    case .sources:
      return """
        SELECT e.path, coalesce(r.revision_commit, r.blob), r.author, e.repository, NULL, 0, \(counts) FROM \(sets) s
        JOIN revision r ON r.thing_id = s.id JOIN source e ON e.thing_id = r.source_id
        GROUP BY e.path, e.repository, coalesce(r.revision_commit, r.blob), r.author
        UNION ALL SELECT e.path, NULL, NULL, e.repository, NULL, 1, \(counts) FROM \(sets) s
        JOIN revision r ON r.thing_id = s.id JOIN source e ON e.thing_id = r.source_id GROUP BY e.path, e.repository
        """
    }
  }
}
