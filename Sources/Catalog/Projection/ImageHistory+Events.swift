internal import Events
internal import GRDB

extension ImageHistory {
  /// What an event says of it. Gives the vms that this took it from.
  @discardableResult
  func tell(_ report: Report) throws -> [Int64] {
    switch report.event.body {
    case .imageCreated: try life.begin(image, at: report.at)
    // Counts for an image that is gone too: a vm may have been said to be made of it after an earlier deletion.
    case .imageDeleted: break
    default: if try !life.isAlive(image, at: report.at) { return [] }
    }
    switch report.event.body {
    case .imageCreated(let created): try create(created, report)
    case .imageMoved(let moved): try place(host: moved.host, path: moved.path, at: report.at)
    case .imageDeleted:
      try delete(at: report.at)
      return try links.endAll(to: image, from: .vm, at: report.at)
    case .applicationInstalled: try install(report)
    case .applicationPatched(let patched):
      try remove(patched.application, at: report.at, but: report.release)
      try install(report)
    case .applicationRemoved(let removed): try remove(removed.application, removed.release, at: report.at)
    default: break
    }
    return []
  }

  /// Begins with what the other image holds at the time of the report, and comes from it.
  func inherit(_ parent: Int64, _ report: Report) throws {
    try links.hold(image, parent, at: report.at, report.claim)
    // A link is what its best claim up to then made it.
    let copy = try db.cachedStatement(
      sql: """
        INSERT INTO link (from_id, to_id, valid_from, valid_to, origin, confidence, evidence_group)
        SELECT ?, l.to_id, ?, ?, c.origin, c.confidence, c.evidence_group FROM link l
        JOIN application_release r ON r.thing_id = l.to_id JOIN claim c ON c.id = (
          SELECT id FROM claim WHERE link_id = l.id AND at <= ? ORDER BY origin, confidence DESC, id LIMIT 1)
        WHERE l.from_id = ? AND l.valid_from <= ? AND l.valid_to > ? AND NOT EXISTS (
          SELECT 1 FROM link o WHERE o.from_id = ? AND o.to_id = l.to_id AND o.valid_from <= ? AND o.valid_to > ?)
        """)
    let at = report.at
    try copy.run([image, at, Dialect.forever, at, parent, at, at, image, at, at])
    if db.changesCount == 0 { return }
    let claim = try db.cachedStatement(
      sql: """
        INSERT INTO claim (link_id, event_seq, at, origin, confidence, evidence_group, rule, rule_version, evidence)
        SELECT l.id, ?, l.valid_from, l.origin, l.confidence, l.evidence_group, 'inherited', 1, ? FROM link l
        WHERE l.from_id = ? AND l.valid_from = ? AND NOT EXISTS (SELECT 1 FROM claim WHERE link_id = l.id)
        """)
    let evidence = "{\"image\":\(try jsonText(things.key(of: parent)))}"
    try claim.run([report.seq, evidence, image, at])
  }

  private func create(_ created: ImageCreated, _ report: Report) throws {
    if let role = created.role { try setRole(role) }
    if created.path != nil || created.host != nil {
      try place(host: created.host, path: created.path, at: report.at)
    }
    if let name = created.name { try setName(name) }
    guard let parent = report.thing(.parent) else { return }
    try things.inherit(try things.history(of: image), from: parent, at: report.at)
    try inherit(parent, report)
  }

  private func install(_ report: Report) throws {
    guard let release = report.release else { return }
    try links.hold(image, release, at: report.at, report.claim)
  }

  /// All claims end, whatever they rest on: those of one version, or of the application but for the release `kept`.
  private func remove(_ application: String, _ version: String? = nil, at: Int64, but kept: Int64? = nil) throws {
    let select = try db.cachedStatement(
      sql: """
        SELECT l.id FROM link l JOIN application_release r ON r.thing_id = l.to_id
        WHERE l.from_id = ? AND l.valid_from <= ? AND l.valid_to > ? AND r.name = ? AND l.to_id <> ?
          AND (? IS NULL OR r.version = ?)
        """)
    for link in try select.integers([image, at, at, application, kept ?? 0, version, version]) {
      try links.end(link, at: at)
    }
  }
}
