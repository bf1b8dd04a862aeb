internal import Foundation
internal import GRDB

/// Projects facts into tables. A fact that is later than all that is known of its thing goes on with the history; one that
/// comes late has the history told again from its beginning, and that of whatever was copied from it since. So the tables
/// do not depend on the order in which facts arrive. One projector lives as long as its transaction.
final class Projector {
  private let db: Database
  let things: Things
  private var latest: [Int64: Moment] = [:]
  private var late: [Int64: Int64] = [:]

  init(_ db: Database) {
    self.db = db
    things = Things(db)
  }

  enum ScanFact { case seen(Int64), inventory(Int64) }

  /// A new fact of an image, stored already.
  func add(_ fact: ScanFact, of image: Int64, at: Int64) throws {
    _ = try things.image(things.key(of: image), at: at)
    let told = Fact(moment: Moment(fact, at: at), image: image, body: .scan(fact))
    try prepare(try things.history(of: image), before: told.moment)
    try add(told, to: try things.history(of: image))
    try settle()
  }

  /// Tells an image's history again, after what was concluded of its scan of `at` has changed.
  func conclude(again image: Int64, at: Int64) throws {
    late[try things.history(of: image)] = at
    try settle()
  }

  /// Asked before a new fact is stored: what is the latest that is known.
  func prepare(_ thing: Int64, before moment: Moment) throws {
    if latest[thing] != nil { return }
    let select = try db.cachedStatement(
      sql: """
        SELECT max(at) FROM (SELECT max(at) AS at FROM event_subject WHERE thing_id = ?
        UNION ALL SELECT max(at) FROM image_seen WHERE image_id = ? AND id <> ?
        UNION ALL SELECT max(received) FROM inventory WHERE image_id = ? AND id <> ?)
        """)
    let images = [thing, try ownImage(of: thing)].compactMap { $0 }
    let times = try images.compactMap { id in
      try Int64.fetchOne(
        select, arguments: [id, id, moment.number("seen"), id, moment.number("inventory")])
    }
    latest[thing] = times.max().map { Moment.last(at: $0) } ?? .first
  }

  /// Of a thing whose whole history is told: nothing is known of it yet.
  func begin(_ thing: Int64) {
    if latest[thing] == nil { latest[thing] = .first }
  }

  /// A fact of `thing`, prepared and stored.
  func add(_ fact: Fact, to thing: Int64) throws {
    if let known = latest[thing], late[thing] == nil, fact.moment > known {
      latest[thing] = fact.moment
      try tell(fact, of: thing)
      try markDependents(of: thing, from: fact.moment.at)
    } else {
      late[thing] = min(late[thing] ?? fact.moment.at, fact.moment.at)
    }
  }

  /// Tells anew what came late. Goes from the earliest on: what was copied of it is told after it.
  func settle() throws {
    var told: [Int64: Int] = [:]
    while let (thing, at) = late.min(by: { ($0.value, $0.key) < ($1.value, $1.key) }) {
      late[thing] = nil
      told[thing, default: 0] += 1
      // Vms said to be clones of each other at one instant would never come to an end.
      if told[thing, default: 0] > 100 { continue }
      try replay(thing)
      try markDependents(of: thing, from: at)
    }
  }

  func replay(_ thing: Int64) throws {
    let facts = try Facts(db, things).all(of: thing, ownImage: ownImage(of: thing))
    switch try kind(thing) {
    case "vm": try VMHistory(db, things, thing).reset(firstSeen: things.firstSeen(thing, table: "vm") ?? 0)
    case "host": try HostHistory(db, thing).reset(firstSeen: things.firstSeen(thing, table: "host") ?? 0)
    case "image":
      try ImageHistory(db, things, thing).reset(firstSeen: things.firstSeen(thing, table: "image") ?? 0)
    default: return
    }
    for fact in facts { try tell(fact, of: thing) }
    latest[thing] = facts.last.map { max($0.moment, latest[thing] ?? .first) } ?? .first
  }

  private func tell(_ fact: Fact, of thing: Int64) throws {
    switch fact.body {
    case .scan(let scan):
      let history = ImageHistory(db, things, try things.image(things.key(of: fact.image ?? thing), at: fact.moment.at))
      switch scan {
      case .seen(let row): try history.seen(row, at: fact.moment.at)
      case .inventory(let inventory): try history.inventory(inventory, at: fact.moment.at)
      }
    case .report(let report):
      if let image = report.image, try kind(thing) == "image" || report.release == nil {
        try ImageHistory(db, things, things.image(things.key(of: image), at: report.at)).tell(report)
      } else if try kind(thing) == "vm" {
        try VMHistory(db, things, thing).tell(report)
      } else if report.host != nil {
        try HostHistory(db, thing).tell(report)
      } else if let release = report.release {
        try ReleaseHistory(db, things).tell(report, release)
      }
    }
  }

  private func markDependents(of thing: Int64, from at: Int64) throws {
    let select = try db.cachedStatement(
      sql: "SELECT dependent_id, min(at) FROM inheritance WHERE on_id = ? AND at >= ? GROUP BY dependent_id")
    for row in try Row.fetchAll(select, arguments: [thing, at]) {
      let (dependent, time): (Int64, Int64) = (row[0], row[1])
      if dependent != thing { late[dependent] = min(late[dependent] ?? time, time) }
    }
  }

  private func ownImage(of thing: Int64) throws -> Int64? {
    guard try kind(thing) == "vm" else { return nil }
    return try things.existing("image", "vm:\(try things.key(of: thing))")
  }

  private func kind(_ thing: Int64) throws -> String { try things.kind(of: thing) }
}

/// A release that was reported.
struct ReleaseHistory {
  let db: Database
  let things: Things

  init(_ db: Database, _ things: Things) {
    self.db = db
    self.things = things
  }

  /// A signature that is a build's id joins the two for good, whether that signature was ever seen or not.
  func tell(_ report: Report, _ release: Int64) throws {
    guard report.event.kind == .releaseBuilt else { return }
    try setReleased(db, release, at: report.at)
    guard let digest = report.event.signature, digest.wholeMatch(of: /[0-9a-f]{64}/) != nil else { return }
    try Links(db).hold(release, try things.id("build", digest), at: 0, report.claim)
  }
}
