internal import Events
internal import Foundation
internal import GRDB

/// The place of a fact in its thing's history: by time, then what begins before what ends, then by name. No two facts have
/// one place, and it does not depend on when they arrived.
struct Moment: Comparable {
  var at: Int64
  private var rank: Int
  private var number: Int64 = 0
  private var id: String = ""

  static let first = Moment(at: .min, rank: 0)
  /// Later than any fact of that time.
  static func last(at: Int64) -> Moment { Moment(at: at, rank: .max) }

  private init(at: Int64, rank: Int) {
    self.at = at
    self.rank = rank
  }

  init(_ event: Event, at: Int64) {
    self.at = at
    id = event.id
    switch event.body {
    case .releaseBuilt, .imageCreated, .hostAdded: rank = 0
    case .vmCreated: rank = 1
    case .vmCloned: rank = 2
    case .imageDeleted, .vmDeleted, .hostDecommissioned: rank = 6
    default: rank = 5
    }
  }

  init(_ scan: Projector.ScanFact, at: Int64) {
    self.at = at
    switch scan {
    case .seen(let row): (rank, number) = (3, row)
    case .inventory(let row): (rank, number) = (4, row)
    }
  }

  /// Of the row of a scan's fact; -1 for other facts.
  func number(_ kind: String) -> Int64 { rank == (kind == "seen" ? 3 : 4) ? number : -1 }

  static func < (left: Moment, right: Moment) -> Bool {
    (left.at, left.rank, left.number, left.id) < (right.at, right.rank, right.number, right.id)
  }
}

/// What one event or scan says of a thing.
struct Fact {
  enum Body { case report(Report), scan(Projector.ScanFact) }

  var moment: Moment
  /// That a scan is of.
  var image: Int64?
  var body: Body
}

/// Columns `seq, at, body` of an event.
struct StoredEvent {
  let seq, at: Int64
  let body: String

  init(_ row: Columns) { (seq, at, body) = (row.integer(0), row.integer(1), row.text(2) ?? "") }
}

/// Reads the facts of a thing back.
struct Facts {
  private let db: Database
  private let resolver: Resolver

  init(_ db: Database, _ things: Things) {
    self.db = db
    resolver = Resolver(db: db, things: things, isNew: false)
  }

  /// In the order of their history.
  func all(of thing: Int64, ownImage: Int64?) throws -> [Fact] {
    var facts: [Fact] = []
    for id in [thing, ownImage].compactMap({ $0 }) {
      facts += try events(of: id) + scans(of: id)
    }
    return facts.sorted { $0.moment < $1.moment }
  }

  private func events(of thing: Int64) throws -> [Fact] {
    let select = try db.cachedStatement(
      sql: """
        SELECT e.seq, e.at, e.body FROM event_subject s JOIN event e ON e.seq = s.event_seq
        WHERE s.thing_id = ? ORDER BY s.at, s.event_seq
        """)
    return try select.all([thing], StoredEvent.init).map(fact)
  }

  /// Installs, patches and removals on the vms whose only image it was then.
  func changes(onVMsOf image: Int64) throws -> [Fact] {
    let select = try db.cachedStatement(
      sql: """
        SELECT e.seq, e.at, e.body FROM link l JOIN vm v ON v.thing_id = l.from_id
        JOIN event_subject s ON s.thing_id = v.thing_id AND s.at >= l.valid_from AND s.at < l.valid_to
        JOIN event e ON e.seq = s.event_seq
        WHERE l.to_id = ? AND e.kind IN ('application-installed', 'application-patched', 'application-removed')
          AND NOT EXISTS (SELECT 1 FROM link o WHERE o.from_id = l.from_id AND o.to_id <> l.to_id
            AND o.valid_from <= s.at AND o.valid_to > s.at)
        """)
    return try select.all([image], StoredEvent.init).map(fact)
  }

  func fact(_ stored: StoredEvent) throws -> Fact {
    let (seq, at, body) = (stored.seq, stored.at, stored.body)
    do {
      let event = try Event(stored: Data(body.utf8))
      return Fact(moment: Moment(event, at: at), body: .report(try resolver.resolve(event, seq, at: at)))
    } catch let refusal as Refusal {
      throw DatabaseError(
        resultCode: .SQLITE_CORRUPT, message: "the stored event \(seq) cannot be read: \(refusal.reason)")
    }
  }

  private func scans(of image: Int64) throws -> [Fact] {
    let select = try db.cachedStatement(
      sql: """
        SELECT at, 0, id FROM image_seen WHERE image_id = ?
        UNION ALL SELECT received, 1, id FROM inventory WHERE image_id = ?
        """)
    return try select.all([image, image]) { row in
      let scan: Projector.ScanFact = row.integer(1) == 0 ? .seen(row.integer(2)) : .inventory(row.integer(2))
      return Fact(moment: Moment(scan, at: row.integer(0)), image: image, body: .scan(scan))
    }
  }
}
