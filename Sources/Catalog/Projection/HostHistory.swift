internal import Events
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

  /// The vms that this took from it.
  func tell(_ report: Report) throws -> [Int64] {
    switch report.event.body {
    case .hostAdded(let added):
      try life.begin(host, at: report.at)
      let update = try db.cachedStatement(sql: "UPDATE host SET host_group = ? WHERE thing_id = ?")
      if let group = added.group { try update.run([group, host]) }
    case .hostRebooted(let rebooted):
      let insert = try db.cachedStatement(sql: "INSERT INTO reboot VALUES (?, ?, ?, ?)")
      try insert.run([host, report.at, report.seq, Int64(rebooted.expected ? 1 : 0)])
    case .hostDecommissioned:
      try life.end(host, at: report.at)
      return try Links(db).endAll(from: host, at: report.at)
    default: break
    }
    return []
  }
}
