/// What is left of a side when its end is near to too many things.
extension Planner {
  /// The asked things that a side leads to, as they are found: each level's things once, and no more than are wanted.
  func stream(_ side: Side) throws -> String {
    let pivot = try pivot(side)
    var select =
      pivot?.select ?? side.last.flatMap { side.states[$0] }.map { "SELECT id FROM \($0)" }
      ?? "SELECT id FROM (\(beginning(side.chain, side.nodes[0]))) b"
    let start = pivot?.level ?? side.last ?? side.nodes[0]
    let nodes = Array(side.nodes.drop { $0 != start })
    for (one, other) in zip(nodes, nodes.dropFirst()) {
      let walks = Walk.all(from: "s.id", one.levels(to: other), since: side.chain.since) { level, id in
        level == near ? [] : side.chain.tests(level, id)
      }
      let streamed = draft.table("streamed", select, kept: false)
      let arms = walks.map { $0.arrivals(behind: streamed) }
      select = "SELECT DISTINCT id FROM (\(arms.joined(separator: " UNION ALL "))) x"
    }
    return select
  }

  /// The same side from a few of its things only, walked to its end with no more steps between two levels than some times
  /// what is wanted; nil where much is wanted. What it leads to for certain is found.
  func head(of side: Side, _ wanted: Int) -> Side? {
    if wanted > 1000 { return nil }
    var head = side
    let start = side.nodes[0]
    head.states[start] = draft.table("\(start)s", "SELECT id, rank FROM (\(beginning(side.chain, start))) b LIMIT 64")
    head.last = start
    for level in head.ahead {
      let steps = "SELECT id, rank FROM (\(select(head, to: level))) y LIMIT \(5 * wanted + 100)"
      head.states[level] = draft.table("\(level)s", best(side.chain, level, steps))
      head.last = level
    }
    return head
  }

  /// Few things on the way, for which a filter holds, are a better beginning than many at its end.
  private func pivot(_ side: Side) throws -> (level: Level, select: String)? {
    for level in side.nodes.drop(while: { $0 != side.last ?? side.nodes[0] }).dropFirst() where level != near {
      for condition in side.chain.conditions[level] ?? [] where try isFew(condition.select) {
        let outside = side.exists(from: level, "p.id")
        let tests = side.chain.tests(level, "p.id") + [outside]
        return (level, "SELECT p.id FROM (\(condition.select)) p WHERE \(tests.joined(separator: " AND "))")
      }
    }
    return nil
  }

  /// Makes the tables of ranks of the found things by an open side: where a certain path leads to one, that is enough; for
  /// the others all are looked at. What lies beyond images and builds is asked for its existence only.
  func rank(_ side: inout Side, _ found: String) {
    let end = side.last ?? side.nodes[0]
    let cut: Level = side.isRight ? min(end, max(near, .build)) : max(end, min(near, .image))
    let nodes = Array(side.nodes.reversed().prefix { side.isRight ? $0 <= cut : $0 >= cut })
    if nodes.count == 1 {
      side.states[near] = draft.table("\(near)s", "SELECT t.id, \(side.chain.certain) FROM \(found) t")
    } else if side.isOpenToDoubt, !side.chain.hasRanked {
      let followed = follow(sure(side), nodes, found)
      let others = draft.table("others", "SELECT id FROM \(followed[near] ?? found) WHERE rank IS NULL")
      let ranked = back(side, nodes, others)
      for level in nodes { side.states[level] = both(side, level, followed[level], ranked[level]) }
    } else {
      side.states.merge(back(side, nodes, found)) { $1 }
    }
    side.last = near
    side.meeting = nil
  }

  /// Two tables of ranks of one level as one.
  private func both(_ side: Side, _ level: Level, _ one: String?, _ other: String?) -> String? {
    guard let one, let other, one != other else { return one ?? other }
    let columns = "id, rank\(side.chain.isWeighed ? ", evidence" : "")"
    let all = "SELECT \(columns) FROM \(one) WHERE rank IS NOT NULL UNION ALL SELECT \(columns) FROM \(other)"
    return draft.table(
      "\(level)s", side.chain.isWeighed ? all : "SELECT id, max(rank) AS rank FROM (\(all)) x GROUP BY id")
  }

  /// One certain path of each of the things, step by step; no rank where none leads there.
  private func follow(_ side: Side, _ nodes: [Level], _ found: String) -> [Level: String] {
    var tables: [Level: String] = [:]
    var found = found
    for (one, other) in zip(nodes, nodes.dropFirst()) {
      let test = { (level: Level, id: String) in side.last == level ? [] : side.chain.tests(level, id) }
      let picks = Walk.all(from: "t.id", one.levels(to: other), since: side.chain.since, isSure: true, test: test)
        .map { walk in
          let conditions = walk.conditions + [side.exists(from: other, walk.id)]
          return "(SELECT \(walk.id) FROM \(walk.joined()) WHERE \(conditions.joined(separator: " AND ")) LIMIT 1)"
        }
      let pick = picks.count == 1 ? picks[0] : "coalesce(\(picks.joined(separator: ", ")))"
      let evidence = side.chain.isWeighed ? ", '' AS evidence" : ""
      let table = draft.table("\(one)s", "SELECT t.id, \(Rank.best) + \(pick) AS rank\(evidence) FROM \(found) t")
      tables[one] = table
      found = draft.table("picked", "SELECT DISTINCT rank % \(Rank.shift) AS id FROM \(table) WHERE rank IS NOT NULL")
    }
    let last = nodes[nodes.count - 1]
    tables[last] =
      side.states[last] ?? draft.table("\(last)s", "SELECT t.id, \(side.chain.certain) FROM \(found) t")
    return tables
  }

  /// The best path of each of the things, over all that they reach.
  private func back(_ side: Side, _ nodes: [Level], _ found: String) -> [Level: String] {
    var side = side
    var reached = [found]
    for (one, other) in zip(nodes, nodes.dropFirst()) {
      let arms = Walk.all(from: "s.id", one.levels(to: other), since: side.chain.since, test: side.chain.tests)
        .map { $0.arrivals(behind: reached[reached.count - 1]) }
      reached.append(draft.table("reached", "SELECT DISTINCT id FROM (\(arms.joined(separator: " UNION ALL "))) x"))
    }
    let cut = nodes[nodes.count - 1]
    if cut != side.last {
      side.meeting = nil
      let outside = side.exists(from: cut, "t.id")
      side.states[cut] = draft.table(
        "\(cut)s",
        known(
          side.chain, cut,
          "SELECT t.id, \(side.chain.certain) FROM \(reached[nodes.count - 1]) t WHERE \(outside)"))
    }
    for index in (0..<nodes.count - 1).reversed() { back(&side, nodes[index], to: nodes[index + 1], reached[index]) }
    return side.states.filter { nodes.contains($0.key) }
  }

  /// Ranks of the things in `reached` by those of the level beyond.
  private func back(_ side: inout Side, _ one: Level, to other: Level, _ reached: String) {
    let state = side.states[other] ?? ""
    let test = { (level: Level, id: String) in level == other ? [] : side.chain.tests(level, id) }
    let arms = Walk.all(from: "t.id", one.levels(to: other), since: side.chain.since, test: test).map { walk in
      """
      SELECT \(columns(side.chain, "t.id", walk.links))
      FROM \(walk.joined(behind: "\(reached) t")) CROSS JOIN \(state) s
      WHERE \((walk.conditions + ["s.id = \(walk.id)"]).joined(separator: " AND "))
      """
    }.joined(separator: " UNION ALL ")
    side.states[one] = draft.table("\(one)s", best(side.chain, one, arms))
  }
}
