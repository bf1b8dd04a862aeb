internal import Fingerprints
internal import Foundation
internal import GRDB
internal import Signatures

/// Takes events in: checks them against what is known, appends them, and has their histories told. One log lives as long as
/// its transaction.
///
/// What happened to vms is told at the end: vm by vm, which walks through the tables in order, and each in the order of time,
/// so that what comes late within a batch is not late.
final class EventLog {
  private let db: Database
  private let projector: Projector
  private let resolver: Resolver
  private let now: Int64
  private var hasClones = false
  private var ofVMs: [(vm: Int64, seq: Int64, fact: Fact)] = []

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
      let signature = try signature(of: event)
      let at = min(event.at.milliseconds, now)
      guard let seq = try append(event, line, at: at) else { return .repeated }
      if let signature, let name = event.signature {
        try resolver.understand(
          name, seq, as: BuildWriter(db, projector.things).store(signature.value, signature.build))
      }
      try project(event, seq, at: at)
      return at < event.at.milliseconds
        ? .recorded(warning: "dated after its receipt: kept as of its receipt") : .recorded()
    } catch let refusal as Refusal {
      return .refused(reason: refusal.reason)
    }
  }

  /// What the file says that a built release names; not read where the event is known.
  private func signature(of event: Event) throws -> (value: Signature, build: Digest)? {
    guard event.kind == .releaseBuilt, let path = event.signature, event.buildID == nil else { return nil }
    let select = try db.cachedStatement(sql: "SELECT 1 FROM event WHERE id = ?")
    if try select.integer([event.id]) != nil { return nil }
    do {
      let signature = try Signature.read(URL(fileURLWithPath: path))
      guard signature.application == event.application, signature.release == event.release else {
        throw Refusal(
          reason: "signature \"\(path)\" is of \(signature.application) \(signature.release)")
      }
      guard let build = signature.build, try signature.differences().isEmpty else {
        throw Refusal(reason: "signature \"\(path)\" is not what its build id says")
      }
      return (signature, build)
    } catch let error as SignatureError {
      throw Refusal(reason: "\(error)")
    }
  }

  /// Ends the batch.
  func finish() throws {
    try tellVMs()
    try projector.settle()
  }

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
    guard let subject = report.subject else { return }
    let thing = try projector.things.history(of: subject)
    let fact = Fact(moment: moment, body: .report(report))
    if subject == report.vm {
      hasClones = hasClones || event.kind == .vmCloned
      return ofVMs.append((subject, seq, fact))
    }
    try tell(fact, of: thing, subject, seq)
    if Endings.kinds.contains(event.kind) { projector.things.endings.forget(subject) }
    // What follows may call it by its place, or be its parent.
    if event.kind == .imageCreated || event.kind == .imageMoved { try projector.settle(thing) }
  }

  private func tell(_ fact: Fact, of thing: Int64, _ subject: Int64, _ seq: Int64) throws {
    try projector.prepare(thing, before: fact.moment)
    try join(subject, seq, fact.moment.at)
    try projector.add(fact, to: thing)
  }

  private func tellVMs() throws {
    // What they copy is up to date then.
    try projector.settle()
    let facts = ofVMs
    ofVMs = []
    // A clone copies what the other vm holds, so that is told first; else one vm after the other touches fewest pages.
    let inTime = hasClones
    hasClones = false
    let order = facts.indices.sorted { left, right in
      let (left, right) = (facts[left], facts[right])
      return inTime || left.vm == right.vm ? left.fact.moment < right.fact.moment : left.vm < right.vm
    }
    for place in order { try tell(facts[place].fact, of: facts[place].vm, facts[place].vm, facts[place].seq) }
  }

  private func join(_ thing: Int64, _ seq: Int64, _ at: Int64) throws {
    let insert = try db.cachedStatement(sql: "INSERT INTO event_subject VALUES (?, ?, ?)")
    try insert.run([thing, at, seq])
  }

  /// An image cannot come from what comes from it.
  private func refuseCycle(_ event: Event) throws {
    guard event.kind == .imageCreated, let image = event.image, let parent = event.parent else { return }
    try tellVMs()
    guard let own = try resolver.find(image)?.id, let from = try resolver.find(parent)?.id else { return }
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
