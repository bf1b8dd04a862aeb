internal import GRDB
internal import Inventory

/// The statement as it is run.
struct Planned {
  var sql: String
  /// The levels of the path that its last columns give, from the answer on.
  var path: [Level]
}

extension Planner {
  /// Writes the statement. `counted`: how many there are, instead of what they are.
  func plan(counted: Bool = false) throws -> Planned {
    var chains = try Chain.chains(question.filters, makers)
    if chains.isEmpty, near == .release, ranks(question.filters).count + ranks(question.not).count > 0 {
      // How sure is it that such a release is anywhere?
      chains = [Chain(reaches: [.image, .release])]
    }
    Chain.weigh(&chains, near: near)
    let ranked = chains.flatMap { $0.ranked(near) }
    var sides = try chains.flatMap { try self.sides(of: $0) }
    let own = try chains.flatMap { $0.conditions[near] ?? [] }.map { condition in
      var condition = condition
      condition.isNamed = try condition.isNamed || !sides.isEmpty && isFew(condition.select)
      return condition
    }
    var nots = try question.not.compactMap { try excluded($0) }
    let isFirst = isFirst && !counted
    if let uncertain = uncertain(sides) {
      nots.append(uncertain)
    } else if !isFirst, !sides.contains(where: \.isWhole), !own.contains(where: \.isNamed) {
      for index in sides.indices {
        sides[index].meeting = nil
        try walk(&sides[index], whole: true)
      }
    }
    let found = try base(sides, own, nots)
    let limit = isFirst ? question.limit : nil
    let isWeighed = chains.contains(where: \.isWeighed)
    let answers: String
    if sides.allSatisfy(\.isWhole), !isWeighed {
      let order = sides.isEmpty || limit == nil ? "" : " ORDER BY rank DESC"
      answers = draft.table(
        "answers",
        "SELECT \(found.id) AS id, \(Rank.combined(found.ranks.reversed())) AS rank \(found.from)\(order)\(limited(limit))"
      )
    } else {
      let isWhole = sides.allSatisfy(\.isWhole)
      let chosen = choose(&sides, found, isWhole ? nil : limit)
      let tables = sides.map { $0.states[near] ?? "" } + ranked
      let select = isWeighed ? together(tables, chosen) : joined(tables, chosen)
      let order = isWhole && limit != nil ? " ORDER BY rank DESC\(limited(limit))" : ""
      answers = draft.table("answers", select + order)
    }
    return try present(answers, sides, counted: counted)
  }

  /// Whether only the first answers are wanted, whichever they are.
  private var isFirst: Bool {
    question.limit != nil && question.order == nil && question.entity != .applications && question.entity != .files
      && ranks(question.filters + question.not).isEmpty
  }

  /// A statement that looks at the first things of the question's one side only: where all the answers that are wanted are
  /// certain, there are none better. Nil where it could not give them.
  func planHead() throws -> Planned? {
    guard isFirst, question.not.isEmpty, let wanted = question.limit else { return nil }
    var chains = try Chain.chains(question.filters, makers)
    Chain.weigh(&chains, near: near)
    guard chains.count == 1, let chain = chains.first, !chain.isWeighed, chain.ends(near: near).count == 1,
      let head = head(of: Side(chain: chain, nodes: Chain.nodes(from: chain.ends(near: near)[0], to: near)), wanted)
    else { return nil }
    let found = try base([head], chain.conditions[near] ?? [], [])
    let select = "SELECT \(found.id) AS id, s0.rank AS rank \(found.from) ORDER BY rank DESC LIMIT \(wanted)"
    return try present(draft.table("answers", select), [head], counted: false)
  }

  /// Where what is captured is not wanted: that something certain leads to a release shows sooner than what leads to it best.
  private func uncertain(_ sides: [Side]) -> ((String) -> String)? {
    let isUnwanted =
      question.filters.contains { $0.kind == .origin && $0.values != ["captured"] }
      || question.not.contains { $0.kind == .origin && $0.values == ["captured"] }
    guard isUnwanted, near == .release, sides.count == 1, let side = sides.first, side.isOpenToDoubt,
      !side.chain.hasRanked
    else { return nil }
    let leads = sure(side).exists(from: near, "o.thing_id")
    let certain = draft.table(
      "certain", "SELECT o.thing_id AS id, o.name FROM application_release o WHERE \(leads)")
    if question.entity == .releases { return { "+\($0) NOT IN (SELECT id FROM \(certain))" } }
    return { id in
      """
      (SELECT r.name FROM application_release r WHERE r.thing_id = \(id)) NOT IN (SELECT name FROM \(certain))
      """
    }
  }

  /// The first things that are found, with their ranks by the open sides.
  private func choose(_ sides: inout [Side], _ found: Base, _ limit: Int?) -> String {
    let distinct = sides.contains { $0.chain.isWeighed } ? "DISTINCT " : ""
    let chosen = draft.table("chosen", "SELECT \(distinct)\(found.id) AS id \(found.from)\(limited(limit))")
    for index in sides.indices where !sides[index].isWhole { rank(&sides[index], chosen) }
    return chosen
  }

  private func limited(_ limit: Int?) -> String { limit.map { " LIMIT \($0)" } ?? "" }

  /// What the chosen things rest on: in each table they have one row.
  private func joined(_ tables: [String], _ chosen: String) -> String {
    let joins = tables.enumerated().map { " JOIN \($1) s\($0) ON s\($0).id = c.id" }.joined()
    return
      "SELECT c.id, \(Rank.combined(tables.indices.reversed().map { "s\($0).rank" })) AS rank FROM \(chosen) c\(joins)"
  }

  /// The best of all that the chosen things rest on together: one row of each table.
  private func together(_ tables: [String], _ chosen: String) -> String {
    let all = tables.enumerated().map { "SELECT id, \($0) AS side, rank, evidence FROM \($1)" }
    return """
      SELECT id, \(Evidence.best("side", "rank", "evidence")) AS rank FROM (\(all.joined(separator: " UNION ALL "))) u
      WHERE +id IN (SELECT id FROM \(chosen)) GROUP BY id
      """
  }

  /// Selects the numbers of all that is found.
  private func numbers() throws -> String {
    let chains = try Chain.chains(question.filters, makers)
    var sides = try chains.flatMap { try self.sides(of: $0) }
    for index in sides.indices { try walk(&sides[index], whole: true) }
    let found = try base(sides, chains.flatMap { $0.conditions[near] ?? [] }, [])
    return "SELECT \(found.id) AS id \(found.from)"
  }

  private struct Base {
    /// FROM and WHERE.
    var from: String
    var id: String
    var ranks: [String]
  }

  /// Where the asked things come from, with all that must hold of them, and what gives their rank.
  private func base(_ sides: [Side], _ own: [Condition], _ nots: [(String) -> String]) throws -> Base {
    let (whole, open) = (sides.filter(\.isWhole), sides.filter { !$0.isWhole })
    let ranks = whole.indices.map { "s\($0).rank" }
    var rest = open
    // Such tables have several rows a thing: beside the first they are only asked whether it is there.
    let isWeighed = whole.contains { $0.chain.isWeighed }
    var from = whole.prefix(isWeighed ? 1 : .max).enumerated().map { index, side in
      "\(side.states[near] ?? "") s\(index)" + (index > 0 ? " ON s\(index).id = s0.id" : "")
    }.joined(separator: " JOIN ")
    var id = "s0.id"
    var used: Int?
    if from.isEmpty {
      used = own.firstIndex { $0.isNamed }
      if used == nil, open.isEmpty { used = own.indices.first }
      if let used {
        (from, id) = ("(\(own[used].select)) o", "o.id")
      } else if let first = open.first, !first.isAnywhere {
        (from, id) = ("\(draft.table("streamed", try stream(first), kept: false)) o", "o.id")
        rest.removeFirst()
      } else {
        // No test has an alias of this name of its own.
        (from, id) = ("\(near.table) o", "o.thing_id")
      }
    }
    let tests = own.enumerated().filter { $0.offset != used }.map { $0.element.test(id) }
    let others = whole.dropFirst(isWeighed ? 1 : .max).map { "+\(id) IN (SELECT id FROM \($0.states[near] ?? ""))" }
    let all = tests + others + rest.map { $0.exists(from: near, id) } + nots.map { $0(id) } + life(id)
    return Base(from: "FROM \(from) WHERE \((["1 = 1"] + all).joined(separator: " AND "))", id: id, ranks: ranks)
  }

  private func life(_ id: String) -> [String] {
    guard near.hasLife else { return [] }
    return ["EXISTS (SELECT 1 FROM life v WHERE v.thing_id = \(id) AND v.valid_from <= :at AND :at < v.valid_to)"]
  }

  private func ranks(_ filters: [Filter]) -> [Filter] {
    filters.filter { $0.kind == .origin || $0.kind == .minConfidence }
  }

  /// What is asked of the confidence and the origin of an answer.
  private func rankTests(_ rank: String) throws -> [String] {
    func test(_ filter: Filter) throws -> String {
      let value = filter.values.first ?? ""
      func wrong(_ reason: String) -> Problem {
        Problem(code: "usage", operation: "ask", subject: "\(filter.kind.rawValue) \(value)", reason: reason)
      }
      if filter.kind == .minConfidence {
        guard let least = Double(value), (0...1).contains(least) else { throw wrong("give a number from 0 to 1") }
        return Rank.atLeast(rank, confidence: draft.bind(.real(least)))
      }
      guard let origin = ["captured", "declared", "inferred"].firstIndex(of: value) else {
        throw wrong("give captured, declared or inferred")
      }
      return Rank.isOrigin(rank, draft.bind(.number(Int64(origin) + 1)))
    }
    return try ranks(question.filters).map { try test($0) } + ranks(question.not).map { "NOT (\(try test($0)))" }
  }

  /// The columns of the answers: number, rank, those of the entity, the labels of the best path.
  private func present(_ answers: String, _ sides: [Side], counted: Bool) throws -> Planned {
    var shape = question.entity.shape
    if question.entity == .files {
      shape.tests = question.filters.filter { $0.kind == .file }.map { filter in
        "(\(filter.values.map { fileTest(draft, $0) }.joined(separator: " OR ")))"
      }
      let built = question.filters.filter { filter in makers.levels(filter).contains { $0 >= .release } }
      if !built.isEmpty {
        let artifacts = try Planner(self, Question(.artifacts, built, within: question.within)).numbers()
        shape.tests.append(Entity.fileTest(artifacts: artifacts))
      }
    }
    let grouped = shape.group.map { column in
      draft.table(
        "grouped",
        "SELECT min(a.id) AS id, max(a.rank) AS rank, count(*) AS members FROM \(answers) a JOIN \(shape.tables) GROUP BY \(column)"
      )
    }
    let tests = try rankTests("a.rank") + shape.tests
    let filter = tests.isEmpty ? "" : "\nWHERE \(tests.joined(separator: " AND "))"
    let from = "FROM \(grouped ?? answers) a JOIN \(shape.tables)"
    if counted { return Planned(sql: draft.statement("SELECT count(*) \(from)\(filter)"), path: []) }
    let side = sides.last
    let nodes = Array((side?.nodes ?? []).reversed().dropFirst())
    var joins = ""
    var labels: [String] = []
    var path: [Level] = []
    var next = "a.rank"
    for (index, level) in nodes.enumerated() {
      guard let state = side?.states[level] else { break }
      let best = "(SELECT id, max(rank) AS rank FROM \(state) GROUP BY id)"
      joins +=
        "\nLEFT JOIN \(side?.chain.isWeighed == true ? best : state) n\(index) ON n\(index).id = \(next) % \(Rank.shift)"
      labels.append(level.label("n\(index).id"))
      path.append(level)
      next = "n\(index).rank"
    }
    let columns =
      ["a.id", "a.rank / \(Rank.shift * 4)", "3 - a.rank / \(Rank.shift) % 4"]
      + shape.columns.map(\.sql) + labels
    let limit = question.limit.map { "\nLIMIT \($0)" } ?? ""
    return Planned(
      sql: draft.statement(
        "SELECT \(columns.joined(separator: ", "))\n\(from)\(joins)\(filter)\nORDER BY \(order(shape))\(limit)"),
      path: path)
  }

  private func order(_ shape: Shape) -> String {
    switch question.order {
    case nil, .confidence: "a.rank / \(Rank.shift) DESC, \(shape.name), a.id"
    case .name: "\(shape.name), a.id"
    case .time: "\(shape.time) DESC, \(shape.name), a.id"
    }
  }
}
