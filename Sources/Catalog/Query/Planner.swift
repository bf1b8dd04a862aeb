internal import GRDB

/// Decides how a question is walked, and writes its statement.
///
/// Each filter is walked from its own end towards the asked things as long as few things are reached (`bound`, counted
/// beforehand): level by level, each thing once, with its best rank. Where there are more, the rest of the way is walked
/// for the first answers only.
struct Planner {
  let db: Database
  let question: Question
  let draft: Draft
  let makers: Conditions
  /// How many steps may be walked beforehand as far as images or builds; an eighth of it beyond, where the first answers
  /// are soon found step by step.
  let bound: Int
  static let bound = 8_000

  var near: Level { question.entity.level }

  init(_ db: Database, _ question: Question, at: Int64, bound: Int) {
    self.db = db
    self.question = question
    self.bound = bound
    draft = Draft(at: at)
    makers = Conditions(draft: draft, entity: question.entity, at: at, within: question.within)
  }

  /// For a question that is part of another.
  init(_ other: Planner, _ question: Question) {
    (db, bound, draft, self.question) = (other.db, other.bound, other.draft, question)
    makers = Conditions(draft: draft, entity: question.entity, at: other.makers.at, within: question.within)
  }

  /// The select of a level's things with which its side begins.
  func beginning(_ chain: Chain, _ level: Level) -> String {
    let conditions = chain.conditions[level] ?? []
    let first = conditions.first { $0.isNamed } ?? conditions.first
    guard let first else { return "SELECT x.thing_id AS id, \(chain.certain) FROM \(level.table) x" }
    let others = conditions.filter { $0.select != first.select }.map { $0.test("s.id") }
    let filter = others.isEmpty ? "" : " WHERE \(others.joined(separator: " AND "))"
    return known(chain, level, "SELECT s.id, \(chain.certain) FROM (\(first.select)) s\(filter)")
  }

  /// Things of a level, of which (id, rank, evidence) are selected, with what it rests on that they fit.
  func known(_ chain: Chain, _ level: Level, _ select: String) -> String {
    let ranked = chain.ranked(level)
    if ranked.isEmpty || level == near { return select }
    let names = ["b"] + ranked.indices.map { "d\($0)" }
    let joins = ranked.enumerated().map { " JOIN \($1) d\($0) ON d\($0).id = b.id" }.joined()
    return Rank.weighed(
      """
      SELECT b.id, \(Rank.origin(ranks: names.map { "\($0).rank" }, links: [])) AS origin, b.rank % \(Rank.shift) AS next,
      \(Evidence.merged(names.map { "\($0).evidence" })) AS evidence FROM (\(select)) b\(joins)
      """)
  }

  /// The columns of a step from `s`, whose rows say how good it is there, to the thing `id`.
  func columns(_ chain: Chain, _ id: String, _ links: [String]) -> String {
    if !chain.isWeighed { return "\(id) AS id, \(Rank.extended("s.rank", links, next: "s.id")) AS rank" }
    return """
      \(id) AS id, \(Rank.origin(ranks: ["s.rank"], links: links)) AS origin, s.id AS next,
      \(Evidence.merged(["s.evidence"] + links.map(Evidence.of))) AS evidence
      """
  }

  /// Each thing once, by its best path; or with each evidence.
  func best(_ chain: Chain, _ level: Level, _ rows: String) -> String {
    if !chain.isWeighed { return "SELECT id, max(rank) AS rank FROM (\(rows)) x GROUP BY id" }
    return known(chain, level, Rank.weighed(rows))
  }

  /// The steps from a table to the next level, before they are put together.
  private func steps(_ state: String, _ one: Level, to other: Level, _ chain: Chain) -> String {
    let test = { (level: Level, id: String) in level == near ? [] : chain.tests(level, id) }
    return Walk.all(from: "s.id", one.levels(to: other), since: chain.since, test: test).map { walk in
      """
      SELECT \(columns(chain, walk.id, walk.links))
      FROM \(walk.joined(behind: "\(state) s")) WHERE \(walk.conditions.joined(separator: " AND "))
      """
    }.joined(separator: " UNION ALL ")
  }

  /// Walks a side from its end while it stays within the bound; to the end where `whole` is wanted.
  func walk(_ side: inout Side, whole: Bool) throws {
    if whole {
      for level in side.ahead { step(&side, to: level) }
      return
    }
    // What each step would come to, none of them walked further than is asked.
    var (trial, counts) = (side, [String]())
    for level in side.ahead {
      let isNearEnd = side.isRight ? level >= .build : level <= .image
      let bound = isNearEnd ? bound : bound / 8
      let steps = draft.table("steps", "\(select(trial, to: level)) LIMIT \(bound + 1)")
      counts.append("(SELECT count(*) <= \(bound) FROM \(steps))")
      // Beyond too many nothing is counted.
      let reached = "SELECT DISTINCT id, \(side.chain.certain) FROM \(steps) WHERE \(counts[counts.count - 1])"
      trial.states[level] = draft.table("\(level)s", reached)
      trial.last = level
    }
    if counts.isEmpty { return }
    let statement = try db.makeStatement(sql: draft.statement("SELECT \(counts.joined(separator: ", "))"))
    let isFew = try Row.fetchOne(statement, arguments: draft.arguments(of: statement))
    for (index, level) in side.ahead.enumerated() {
      guard isFew?[index] == true else { return }
      step(&side, to: level)
    }
  }

  /// The steps from where a side has come to, or its beginning.
  func select(_ side: Side, to level: Level) -> String {
    guard let last = side.last, let state = side.states[last] else { return beginning(side.chain, level) }
    return steps(state, last, to: level, side.chain)
  }

  private func step(_ side: inout Side, to level: Level) {
    let select = select(side, to: level)
    side.states[level] = draft.table("\(level)s", side.last == nil ? select : best(side.chain, level, select))
    side.last = level
  }

  func isFew(_ select: String) throws -> Bool {
    let sql = draft.statement("SELECT count(*) FROM (SELECT 1 FROM (\(select)) x LIMIT \(bound + 1)) y")
    let statement = try db.makeStatement(sql: sql)
    return try (Int.fetchOne(statement, arguments: draft.arguments(of: statement)) ?? 0) <= bound
  }

  /// What the filter alone would find is taken away.
  func excluded(_ filter: Filter) throws -> ((String) -> String)? {
    if filter.kind == .origin || filter.kind == .minConfidence { return nil }
    guard let chain = try Chain.chains([filter], makers).first else { return nil }
    let sides = try sides(of: chain)
    let own = chain.conditions[near] ?? []
    let isNear = makers.levels(filter).contains(near)
    return { id in
      let tests =
        (isNear ? own.map { $0.test(id) } : [])
        + sides.map { side in
          side.isWhole ? "+\(id) IN (SELECT id FROM \(side.states[near] ?? ""))" : side.exists(from: near, id)
        }
      return tests.isEmpty ? "1 = 0" : "NOT (\(tests.joined(separator: " AND ")))"
    }
  }

  /// The sides of a chain, walked as far as is cheap.
  func sides(of chain: Chain) throws -> [Side] {
    try chain.ends(near: near).map { end in
      var side = Side(chain: chain, nodes: Chain.nodes(from: end, to: near))
      try walk(&side, whole: false)
      if !side.isWhole { meet(&side) }
      return side
    }
  }

  /// Where an open side is met. What is next to few builds or images is found once; where many things lie on both sides of
  /// the image or the build, its few rows are tested once.
  private func meet(_ side: inout Side) {
    side.meeting = nearby(side)
    let (middle, end): (Level, Level) = near >= .artifact ? (.build, .image) : (.image, .artifact)
    let reached = side.last ?? side.nodes[0]
    guard side.meeting == nil, near >= .artifact ? reached <= end : near <= .vm && reached >= end else { return }
    let select = "SELECT o.thing_id AS id, \(Rank.best) AS rank FROM \(middle.table) o WHERE "
    side.meeting = (middle, draft.table("meeting", select + side.exists(from: middle, "o.thing_id")))
  }

  /// The releases of the builds that a side has come to, or the builds in its images.
  private func nearby(_ side: Side) -> (level: Level, table: String)? {
    guard let last = side.last, last == (side.isRight ? .build : .image), let state = side.states[last],
      side.isRight ? near <= .image : near >= .build
    else { return nil }
    let levels: [Level] = side.isRight ? [.build, .release] : [.image, .release, .build]
    let rank = side.isSure ? ["s.rank >= \(Rank.best)"] : []
    let arms = Walk.all(
      from: "s.id", levels, since: side.chain.since, isSure: side.isSure,
      test: { $0 == near ? [] : side.chain.tests($0, $1) }
    ).map { $0.arrivals(behind: state, rank) }
    let found = "SELECT id, \(Rank.best) AS rank FROM (\(arms.joined(separator: " UNION "))) x"
    return (levels[levels.count - 1], draft.table("nearby", found))
  }

  /// The same side, of which only what is certain counts. Few things are asked, so no table is read whole for them.
  func sure(_ side: Side) -> Side {
    var sure = side
    sure.isSure = true
    sure.meeting = nil
    if question.limit == nil { meet(&sure) } else { sure.meeting = nearby(sure) }
    return sure
  }
}
