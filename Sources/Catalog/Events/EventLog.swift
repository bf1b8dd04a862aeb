internal import Foundation
internal import GRDB

/// Takes events in: checks them against what is known, appends them, and has their histories told. One log lives as long as
/// its transaction.
struct EventLog {
  private let db: Database
  private let projector: Projector
  private let resolver: Resolver
  private let now: Int64

  init(_ db: Database, now: Int64) {
    self.db = db
    self.now = now
    projector = Projector(db)
    resolver = Resolver(db: db, things: projector.things, isNew: true)
  }

  /// Nothing of a refused event is kept.
  func take(_ line: Data) throws -> RecordOutcome {
    do {
      let event = try Event.decode(line)
      try refuseCycle(event)
      let at = min(event.at.milliseconds, now)
      guard let seq = try append(event, line, at: at) else { return .repeated }
      try project(event, seq, at: at)
      return at < event.at.milliseconds
        ? .recorded(warning: "dated after its receipt: kept as of its receipt") : .recorded()
    } catch let refusal as Refusal {
      return .refused(reason: refusal.reason)
    }
  }

  /// Ends the batch.
  func finish() throws { try projector.settle() }

  /// Nil where it is stored already.
  private func append(_ event: Event, _ line: Data, at: Int64) throws -> Int64? {
    let insert = try db.cachedStatement(
      sql: """
        INSERT INTO event (id, kind, at, received, reporter, body) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (id) DO NOTHING
        """)
    let body = trimmed(line)
    let new = try insert.insert([event.id, event.kind.rawValue, at, now, event.reporter ?? "", body])
    if let new { return new }
    let select = try db.cachedStatement(sql: "SELECT body FROM event WHERE id = ?")
    let known = try select.text([event.id]) ?? ""
    if known == body || canonical(Data(known.utf8)) == canonical(line) { return nil }
    throw Refusal(reason: "id \"\(event.id)\" is known with other content")
  }

  /// Without the white space that JSON allows around it.
  private func trimmed(_ line: Data) -> String {
    func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (9...13).contains(byte) }
    let end = line.lastIndex { !isSpace($0) } ?? line.startIndex
    let start = line.firstIndex { !isSpace($0) } ?? end
    return String(decoding: line[start...end], as: UTF8.self)
  }

  private func canonical(_ json: Data) -> Data? {
    guard let object = try? JSONSerialization.jsonObject(with: json) else { return nil }
    return try? JSONSerialization.data(withJSONObject: object, options: [.sortedKeys])
  }

  private func project(_ event: Event, _ seq: Int64, at: Int64) throws {
    let report = try resolver.resolve(event, seq, at: at)
    let moment = Moment(event, at: at)
    if event.kind == .action {
      for vm in Set(report.acted) { try join(vm, seq, at) }
      return
    }
    guard let subject = report.image ?? report.vm ?? report.host ?? report.release else { return }
    let thing = try projector.things.history(of: subject)
    try projector.prepare(thing, before: moment)
    try join(subject, seq, at)
    try projector.add(Fact(moment: moment, body: .report(report)), to: thing)
    // What follows may call it by its place, or be its parent.
    if event.kind == .imageCreated || event.kind == .imageMoved { try projector.settle(thing) }
  }

  private func join(_ thing: Int64, _ seq: Int64, _ at: Int64) throws {
    let insert = try db.cachedStatement(sql: "INSERT INTO event_subject VALUES (?, ?, ?)")
    try insert.run([thing, at, seq])
  }

  /// An image cannot come from what comes from it.
  private func refuseCycle(_ event: Event) throws {
    guard event.kind == .imageCreated, let image = event.image, let parent = event.parent,
      let own = try resolver.find(image)?.id, let from = try resolver.find(parent)?.id
    else { return }
    let select = try db.cachedStatement(
      sql: """
        WITH RECURSIVE above (id) AS (
          SELECT ? UNION SELECT l.to_id FROM above a JOIN link l ON l.from_id = a.id JOIN image i ON i.thing_id = l.to_id)
        SELECT 1 FROM above WHERE id = ?
        """)
    if try select.integer([from, own]) != nil {
      throw Refusal(reason: "a cycle in image parents: \"\(parent)\" comes from \"\(image)\"")
    }
  }
}

/// Text as a JSON string.
func jsonText(_ text: String) throws -> String { String(decoding: try JSONEncoder().encode(text), as: UTF8.self) }
