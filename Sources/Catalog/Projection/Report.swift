internal import GRDB

/// An event whose names are the things that they mean.
struct Report {
  var event: Event
  var seq: Int64
  /// When it was so, in milliseconds.
  var at: Int64
  var vm: Int64?
  var from: Int64?
  var host: Int64?
  /// What it is about.
  var image: Int64?
  /// Those of a vm that is made.
  var images: [Int64] = []
  var parent: Int64?
  var release: Int64?
  /// That a built release is joined with.
  var build: Int64?
  var acted: [Int64] = []

  /// Whose history it is part of: its kind decides, whatever other fields it has.
  var subject: Int64? {
    switch event.kind {
    case .releaseBuilt: release
    case .hostAdded, .hostRebooted, .hostDecommissioned: host
    case .action: nil
    default: image ?? vm
    }
  }

  var claim: LinkClaim { LinkClaim(event: seq, rule: event.kind.rawValue) }
}

/// Finds or makes what an event names.
struct Resolver {
  let db: Database
  let things: Things
  /// Whether the event is being received: then what a name means is looked up and, where it is no key, written down.
  let isNew: Bool

  func resolve(_ event: Event, _ seq: Int64, at: Int64) throws -> Report {
    var report = Report(event: event, seq: seq, at: at)
    report.vm = try vmKey(event.vm).map { try things.vm($0, at: at) }
    report.from = try vmKey(event.from).map { try things.vm($0, at: at) }
    report.host = try event.host.map { try things.host($0, at: at) }
    switch event.kind {
    case .vmCreated: report.images = try event.allImages.map { try image($0, seq, at) }
    case .imageCreated, .imageMoved, .imageDeleted: report.image = try event.image.map { try image($0, seq, at) }
    case .applicationInstalled, .applicationPatched, .applicationRemoved:
      if report.vm == nil { report.image = try event.image.map { try image($0, seq, at) } }
    default: break
    }
    report.parent = try event.parent.map { try image($0, seq, at) }
    if let application = event.application, let release = event.release {
      report.release = try things.release("release", application, release)
    }
    if event.kind == .releaseBuilt, let signature = event.signature {
      report.build = try event.buildID.map { try things.id("build", $0) } ?? understood(signature, seq)
    }
    report.acted = try (event.vms ?? []).map { try things.vm(vmKey($0) ?? $0, at: at) }
    return report
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
