internal import GRDB

/// Who has a thing, and how sure that is on the best path of all.
struct Having {
  /// Of `OwnerSets`.
  var owners = OwnerSets.none
  var confidence = 0.0
}

/// Walks from owners to all that they have. Each thing on the way is expanded once, with the set of its owners: what a
/// hundred vms have of one image is read once.
struct Gathering {
  private let walks: SharedWalks
  private(set) var sets: OwnerSets

  init(_ db: Database, _ draft: Draft, first: Int, all: Int) {
    walks = SharedWalks(db: db, draft: draft)
    sets = OwnerSets(first: first, all: all)
  }

  /// What these hosts, vms or images have of the subject's level. Those of the first set come first.
  mutating func things(of owners: [Int64], _ level: Level, _ subject: Level) throws -> [Int64: Having] {
    var reached: [Int64: Having] = [:]
    for (number, owner) in owners.enumerated() {
      reached[owner] = Having(owners: sets.set(of: number), confidence: 1)
    }
    if level < .image { reached = try collected(reached, level.levels(to: .image)) }
    reached = try collected(reached, Level.image.levels(to: min(subject, .build)))
    return subject > .build ? try folded(reached, Level.build.levels(to: subject)) : reached
  }

  mutating func add(_ one: Having, to other: inout Having) {
    other.owners = sets.union(other.owners, one.owners)
    other.confidence = max(other.confidence, one.confidence)
  }

  /// A step to things that many lead to: the sets of all these are put together at once.
  private mutating func collected(_ reached: [Int64: Having], _ levels: [Level]) throws -> [Int64: Having] {
    var all: [Int64: [Int]] = [:]
    var best: [Int64: Double] = [:]
    let walks = walks
    try walks.tell(reached, levels) { before, thing, confidence in
      all[thing, default: []].append(before.owners)
      best[thing] = max(best[thing] ?? 0, before.confidence * confidence)
    }
    var having: [Int64: Having] = [:]
    for (thing, many) in all { having[thing] = Having(owners: sets.union(many), confidence: best[thing] ?? 0) }
    return having
  }

  /// A step to many things that few lead to, most of them more than once, by links that are certain.
  private mutating func folded(_ reached: [Int64: Having], _ levels: [Level]) throws -> [Int64: Having] {
    var all: [Int64: Having] = [:]
    let walks = walks
    try walks.tell(reached, levels) { before, thing, _ in add(before, to: &all[thing, default: Having()]) }
    return all
  }
}

/// Steps from things that are reached, all of them in one statement.
private struct SharedWalks {
  let db: Database
  let draft: Draft

  /// Tells every step from what is reached: from what, to what, and how sure the step is.
  func tell(_ reached: [Int64: Having], _ levels: [Level], _ step: (Having, Int64, Double) -> Void) throws {
    let from = "(\(numbers(reached.keys, draft))) s"
    let arms = Walk.all(from: "s.id", levels).map { walk in
      """
      SELECT s.id, \(walk.id), \(Rank.confidence(walk.links)) FROM \(walk.joined(behind: from))
      WHERE \(walk.conditions.joined(separator: " AND "))
      """
    }
    let statement = try db.makeStatement(sql: draft.statement(arms.joined(separator: "\nUNION ALL ")))
    var last: (id: Int64, having: Having) = (0, Having())
    try statement.each(draft.arguments(of: statement)) { row in
      let id = row.integer(0)
      if id != last.id { last = (id, reached[id] ?? Having()) }
      step(last.having, row.integer(1), row.real(2))
    }
  }
}
