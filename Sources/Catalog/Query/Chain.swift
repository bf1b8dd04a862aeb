/// Filters that hold of one chain of things, by the level at which each holds.
struct Chain {
  var conditions: [Level: [Condition]] = [:]
  /// The levels that it must reach, the asked one among them.
  var reaches: Set<Level>
  /// A parameter that says since when a release must be in its image.
  var since: String?
  /// Whether its tables say what each path rests on: several paths are put together, or one goes on to a parent.
  var isWeighed = false

  /// What its tables say beside the number of a thing that is there for certain.
  var certain: String { "\(Rank.best) AS rank\(isWeighed ? ", '' AS evidence" : "")" }

  /// Tables of (id, rank, evidence) by which things of a level must be known.
  func ranked(_ level: Level) -> [String] { isWeighed ? (conditions[level] ?? []).compactMap(\.ranked) : [] }

  /// Whether the way from one of its ends to `near` has links that need not be certain: those of images with releases, and
  /// of releases with builds. Hosts report their vms and what these are made of, and builds sign what they are made of.
  static func isOpen(from end: Level, to near: Level) -> Bool {
    min(end, near) < .build && max(end, near) > .image
  }

  /// Whether to fit one of its filters is itself something that was claimed.
  var hasRanked: Bool { conditions.values.contains { $0.contains { $0.ranked != nil } } }

  /// Has all say what their paths rest on, where that decides.
  static func weigh(_ chains: inout [Chain], near: Level) {
    let open = chains.flatMap { $0.ends(near: near) }.filter { isOpen(from: $0, to: near) }
    if open.count > 1 || chains.contains(where: \.hasRanked) {
      for index in chains.indices { chains[index].isWeighed = true }
    }
  }

  func tests(_ level: Level, _ id: String) -> [String] { (conditions[level] ?? []).map { $0.test(id) } }

  /// The levels from the far end to `near`, without the release between image and build: releases are crossed in one
  /// step, so that evidence for a release and for its build is seen together.
  static func nodes(from far: Level, to near: Level) -> [Level] {
    far.levels(to: near).filter { $0 != .release || $0 == far || $0 == near }
  }

  /// The two ends away from `near`; one or none where the chain does not go on there.
  func ends(near: Level) -> [Level] { [reaches.min(), reaches.max()].compactMap { $0 }.filter { $0 != near } }

  /// The chains of a question: a kind of filter that comes twice begins another chain.
  static func chains(_ filters: [Filter], _ makers: Conditions) throws -> [Chain] {
    var chains: [(chain: Chain, kinds: Set<Filter.Kind>)] = []
    for filter in filters {
      let levels = makers.levels(filter)
      guard !levels.isEmpty else { continue }
      let index = chains.firstIndex { !$0.kinds.contains(filter.kind) } ?? chains.count
      if index == chains.count { chains.append((Chain(reaches: [makers.entity.level]), [])) }
      chains[index].kinds.insert(filter.kind)
      chains[index].chain.reaches.formUnion(levels)
      if let condition = try makers.condition(filter) {
        chains[index].chain.conditions[condition.level, default: []].append(condition)
      }
      if filter.kind == .installedWithin {
        chains[index].chain.since = makers.draft.bind(.number(try makers.since(filter)))
      }
    }
    return chains.map(\.chain)
  }
}

/// One end of a chain on its way to the asked things: how far it is walked from its end beforehand.
struct Side {
  var chain: Chain
  /// From the far end to the asked level.
  var nodes: [Level]
  /// The tables of (id, rank) made so far, by level.
  var states: [Level: String] = [:]
  /// The last level with such a table; nil where even the end has too many things.
  var last: Level?
  /// A level between, and a table of those of its things that have a way out.
  var meeting: (level: Level, table: String)?
  /// Only what is captured and certain counts.
  var isSure = false

  var near: Level { nodes[nodes.count - 1] }
  var isWhole: Bool { last == near }
  /// The levels that it has not come to yet, in order.
  var ahead: [Level] { last.map { last in Array(nodes.drop { $0 != last }.dropFirst()) } ?? nodes }
  var isRight: Bool { nodes[0] > near }

  /// Whether it asks only that there is something, of whatever kind: sooner seen of each asked thing than found for all.
  var isAnywhere: Bool { chain.since == nil && chain.conditions.keys.allSatisfy { $0 == near } }

  /// Whether something that need not be certain, what scans say of images, lies on the way that is not walked yet.
  var isOpenToDoubt: Bool { !isWhole && Chain.isOpen(from: last ?? nodes[0], to: near) }

  /// Whether a thing, whose number is the SQL `id`, has a way out to the last table or the far end.
  func exists(from level: Level, _ id: String) -> String {
    let (end, table) = meeting.map { ($0.level, $0.table) } ?? (last ?? nodes[0], last.flatMap { states[$0] })
    let walks = Walk.all(from: id, level.levels(to: end), prefix: "w", since: chain.since, isSure: isSure) {
      other, id in
      other == end && table != nil ? [] : chain.tests(other, id)
    }
    let rank = isSure ? " WHERE rank >= \(Rank.best)" : ""
    let tests = walks.map { walk in
      let conditions = walk.conditions + (table.map { ["+\(walk.id) IN (SELECT id FROM \($0)\(rank))"] } ?? [])
      if walk.tables.isEmpty {
        let here = table == nil ? chain.tests(level, id) : []
        return "(\((conditions + here + ["1 = 1"]).joined(separator: " AND ")))"
      }
      return "EXISTS (SELECT 1 FROM \(walk.joined()) WHERE \(conditions.joined(separator: " AND ")))"
    }
    return "(\(tests.joined(separator: " OR ")))"
  }
}
