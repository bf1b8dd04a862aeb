internal import GRDB

/// The history of one host, told in the order of time.
struct HostHistory {
  let db: Database
  let host: Int64
  private let life: Life

  init(_ db: Database, _ host: Int64) {
    self.db = db
    self.host = host
    life = Life(db)
  }

  /// Takes back what was projected.
  func reset(firstSeen: Int64) throws {
    try db.cachedStatement(sql: "DELETE FROM reboot WHERE host_id = ?").run([host])
    try db.cachedStatement(sql: "UPDATE host SET host_group = NULL WHERE thing_id = ?").run([host])
    try life.reset(host, firstSeen: firstSeen)
  }

  func tell(_ report: Report) throws {
    switch report.event.kind {
    case .hostAdded:
      try life.begin(host, at: report.at)
      let update = try db.cachedStatement(sql: "UPDATE host SET host_group = ? WHERE thing_id = ?")
      if let group = report.event.group { try update.run([group, host]) }
    case .hostRebooted:
      let insert = try db.cachedStatement(sql: "INSERT INTO reboot VALUES (?, ?, ?, ?)")
      try insert.run([host, report.at, report.seq, Int64(report.event.expected == true ? 1 : 0)])
    case .hostDecommissioned:
      try life.end(host, at: report.at)
      let cut = try db.cachedStatement(
        sql: "UPDATE link SET valid_to = ? WHERE from_id = ? AND valid_from < ? AND valid_to > ?")
      try cut.run([report.at, host, report.at, report.at])
    default: break
    }
  }
}

/// When what began at `at` ends by a later event of the given kind about `thing`. Asked of the facts, so that it does not
/// matter which of the two came first.
func end(_ db: Database, by kind: Event.Kind, of thing: Int64, after at: Int64) throws -> Int64 {
  let select = try db.cachedStatement(
    sql: """
      SELECT s.at FROM event_subject s JOIN event e ON e.seq = s.event_seq
      WHERE s.thing_id = ? AND s.at > ? AND e.kind = ? ORDER BY s.at LIMIT 1
      """)
  return try select.integer([thing, at, kind.rawValue]) ?? Dialect.forever
}
