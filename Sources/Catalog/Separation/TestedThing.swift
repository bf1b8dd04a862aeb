internal import GRDB

/// What is tested for whether it separates: a release, an artifact, a revision; or all releases of an application, or all
/// revisions of a source, together.
struct TestedThing {
  /// One of the things that it stands for.
  var id: Int64
  var isAny: Bool
  var having: Having
}

extension Comparison.Subject {
  /// Columns by which things are told apart, the first of which puts them together besides, and the tables of the thing `x`.
  private var told: (together: String, apart: [String], tables: String) {
    switch self {
    case .applications: ("x.name", ["x.version"], "application_release x")
    case .artifacts:
      (
        "r.name", ["x.path", Dialect.hex("x.sha256")],
        "artifact x CROSS JOIN build b ON b.thing_id = x.build_id CROSS JOIN application_release r ON r.thing_id = b.release_id"
      )
    case .sources: ("x.source_id", ["coalesce(x.revision_commit, x.blob)", "x.author"], "revision x")
    }
  }

  /// All that is tested. Things that nobody could tell apart count as one.
  func tested(
    _ db: Database, _ draft: Draft, _ things: [Int64: Having], _ gathering: inout Gathering
  ) throws -> [TestedThing] {
    let sql = draft.statement(
      """
      SELECT x.thing_id, \(told.together), \(told.apart.joined(separator: ", "))
      FROM (\(numbers(things.keys, draft))) m CROSS JOIN \(told.tables) WHERE x.thing_id = m.id
      """)
    var apart = TestedThings(isAny: false), together = TestedThings(isAny: true)
    let statement = try db.makeStatement(sql: sql)
    let columns = Int32(told.apart.count)
    try statement.each(draft.arguments(of: statement)) { row in
      let id = row.integer(0)
      let having = things[id] ?? Having()
      var key = Hasher()
      key.combine(row.text(1))
      if self != .artifacts { together.add(id, key, having, &gathering) }
      for column in 2..<2 + columns { key.combine(row.text(column)) }
      apart.add(id, key, having, &gathering)
    }
    return apart.all + together.all
  }

  /// What they are called.
  func named(
    _ db: Database, _ draft: Draft, _ shared: [(thing: TestedThing, shared: Shared)]
  ) throws -> [Shared] {
    let columns =
      switch self {
      case .applications: "x.name, x.version, NULL, NULL, NULL"
      case .artifacts: "x.path, \(Dialect.hex("x.sha256")), NULL, NULL, r.name"
      case .sources: "s.path, coalesce(x.revision_commit, x.blob), x.author, s.repository, NULL"
      }
    let sources = self == .sources ? " CROSS JOIN source s" : ""
    let sql = draft.statement(
      """
      SELECT x.thing_id, \(columns) FROM (\(numbers(Set(shared.map(\.thing.id)), draft))) m
      CROSS JOIN \(told.tables)\(sources) WHERE x.thing_id = m.id\(self == .sources ? " AND s.thing_id = x.source_id" : "")
      """)
    let statement = try db.makeStatement(sql: sql)
    var names: [Int64: [String?]] = [:]
    try statement.each(draft.arguments(of: statement)) { row in
      names[row.integer(0)] = (1...5).map { row.text($0) }
    }
    return shared.map { thing, shared in
      var shared = shared
      let texts = names[thing.id] ?? Array(repeating: nil, count: 5)
      (shared.name, shared.repository, shared.application) = (texts[0] ?? "", texts[3], texts[4])
      if !thing.isAny { (shared.detail, shared.author) = (texts[1], texts[2]) }
      return shared
    }
  }
}

/// Things by what tells them apart: 64 bits of a hash with a secret key do for billions of pairs.
private struct TestedThings {
  let isAny: Bool
  private(set) var all: [TestedThing] = []
  private var positions: [Int: Int] = [:]

  init(isAny: Bool) { self.isAny = isAny }

  mutating func add(_ id: Int64, _ key: Hasher, _ having: Having, _ gathering: inout Gathering) {
    let key = key.finalize()
    guard let position = positions[key] else {
      positions[key] = all.count
      return all.append(TestedThing(id: id, isAny: isAny, having: having))
    }
    gathering.add(having, to: &all[position].having)
  }
}

/// Numbers as a select of `id`, in their order: what stands together is read together.
func numbers(_ ids: some Sequence<Int64>, _ draft: Draft) -> String {
  let list = draft.bind("[\(ids.sorted().map(String.init).joined(separator: ","))]")
  return "SELECT CAST(m.value AS BIGINT) AS id FROM (\(Dialect.members(list))) m"
}
