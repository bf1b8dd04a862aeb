package import Foundation
internal import GRDB
internal import Inventory

/// One step of a way between two things, and what it rests on.
package struct Step: Sendable {
  package struct Claim: Sendable {
    package var origin: Int
    package var confidence: Double
    package var rule: String
    package var ruleVersion: Int
    /// The event's id and who reported it, where an event said so.
    package var event: String?
    package var reporter: String?
    package var at: Date?
    /// The scan, where one showed it, and the evidence as JSON.
    package var inventory: Int64?
    package var evidence: String?
  }

  package var from: String
  package var to: String
  package var validFrom: Date?
  package var validTo: Date?
  package var origin: Int
  package var confidence: Double
  /// Empty where the signature of a build said so, and nothing else is needed.
  package var claims: [Claim]
}

/// A way from one thing to the other, the surest first.
package struct Way: Sendable {
  package var confidence: Double
  package var origin: Int
  package var steps: [Step]
}

extension Catalog {
  /// The ways along which two things are joined, in whichever order they are named, up to `limit` of them; each link with
  /// all its claims, and the events and evidence behind them.
  package func why(_ one: String, _ other: String, at time: Date? = nil, limit: Int = 10) throws -> [Way] {
    try read { db in
      let planner = Planner(db, Question(.hosts), at: milliseconds(time ?? Date()), bound: .max)
      let named = NamedThings(db: db, makers: planner.makers)
      var (from, to) = (try named.find(one), try named.find(other))
      if from.level > to.level { (from, to) = (to, from) }
      if from.level == to.level { return try descent(db, planner, from.condition, to.condition, limit) }
      return try walks(db, planner, from, to, limit).map { try way(db, $0) }
    }
  }

  private typealias Found = (level: Level, condition: Condition)
  /// The numbers along a way, with that of the link to each where there is one.
  private typealias Trace = (rank: Int64, levels: [Level], ids: [Int64], links: [Int64?])

  private func walks(
    _ db: Database, _ planner: Planner, _ from: Found, _ to: Found, _ limit: Int
  ) throws -> [Trace] {
    // What leads to the far end is found first, so that no other way is walked.
    var side = Side(
      chain: Chain(conditions: [to.level: [to.condition]], reaches: [from.level, to.level]),
      nodes: Chain.nodes(from: to.level, to: from.level))
    try planner.walk(&side, whole: true)
    let levels = from.level.levels(to: to.level)
    let selects = Walk.all(from: "s.id", levels) { level, id in
      side.states[level].map { ["+\(id) IN (SELECT id FROM \($0))"] } ?? []
    }.map { walk in
      let ids = levels.compactMap { walk.ids[$0] }
      let hops = zip(ids.dropFirst(), levels.dropFirst()).map { id, _ in
        walk.links.first { id.hasPrefix("\($0).") }.map { "\($0).id" } ?? "NULL"
      }
      let rank = Rank.extended("\(Rank.best)", walk.links, next: "0")
      return """
        SELECT \(rank) AS rank, \((ids + hops).joined(separator: ", "))
        FROM \(walk.joined(behind: "(\(from.condition.select)) s")) WHERE \(walk.conditions.joined(separator: " AND "))
        """
    }
    let sql = planner.draft.statement(
      "SELECT * FROM (\(selects.joined(separator: " UNION ALL "))) x ORDER BY rank DESC LIMIT \(limit)")
    let statement = try db.makeStatement(sql: sql)
    return try Row.fetchAll(statement, arguments: planner.draft.arguments(of: statement)).map { row in
      let ids = levels.indices.map { row[$0 + 1] as Int64 }
      let links = levels.indices.dropFirst().map { row[levels.count + $0] as Int64? }
      return (row[0], levels, ids, Array(links))
    }
  }

  /// From an image to an image that it comes from, over any number of steps, whichever of the two is named first.
  private func descent(
    _ db: Database, _ planner: Planner, _ one: Condition, _ other: Condition, _ limit: Int
  ) throws -> [Way] {
    guard one.level == .image else { return [] }
    for (child, parent) in [(one, other), (other, one)] {
      let sql = planner.draft.statement(
        """
        SELECT * FROM (WITH RECURSIVE up (id, origin, evidence, links) AS (
        SELECT id, 2, '', '' FROM (\(child.select)) x UNION ALL SELECT l.to_id, \(Dialect.least("up.origin", "3 - l.origin")),
        \(Evidence.merged(["up.evidence", Evidence.of("l")])), up.links || l.id || ' ' FROM up CROSS JOIN link l
        CROSS JOIN image i WHERE l.from_id = up.id AND l.valid_from <= :at AND :at < l.valid_to AND i.thing_id = l.to_id
        AND ' ' || up.links NOT LIKE '% ' || l.id || ' %' LIMIT 10000)
        SELECT links, origin, \(Evidence.score("evidence")) AS score FROM up
        WHERE links <> '' AND \(parent.test("up.id")) ORDER BY score DESC, origin DESC, length(links) LIMIT \(limit)) x
        """)
      let statement = try db.makeStatement(sql: sql)
      let ways = try Row.fetchAll(statement, arguments: planner.draft.arguments(of: statement)).map { row in
        let links = (row[0] as String).split(separator: " ").compactMap { Int64($0) }
        return Way(
          confidence: Double(row[2] as Int64) / Double(Rank.unit), origin: 3 - Int(row[1] as Int64),
          steps: try links.compactMap { try step(db, link: $0) })
      }
      if !ways.isEmpty { return ways }
    }
    return []
  }

  private func way(_ db: Database, _ trace: Trace) throws -> Way {
    let steps = try trace.links.indices.map { index in
      if let link = trace.links[index], let step = try step(db, link: link) { return step }
      let (from, to) = (trace.ids[index], trace.ids[index + 1])
      return Step(
        from: try label(db, from), to: try label(db, to), origin: 1, confidence: 1, claims: [])
    }
    return Way(confidence: Rank.confidence(of: trace.rank), origin: Int(Rank.origin(of: trace.rank)), steps: steps)
  }

  private func step(_ db: Database, link: Int64) throws -> Step? {
    guard let row = try Row.fetchOne(db, sql: "SELECT * FROM link WHERE id = ?", arguments: [link]) else { return nil }
    let claims = try Row.fetchAll(
      db,
      sql: """
        SELECT c.origin, c.confidence, c.rule, c.rule_version, e.id, e.reporter, coalesce(e.at, v.received),
        c.inventory_id, coalesce(c.evidence, s.evidence) FROM claim c LEFT JOIN event e ON e.seq = c.event_seq
        LEFT JOIN inventory v ON v.id = c.inventory_id LEFT JOIN sighting s ON s.id = c.sighting_id
        WHERE c.link_id = ? ORDER BY c.origin, c.confidence DESC, c.id
        """, arguments: [link])
    let (from, to): (Int64, Int64) = (row["valid_from"], row["valid_to"])
    return Step(
      from: try label(db, row["from_id"]), to: try label(db, row["to_id"]), validFrom: from == 0 ? nil : date(from),
      validTo: to == Dialect.forever ? nil : date(to), origin: row["origin"], confidence: row["confidence"],
      claims: claims.map { claim in
        Step.Claim(
          origin: claim[0], confidence: claim[1], rule: claim[2], ruleVersion: claim[3], event: claim[4],
          reporter: claim[5], at: (claim[6] as Int64?).map(date), inventory: claim[7], evidence: claim[8])
      })
  }

  private func label(_ db: Database, _ id: Int64) throws -> String {
    let kind = try String.fetchOne(db, sql: "SELECT kind FROM thing WHERE id = ?", arguments: [id]) ?? ""
    guard let level = Level.allCases.first(where: { "\($0)" == kind }) else { return kind }
    return try String.fetchOne(db, sql: "SELECT \(level.label("\(id)"))") ?? kind
  }

  private func date(_ milliseconds: Int64) -> Date { Date(timeIntervalSince1970: Double(milliseconds) / 1000) }
}
