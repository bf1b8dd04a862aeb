internal import Events
internal import GRDB

/// The history of one vm and of the image of its own, told in the order of time.
///
/// A vm made from an image is linked to that image itself. With the first change reported for it, it gets an image of its
/// own, which begins with what its images hold then: a million clones cost nothing until they differ. Where its only image
/// was reported as deployed, that is its own already.
struct VMHistory {
  let db: Database
  let vm: Int64
  private let things: Things
  private let links: Links
  private let life: Life
  private let periods: Periods

  init(_ db: Database, _ things: Things, _ vm: Int64) {
    self.db = db
    self.vm = vm
    self.things = things
    links = Links(db)
    life = Life(db)
    periods = Periods(db: db)
  }

  /// Takes back what was projected.
  func reset(firstSeen: Int64) throws {
    try db.cachedStatement(sql: "DELETE FROM link WHERE to_id = ?").run([vm])
    try db.cachedStatement(sql: "DELETE FROM link WHERE from_id = ?").run([vm])
    for table in ["vm_state", "vm_setting"] {
      try db.cachedStatement(sql: "DELETE FROM \(table) WHERE vm_id = ?").run([vm])
    }
    try db.cachedStatement(sql: "UPDATE vm SET name = NULL WHERE thing_id = ?").run([vm])
    try db.cachedStatement(sql: "DELETE FROM inheritance WHERE dependent_id = ?").run([vm])
    try life.reset(vm, firstSeen: firstSeen)
    if let own = try ownImage() { try things.forget(image: own) }
  }

  /// The reported deployed image that this is a change of, if it is.
  func tell(_ report: Report) throws -> Int64? {
    let at = report.at
    switch report.event.body {
    case .vmCreated, .vmCloned: if !things.plain.contains(vm) { try life.begin(vm, at: at) }
    default: if try !things.plain.contains(vm) && !life.isAlive(vm, at: at) { return nil }
    }
    switch report.event.body {
    case .vmCreated(let created):
      try begin(created.name, report)
      try use(report.images, report)
    case .vmCloned(let cloned):
      try begin(cloned.name, report)
      try clone(report)
    case .vmMigrated(let migrated): try begin(migrated.name, report)
    case .vmState(let changed): try set(.state, [vm], changed.state, at)
    case .vmSettings(let changed):
      for (key, value) in changed.settings { try set(.setting, [vm, key], value, at) }
    case .vmDeleted: try delete(at)
    case .applicationInstalled, .applicationPatched, .applicationRemoved:
      if let image = try deployed(at) { return image }
      try ImageHistory(db, things, try own(report)).tell(report)
    default: break
    }
    return nil
  }

  /// Its only image, where that was reported as deployed.
  private func deployed(_ at: Int64) throws -> Int64? {
    let images = try present(at).map(\.image)
    guard images.count == 1, let image = images.first, try things.isDeployed(image) else { return nil }
    return image
  }

  private func begin(_ name: String?, _ report: Report) throws {
    if let name {
      try db.cachedStatement(sql: "UPDATE vm SET name = ? WHERE thing_id = ?").run([name, vm])
    }
    guard let host = report.host else { return }
    let select = try db.cachedStatement(
      sql: "SELECT id, from_id FROM link WHERE to_id = ? AND valid_from <= ? AND valid_to > ?")
    let open = try select.all([vm, report.at, report.at]) { (link: $0.integer(0), host: $0.integer(1)) }
    for (link, other) in open where other != host { try links.end(link, at: report.at) }
    let until = try things.endings.next(HostDecommissioned.kind, of: host, from: report.at)
    let known = open.first { $0.host == host }?.link
    _ = try links.hold(known, host, vm, at: report.at, until: until, report.claim)
  }

  /// It is made of these images from now on. Where it has an image of its own, that gets what they hold.
  private func use(_ images: [Int64], _ report: Report) throws {
    if images.isEmpty { return }
    let present = try present(report.at)
    if let own = try ownImage(), present.contains(where: { $0.image == own }) {
      for image in images where image != own { try copy(image, to: own, report) }
      return
    }
    for (link, image) in present where !images.contains(image) { try links.end(link, at: report.at) }
    var open = Dictionary(present.map { ($0.image, $0.link) }, uniquingKeysWith: { first, _ in first })
    for image in images {
      let until = try things.endings.next(ImageDeleted.kind, of: image, from: report.at)
      open[image] = try links.hold(open[image], vm, image, at: report.at, until: until, report.claim)
    }
  }

  /// What the other vm is made of. A deployed image goes on changing, so what that holds is copied at once.
  private func clone(_ report: Report) throws {
    guard let from = report.thing(.from) else { return }
    let other = VMHistory(db, things, from)
    try rest(on: from, at: report.at)
    try other.everyImage(report.at).forEach { try rest(on: $0, at: report.at) }
    let images = try other.present(report.at).map(\.image)
    let own = try other.ownImage().flatMap { images.contains($0) ? $0 : nil }
    if let theirs = try own ?? other.deployed(report.at) {
      try copy(theirs, to: try self.own(report), report)
    } else {
      try use(images, report)
    }
  }

  /// The image of its own, begun where it has none yet.
  private func own(_ report: Report) throws -> Int64 {
    let own = try things.image(things.ownImageKey(of: vm), at: report.at)
    if try links.open(vm, own, at: report.at) != nil { return own }
    let history = ImageHistory(db, things, own)
    try life.begin(own, at: report.at)
    try history.setRole("deployed")
    try everyImage(report.at).forEach { try rest(on: $0, at: report.at) }
    for (link, image) in try present(report.at) {
      try copy(image, to: own, report)
      try links.end(link, at: report.at)
    }
    try links.hold(vm, own, at: report.at, report.claim)
    return own
  }

  private func copy(_ image: Int64, to own: Int64, _ report: Report) throws {
    try rest(on: image, at: report.at)
    try ImageHistory(db, things, own).inherit(image, report)
  }

  /// Its images at `at`, and the links to them.
  private func present(_ at: Int64) throws -> [(link: Int64, image: Int64)] {
    let select = try db.cachedStatement(
      sql: "SELECT id, to_id FROM link WHERE from_id = ? AND valid_from <= ? AND valid_to > ? ORDER BY to_id")
    return try select.all([vm, at, at]) { ($0.integer(0), $0.integer(1)) }
  }

  /// Its images up to `at`, those among them whose link a deletion ended.
  private func everyImage(_ at: Int64) throws -> [Int64] {
    let select = try db.cachedStatement(sql: "SELECT DISTINCT to_id FROM link WHERE from_id = ? AND valid_from <= ?")
    return try select.integers([vm, at])
  }

  private func rest(on thing: Int64, at: Int64) throws { try things.inherit(vm, from: thing, at: at) }

  private func delete(_ at: Int64) throws {
    things.ended(vm)
    try life.end(vm, at: at)
    try links.endAll(to: vm, from: .host, at: at)
    try links.endAll(from: vm, at: at)
    for table in ["vm_state", "vm_setting"] { try periods.end(table, "vm_id = ?", [vm], at: at, isOne: false) }
    if let own = try ownImage() { try ImageHistory(db, things, own).delete(at: at) }
  }

  /// Nil ends what was.
  private func set(_ series: Series, _ key: [any Bindable], _ value: String?, _ at: Int64) throws {
    let select = try db.cachedStatement(sql: series.known)
    let known = try select.all(key + [at, at]) { (value: $0.text(0), from: $0.integer(1)) }.first
    if known?.value == value { return }
    if let known, known.from < at {
      try db.cachedStatement(sql: series.end).run([at] + key + [known.from])
    } else if known != nil {
      try periods.end(series.table, series.condition, key, at: at)
    }
    guard let value else { return }
    try db.cachedStatement(sql: series.insert).run(key + [at, value, Dialect.forever])
  }

  private func ownImage() throws -> Int64? { try things.ownImage(of: vm) }
}

/// A table of values of vms that follow each other.
private struct Series: Sendable {
  static let state = Series("vm_state", key: ["vm_id"], value: "state")
  static let setting = Series("vm_setting", key: ["vm_id", "key"], value: "value")

  let table, condition, known, end, insert: String

  init(_ table: String, key: [String], value: String) {
    self.table = table
    condition = key.map { "\($0) = ?" }.joined(separator: " AND ")
    known = "SELECT \(value), valid_from FROM \(table) WHERE \(condition) AND valid_from <= ? AND valid_to > ?"
    end = "UPDATE \(table) SET valid_to = ? WHERE \(condition) AND valid_from = ?"
    insert =
      "INSERT INTO \(table) (\(key.joined(separator: ", ")), valid_from, \(value), valid_to) "
      + "VALUES (\(key.map { _ in "?, " }.joined())?, ?, ?)"
  }
}
