internal import Events
internal import GRDB

/// When hosts were decommissioned and images deleted, as the events say: asked of the facts, so that it does not matter
/// whether what ends with them was told first. One object lives as long as the transaction.
final class Endings {
  private let db: Database
  private var known: [Int64: [Int64]] = [:]

  init(_ db: Database) { self.db = db }

  /// When what is so of `thing` at `at` ends by an event of the given kind, one kind for a kind of thing.
  func next(_ kind: EventKind, of thing: Int64, from at: Int64) throws -> Int64 {
    try times(kind, thing).first { $0 >= at } ?? Dialect.forever
  }

  /// A new one was stored.
  func forget(_ thing: Int64) { known[thing] = nil }

  private func times(_ kind: EventKind, _ thing: Int64) throws -> [Int64] {
    if let times = known[thing] { return times }
    let select = try db.cachedStatement(
      sql: """
        SELECT s.at FROM event_subject s JOIN event e ON e.seq = s.event_seq
        WHERE s.thing_id = ? AND e.kind = ? ORDER BY s.at
        """)
    let times = try select.integers([thing, kind.name])
    known[thing] = times
    return times
  }
}
