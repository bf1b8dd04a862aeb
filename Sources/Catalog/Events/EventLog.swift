internal import Events
internal import Fingerprints
internal import Foundation
internal import GRDB
internal import Signatures

/// Receives events: checks them against what is stored, appends them, and has the histories that they change projected. One
/// log lives as long as its transaction.
///
/// Events of VMs are projected at the end: VM by VM, which walks through the tables in order, and each in the order of time,
/// so that an event that is late only within its batch causes no replay.
final class EventLog {
  private let db: Database
  private let projector: Projector
  private let resolver: Resolver
  private let now: Int64
  private var hasClones = false
  private var vmFacts: [(vm: Int64, seq: Int64, fact: Fact)] = []

  init(_ db: Database, now: Int64) {
    self.db = db
    self.now = now
    projector = Projector(db)
    resolver = Resolver(db: db, things: projector.things, isNew: true)
  }

  /// Nothing of a refused event is stored.
  func take(_ line: Data) throws -> RecordOutcome {
    do {
      let event = try Event(received: line)
      try refuseCycle(event)
      let signature = try signature(of: event)
      let at = min(event.at.milliseconds, now)
      guard let seq = try append(event, line, at: at) else { return .repeated }
      if let signature {
        let build = try BuildWriter(db, projector.things).store(signature.value, signature.build)
        try resolver.understand(signature.file, seq, as: build)
      }
      try project(event, seq, at: at)
      return at < event.at.milliseconds
        ? .recorded(warning: "dated after its receipt: kept as of its receipt") : .recorded()
    } catch let refusal as Refusal {
      return .refused(reason: refusal.reason)
    }
  }

  /// The signature file that a built release names; not read where the event is stored already.
  private func signature(of event: Event) throws -> (file: String, value: Signature, build: Digest)? {
    guard case .releaseBuilt(let built) = event.body, let path = built.signatureFile else { return nil }
    let select = try db.cachedStatement(sql: "SELECT 1 FROM event WHERE id = ?")
    if try select.integer([event.id]) != nil { return nil }
    do {
      let signature = try Signature.read(URL(fileURLWithPath: path))
      guard signature.application == built.application, signature.release == built.release else {
        throw Refusal(
          reason: "signature \"\(path)\" is of \(signature.application) \(signature.release)")
      }
      guard let build = signature.build, try signature.differences().isEmpty else {
        throw Refusal(reason: "signature \"\(path)\" is not what its build id says")
      }
      return (path, signature, build)
    } catch let error as SignatureError {
      throw Refusal(reason: "\(error)")
    }
  }

  /// Ends the batch.
  func finish() throws {
    try projectVMs()
    try projector.settle()
  }

  /// The number of the event; nil where it is stored already.
  private func append(_ event: Event, _ line: Data, at: Int64) throws -> Int64? {
    let insert = try db.cachedStatement(
      sql: """
        INSERT INTO event (id, kind, at, received, reporter, body) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (id) DO NOTHING
        """)
    let body = trimmed(line)
    let new = try insert.insert([event.id, event.kind.name, at, now, event.reporter ?? "", body])
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
    if case .action = event.body {
      for vm in Set(report.things.map(\.id)) { try join(vm, seq, at) }
      return
    }
    guard let subject = report.subject else { return }
    let thing = try projector.things.history(of: subject)
    let fact = Fact(moment: Moment(event, at: at), body: .report(report))
    if subject == report.thing(.vm) {
      if case .vmCloned = event.body { hasClones = true }
      return vmFacts.append((subject, seq, fact))
    }
    try project(fact, of: thing, subject, seq)
    switch event.body {
    case .imageDeleted, .hostDecommissioned: projector.things.endings.forget(subject)
    // The next event may name it by its place, or as its parent.
    case .imageCreated, .imageMoved: try projector.settle(thing)
    default: break
    }
  }

  private func project(_ fact: Fact, of thing: Int64, _ subject: Int64, _ seq: Int64) throws {
    try projector.prepare(thing, before: fact.moment)
    try join(subject, seq, fact.moment.at)
    try projector.add(fact, to: thing)
  }

  private func projectVMs() throws {
    // What they copy is up to date then.
    try projector.settle()
    let facts = vmFacts
    vmFacts = []
    // A clone copies what the other VM holds, so the order of time counts; otherwise VM by VM touches the fewest pages.
    let inTime = hasClones
    hasClones = false
    let order = facts.indices.sorted { left, right in
      let (left, right) = (facts[left], facts[right])
      return inTime || left.vm == right.vm ? left.fact.moment < right.fact.moment : left.vm < right.vm
    }
    for place in order { try project(facts[place].fact, of: facts[place].vm, facts[place].vm, facts[place].seq) }
  }

  private func join(_ thing: Int64, _ seq: Int64, _ at: Int64) throws {
    let insert = try db.cachedStatement(sql: "INSERT INTO event_subject VALUES (?, ?, ?)")
    try insert.run([thing, at, seq])
  }

  /// An image cannot come from what comes from it.
  private func refuseCycle(_ event: Event) throws {
    guard case .imageCreated(let created) = event.body, let parent = created.parent else { return }
    try projectVMs()
    guard let own = try resolver.find(created.image)?.id, let from = try resolver.find(parent)?.id else { return }
    let select = try db.cachedStatement(
      sql: """
        WITH RECURSIVE above (id) AS (
          SELECT ? UNION SELECT l.to_id FROM above a JOIN link l ON l.from_id = a.id JOIN image i ON i.thing_id = l.to_id)
        SELECT 1 FROM above WHERE id = ?
        """)
    if try select.integer([from, own]) != nil {
      throw Refusal(reason: "a cycle in image parents: \"\(parent)\" comes from \"\(created.image)\"")
    }
  }
}

/// Text as a JSON string.
func jsonText(_ text: String) throws -> String { String(decoding: try JSONEncoder().encode(text), as: UTF8.self) }
