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
    if try latest[thing] != nil || kind(thing) == "release" { return }
    // Part of its history is that of its vms.
    if try isDeployed(thing) { return latest[thing] = .last(at: .max) }
    var times: [Int64?]
    if try kind(thing) == "vm" {
      let (at, own) = try things.latestEvent(ofVM: thing)
      times = [at]
      if let own { times += [try lastEvent(of: own), try lastScan(of: own, but: moment)] }
    } else {
      times = [try lastEvent(of: thing)]
      if try kind(thing) == "image" { times.append(try lastScan(of: thing, but: moment)) }
    }
    latest[thing] = times.compactMap { $0 }.max().map { Moment.last(at: $0) } ?? .first
  }

  private func lastEvent(of thing: Int64) throws -> Int64? {
    let select = try db.cachedStatement(
      sql: "SELECT at FROM event_subject WHERE thing_id = ? ORDER BY at DESC LIMIT 1")
    return try select.integer([thing])
  }

  private func lastScan(of image: Int64, but moment: Moment) throws -> Int64? {
    let select = try db.cachedStatement(
      sql: """
        SELECT max(at) FROM (SELECT max(at) AS at FROM image_seen WHERE image_id = ? AND id <> ?
        UNION ALL SELECT max(received) FROM inventory WHERE image_id = ? AND id <> ?)
        """)
    return try select.integer([image, moment.number("seen"), image, moment.number("inventory")])
  }

  /// Of a thing whose whole history is told: nothing is known of it yet.
  func begin(_ thing: Int64) {
    if latest[thing] == nil { latest[thing] = .first }
  }

  /// A fact of `thing`, prepared and stored.
  func add(_ fact: Fact, to thing: Int64) throws {
    // What is said of a release does not depend on what was said of it before.
    if try kind(thing) == "release" { return try tell(fact, of: thing) }
    if let known = latest[thing], late[thing] == nil, fact.moment > known {
      let wasDeployed = try isDeployed(thing)
      latest[thing] = fact.moment
      try tell(fact, of: thing)
      try markUsers(of: thing, wasDeployed: wasDeployed)
      try markDependents(of: thing, from: fact.moment.at)
    } else {
      mark(thing, from: fact.moment.at)
    }
  }

  private func mark(_ thing: Int64, from at: Int64) { late[thing] = min(late[thing] ?? at, at) }

  /// Tells anew what came late. Goes from the earliest on: what was copied of it is told after it.
  func settle() throws {
    var told: [Int64: Int] = [:]
    while !late.isEmpty {
      for (thing, _) in late.sorted(by: { ($0.value, $0.key) < ($1.value, $1.key) }) where late[thing] != nil {
        told[thing, default: 0] += 1
        // Vms said to be clones of each other at one instant would never come to an end.
        if told[thing, default: 0] > 100 { late[thing] = nil } else { try settle(thing) }
      }
    }
  }

  /// Tells this one anew, if it came late; what was copied of it stays for the end of the batch.
  func settle(_ thing: Int64) throws {
    guard let at = late.removeValue(forKey: thing) else { return }
    try replay(thing, from: at)
    try markDependents(of: thing, from: at)
  }

  private func replay(_ thing: Int64, from at: Int64) throws {
    let read = Facts(db, things)
    var facts = try read.all(of: thing, ownImage: ownImage(of: thing))
    let wasDeployed = try isDeployed(thing)
    for image in try deployedImages(of: thing) { mark(image, from: at) }
    try reset(thing)
    for fact in facts { try tell(fact, of: thing) }
    if try isDeployed(thing) {
      // What changed on the vm that it is the disk of changed on it.
      facts = try (facts + read.changes(onVMsOf: thing)).sorted { $0.moment < $1.moment }
      try reset(thing)
      for fact in facts { try tell(fact, of: thing) }
      latest[thing] = .last(at: .max)
    } else {
      latest[thing] = facts.last.map { max($0.moment, latest[thing] ?? .first) } ?? .first
    }
    try markUsers(of: thing, wasDeployed: wasDeployed)
  }

  private func reset(_ thing: Int64) throws {
    switch try kind(thing) {
    case "vm": try VMHistory(db, things, thing).reset(firstSeen: things.firstSeen(thing, .vm))
    case "host": try HostHistory(db, thing).reset(firstSeen: things.firstSeen(thing, .host))
    case "image": try ImageHistory(db, things, thing).reset(firstSeen: things.firstSeen(thing, .image))
    default: break
    }
  }

  private func tell(_ fact: Fact, of thing: Int64) throws {
    switch fact.body {
    case .scan(let scan):
      let history = ImageHistory(db, things, try things.image(things.key(of: fact.image ?? thing), at: fact.moment.at))
      switch scan {
      case .seen(let row): try history.seen(row, at: fact.moment.at)
      case .inventory(let inventory): try history.inventory(inventory, at: fact.moment.at)
      }
    case .report(let report): try tell(report, of: thing)
    }
  }

  private func tell(_ report: Report, of thing: Int64) throws {
    switch try kind(thing) {
    case "vm":
      if let image = report.image {
        let cut = try ImageHistory(db, things, things.image(things.key(of: image), at: report.at)).tell(report)
        // The vm whose image it is hears of it in its turn.
        try markCut(cut.filter { $0 != thing }, from: report.at)
      } else if let image = try VMHistory(db, things, thing).tell(report) {
        mark(image, from: report.at)
      }
    case "image": try markCut(ImageHistory(db, things, thing).tell(report), from: report.at)
    case "host": try markCut(HostHistory(db, thing).tell(report), from: report.at)
    default: try ReleaseHistory(db).tell(report, thing)
    }
  }

  /// What vms lost is no part of what was told of them since.
  private func markCut(_ vms: [Int64], from at: Int64) throws {
    for vm in vms {
      if let last = try lastEvent(of: vm), last >= at { mark(vm, from: at) }
    }
  }

  /// Whether it is a deployed image that was reported as such.
  private func isDeployed(_ thing: Int64) throws -> Bool {
    try kind(thing) == "image" && things.isDeployed(thing)
  }

  /// Where an image turns out to be deployed, or not to be, its vms change it, or an image of their own instead.
  private func markUsers(of image: Int64, wasDeployed: Bool) throws {
    if try isDeployed(image) == wasDeployed { return }
    let select = try db.cachedStatement(
      sql:
        "SELECT from_id, min(valid_from) FROM link WHERE to_id = ? AND from_id IN (SELECT thing_id FROM vm) GROUP BY 1")
    for (vm, at) in try select.all([image], { ($0.integer(0), $0.integer(1)) }) { mark(vm, from: at) }
    try markDependents(of: image, from: 0)
  }

  /// Those of a vm that were reported as such, now or once.
  private func deployedImages(of thing: Int64) throws -> [Int64] {
    guard try kind(thing) == "vm" else { return [] }
    let select = try db.cachedStatement(
      sql: """
        SELECT DISTINCT l.to_id FROM link l JOIN image i ON i.thing_id = l.to_id
        WHERE l.from_id = ? AND i.role = 'deployed'
        """)
    return try select.integers([thing]).filter(things.isDeployed)
  }

  private func markDependents(of thing: Int64, from at: Int64) throws {
    if things.plain.contains(thing) { return }
    let select = try db.cachedStatement(
      sql: "SELECT dependent_id, min(at) FROM inheritance WHERE on_id = ? AND at >= ? GROUP BY dependent_id")
    for (dependent, time) in try select.all([thing, at], { ($0.integer(0), $0.integer(1)) }) {
      if dependent != thing { mark(dependent, from: time) }
    }
  }

  private func ownImage(of thing: Int64) throws -> Int64? {
    try kind(thing) == "vm" ? things.ownImage(of: thing) : nil
  }

  private func kind(_ thing: Int64) throws -> String { try things.kind(of: thing) }
}
