internal import GRDB

/// Drops everything that is projected from events, scans and what was concluded of these, and makes it again.
struct Rebuild {
  let db: Database

  func run() throws {
    // Made again by the next scan.
    for table in [
      "conclusion", "concluded_application", "inheritance", "reboot", "image_place", "vm_setting", "vm_state", "life",
    ] {
      try db.execute(sql: "DELETE FROM \(table)")
    }
    // What a signature says stays: it is a fact.
    try db.execute(
      sql: "DELETE FROM link WHERE from_id IN (SELECT id FROM thing WHERE kind IN ('host', 'vm', 'image', 'release'))")
    for table in ["host", "vm", "image"] { try db.execute(sql: "DELETE FROM \(table)") }
    try db.execute(
      sql: """
        UPDATE application_release
        SET released = (SELECT min(b.built) FROM build b WHERE b.release_id = application_release.thing_id)
        """)
    let inventories = try Int64.fetchAll(db, sql: "SELECT id FROM inventory ORDER BY id")
    for inventory in inventories { try JoinedBuilds(db).link(inventory: inventory) }
    try project()
  }

  /// In the order of time, so that most histories are told once.
  private func project() throws {
    let projector = Projector(db)
    let facts = Facts(db, projector.things)
    let rows = try Row.fetchCursor(
      db,
      sql: """
        SELECT at, 0 AS kind, seq AS id, 0 AS image FROM event
        UNION ALL SELECT at, 1, id, image_id FROM image_seen UNION ALL SELECT received, 2, id, image_id FROM inventory
        ORDER BY 1, 2, 3
        """)
    while let row = try rows.next() {
      let (at, kind, id, image): (Int64, Int64, Int64, Int64) = (row[0], row[1], row[2], row[3])
      if kind == 0 {
        try tellEvent(id, projector, facts)
      } else {
        let scan: Projector.ScanFact = kind == 1 ? .seen(id) : .inventory(id)
        _ = try projector.things.image(projector.things.key(of: image), at: at)
        projector.begin(try projector.things.history(of: image))
        try projector.add(
          Fact(moment: Moment(scan, at: at), image: image, body: .scan(scan)), to: projector.things.history(of: image))
      }
    }
    try projector.settle()
  }

  private func tellEvent(_ seq: Int64, _ projector: Projector, _ facts: Facts) throws {
    let select = try db.cachedStatement(sql: "SELECT seq, at, body FROM event WHERE seq = ?")
    guard let event = try select.all([seq], StoredEvent.init).first else { return }
    let fact = try facts.fact(event)
    guard case .report(let report) = fact.body, let subject = report.subject else { return }
    let thing = try projector.things.history(of: subject)
    projector.begin(thing)
    try projector.add(fact, to: thing)
  }
}
