internal import Events
internal import GRDB

/// An event with the things that its names mean.
struct Report {
  var event: Event
  var seq: Int64
  /// When it happened, in milliseconds.
  var at: Int64
  /// In the order of the event's references.
  fileprivate(set) var things: [(field: EventField, id: Int64)] = []
  /// The build that a release was built as.
  fileprivate(set) var build: Int64?

  func thing(_ field: EventField) -> Int64? { things.first { $0.field == field }?.id }

  var host: Int64? { thing(.host) }
  var release: Int64? { thing(.release) }
  /// The images that a vm is made of.
  var images: [Int64] { things.filter { $0.field == .image || $0.field == .images }.map(\.id) }

  /// Whose history it is part of: its kind decides.
  var subject: Int64? { event.kind.subject.lazy.compactMap(thing).first }

  /// The image that the event moves, makes or deletes; nil where it changes what is installed.
  var image: Int64? { event.kind.subject.first == .image ? thing(.image) : nil }

  var claim: LinkClaim { LinkClaim(event: seq, rule: event.kind.name) }
}

/// Finds or makes what an event names.
struct Resolver {
  let db: Database
  let things: Things
  /// Whether the event is being received: then what a name means is looked up and, where it is no key, written down.
  let isNew: Bool

  func resolve(_ event: Event, _ seq: Int64, at: Int64) throws -> Report {
    var report = Report(event: event, seq: seq, at: at)
    report.things.reserveCapacity(event.references.count)
    for reference in event.references { report.things.append((reference.field, try id(of: reference.thing, seq, at))) }
    if case .releaseBuilt(let built) = event.body {
      report.build =
        try built.build.map { try things.id("build", $0) } ?? built.signatureFile.flatMap { try understood($0, seq) }
    }
    return report
  }

  private func id(of thing: EventThing, _ seq: Int64, _ at: Int64) throws -> Int64 {
    switch thing {
    case .vm(let uuid): try things.vm(uuid, at: at)
    case .host(let name): try things.host(name, at: at)
    case .image(let name): try image(name, seq, at)
    case .release(let application, let release): try things.release("release", application, release)
    }
  }

  private func image(_ name: String, _ seq: Int64, _ at: Int64) throws -> Int64 {
    if !isNew { return try things.image(understood(name, seq).map(things.key) ?? name, at: at) }
    guard let known = try find(name), known.key != name else { return try things.image(name, at: at) }
    try understand(name, seq, as: known.id)
    return try things.image(known.key, at: at)
  }

  /// Keeps what a name in an event means.
  func understand(_ name: String, _ seq: Int64, as thing: Int64) throws {
    let insert = try db.cachedStatement(sql: "INSERT INTO understood VALUES (?, ?, ?) ON CONFLICT DO NOTHING")
    try insert.run([seq, name, thing])
  }

  private func understood(_ name: String, _ seq: Int64) throws -> Int64? {
    let select = try db.cachedStatement(sql: "SELECT thing_id FROM understood WHERE event_seq = ? AND name = ?")
    return try select.integer([seq, name])
  }

  /// The image that a name means today: its key, `host:path`, its path or its name where these are one image's only.
  func find(_ name: String) throws -> (id: Int64, key: String)? {
    if let id = try things.existing(.image, name) { return (id, name) }
    if let colon = name.firstIndex(of: ":"), name[colon...].hasPrefix(":/") {
      return try only(
        "host = ? AND path = ?", [String(name[..<colon]), String(name[name.index(after: colon)...])])
    }
    return try only(name.hasPrefix("/") ? "path = ?" : "name = ?", [name])
  }

  private func only(_ condition: String, _ arguments: [any Bindable]) throws -> (id: Int64, key: String)? {
    let select = try db.cachedStatement(
      sql: """
        SELECT t.id, t.key FROM image i JOIN thing t ON t.id = i.thing_id
        WHERE \(condition) AND EXISTS (SELECT 1 FROM life WHERE thing_id = t.id AND valid_to = ?) LIMIT 2
        """)
    let rows = try select.all(arguments + [Dialect.forever]) { ($0.integer(0), $0.text(1) ?? "") }
    return rows.count == 1 ? rows.first : nil
  }
}
