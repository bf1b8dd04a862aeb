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
      let arms = walks.map { walk in
        """
        SELECT \(walk.id) AS id FROM \(walk.joined(behind: "\(streamed) s")) WHERE \(walk.conditions.joined(separator: " AND "))
        """
      }
      select = "SELECT DISTINCT id FROM (\(arms.joined(separator: " UNION ALL "))) x"
    }
    return select
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

  /// The table of ranks of the chosen things by an open side. Only what scans say of images is not certain; what lies
  /// beyond, reported by hosts or signed by builds, is asked for its existence only.
  func rank(_ side: inout Side, _ chosen: String) {
    let isRight = side.nodes[0] > near
    let none = side.chain.isWeighed ? ", '' AS evidence" : ""
    guard isRight ? near < .build : near > .image else {
      side.states[near] = draft.table("\(near)s", "SELECT s.id, \(Rank.best) AS rank\(none) FROM \(chosen) s")
      side.last = near
      return
    }
    let end = side.last ?? side.nodes[0]
    let cut: Level = isRight ? min(end, .build) : max(end, .image)
    let nodes = Array(side.nodes.reversed().prefix { isRight ? $0 <= cut : $0 >= cut })
    var reached = [chosen]
    for (one, other) in zip(nodes, nodes.dropFirst()) {
      let arms = Walk.all(from: "s.id", one.levels(to: other), since: side.chain.since, test: side.chain.tests)
        .map { walk in
          """
          SELECT \(walk.id) AS id FROM \(walk.joined(behind: "\(reached[reached.count - 1]) s"))
          WHERE \(walk.conditions.joined(separator: " AND "))
          """
        }
      reached.append(draft.table("reached", "SELECT DISTINCT id FROM (\(arms.joined(separator: " UNION ALL "))) x"))
    }
    if cut != side.last {
      side.meeting = nil
      let outside = side.exists(from: cut, "t.id")
      side.states[cut] = draft.table(
        "\(cut)s",
        known(
          side.chain, cut,
          "SELECT t.id, \(Rank.best) AS rank\(none) FROM \(reached[nodes.count - 1]) t WHERE \(outside)"))
    }
    for index in (0..<nodes.count - 1).reversed() { back(&side, nodes[index], to: nodes[index + 1], reached[index]) }
    side.last = near
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
