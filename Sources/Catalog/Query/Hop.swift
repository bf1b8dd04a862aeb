/// One step between neighbours of the chain, as SQL: a table to join, on what, and where it leads.
struct Hop {
  /// A table and its alias.
  var table: String
  var conditions: [String]
  /// The number of the thing that the step leads to.
  var id: String
  /// The alias of the link, where it is one that was claimed and not a column that never changes.
  var link: String?

  /// The ways from a thing of level `one`, whose number is the SQL `id`, to its neighbours of level `other`: two between
  /// releases and builds (the build's own release, and what scans join), else one.
  ///
  /// `since`: a parameter that says since when a release must be in the image. `isSure`: links that are captured and
  /// certain only.
  static func ways(
    _ one: Level, to other: Level, from id: String, alias: String, since: String? = nil, isSure: Bool = false
  ) -> [Hop] {
    let isRight = one < other
    func column(_ table: String, _ left: String, _ right: String) -> Hop {
      Hop(
        table: "\(table) \(alias)", conditions: ["\(alias).\(isRight ? left : right) = \(id)"],
        id: "\(alias).\(isRight ? right : left)")
    }
    var link: Hop {
      Hop(
        table: "link \(alias)",
        conditions: [
          "\(alias).\(isRight ? "from_id" : "to_id") = \(id)",
          "\(alias).valid_from <= :at", ":at < \(alias).valid_to",
        ], id: "\(alias).\(isRight ? "to_id" : "from_id")", link: alias)
    }
    switch (min(one, other), max(one, other)) {
    case (.release, .build):
      return [column("build", "release_id", "thing_id"), link.held(to: other).certain(isSure)]
    case (.build, .artifact): return [column("artifact", "build_id", "thing_id")]
    // A signature says so, for good and for certain: the index alone answers.
    case (.artifact, .revision): return [column("link", "from_id", "to_id")]
    case (.revision, .source): return [column("revision", "thing_id", "source_id")]
    case (.image, .release): return [link.certain(isSure).held(to: other).begun(since: since)]
    case (.vm, .image): return [link.held(to: other)]
    default: return [link]
    }
  }

  /// Around images a link may lead to things of several kinds (parents, children).
  private func held(to level: Level) -> Hop {
    var hop = self
    hop.conditions.append("EXISTS (SELECT 1 FROM \(level.table) k WHERE k.thing_id = \(id))")
    return hop
  }

  /// What lies beyond images and builds is reported by hosts or signed by builds: that is certain anyway.
  private func certain(_ isSure: Bool) -> Hop {
    guard isSure, let link else { return self }
    var hop = self
    hop.conditions.append("\(link).origin = 1 AND \(link).confidence = 1")
    return hop
  }

  private func begun(since: String?) -> Hop {
    var hop = self
    hop.conditions += since.flatMap { since in link.map { ["\($0).valid_from >= \(since)"] } } ?? []
    return hop
  }
}

/// A walk over several steps, as SQL to be joined behind a thing whose number is known.
struct Walk {
  var tables: [String] = []
  var conditions: [String] = []
  /// Where it ends.
  var id: String
  /// The number at each level.
  var ids: [Level: String] = [:]
  /// The aliases of the links on it, in order.
  var links: [String] = []

  /// All ways to walk `levels`, which are neighbours in order. `test` gives what must hold of the thing of a level.
  static func all(
    from id: String, _ levels: [Level], prefix: String = "l", since: String? = nil, isSure: Bool = false,
    test: (Level, String) -> [String] = { _, _ in [] }
  ) -> [Walk] {
    var walks = [Walk(id: id, ids: levels.first.map { [$0: id] } ?? [:])]
    for (one, other) in zip(levels, levels.dropFirst()) {
      walks = walks.flatMap { walk in
        let alias = "\(prefix)\(walk.tables.count)"
        return Hop.ways(one, to: other, from: walk.id, alias: alias, since: since, isSure: isSure).map { hop in
          var next = walk
          next.tables.append(hop.table)
          next.conditions += hop.conditions + test(other, hop.id)
          next.id = hop.id
          next.ids[other] = hop.id
          next.links += hop.link.map { [$0] } ?? []
          return next
        }
      }
    }
    return walks
  }

  /// Selects the numbers of the things to which it leads from those of a table, `s`.
  func arrivals(behind table: String, _ more: [String] = []) -> String {
    "SELECT \(id) AS id FROM \(joined(behind: "\(table) s")) WHERE \((conditions + more).joined(separator: " AND "))"
  }

  /// `a CROSS JOIN b`: in this order, which is from what is few to what is many.
  func joined(behind table: String? = nil) -> String {
    ((table.map { [$0] } ?? []) + tables).joined(separator: " CROSS JOIN ")
  }
}
