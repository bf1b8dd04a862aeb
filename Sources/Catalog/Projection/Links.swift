internal import GRDB

/// Links and the claims made for them.
struct Links {
  let db: Database

  init(_ db: Database) { self.db = db }

  /// The link of `from` to `to` that is valid at `at`.
  func open(_ from: Int64, _ to: Int64, at: Int64) throws -> Int64? {
    let select = try db.cachedStatement(
      sql: "SELECT id FROM link WHERE from_id = ? AND to_id = ? AND valid_from <= ? AND valid_to > ?")
    return try select.integer([from, to, at, at])
  }

  /// `from` comes from `to` from `at` on: the link that is valid then, or a new one; and why.
  func hold(_ from: Int64, _ to: Int64, at: Int64, _ claim: LinkClaim) throws {
    _ = try hold(open(from, to, at: at), from, to, at: at, until: Dialect.forever, claim)
  }

  /// The same where the link that is valid then, if there is one, was looked up, and `end` of what leads there is known: what
  /// would end as it begins never was. Gives the link.
  func hold(
    _ known: Int64?, _ from: Int64, _ to: Int64, at: Int64, until end: Int64, _ claim: LinkClaim
  ) throws -> Int64? {
    if end <= at { return nil }
    if let known {
      try add(claim, to: known, at: at)
      return known
    }
    let insert = try db.cachedStatement(
      sql: """
        INSERT INTO link (from_id, to_id, valid_from, valid_to, origin, confidence, evidence_group)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        """)
    let id = try found(insert.insert([from, to, at, end, claim.origin, claim.confidence, claim.group]))
    try insertClaim(claim, id, at: at)
    return id
  }

  /// Ends a link at `at`; one that began then never was, nor was there then a reason to believe it.
  func end(_ link: Int64, at: Int64) throws {
    let update = try db.cachedStatement(
      sql: "UPDATE link SET valid_to = ? WHERE id = ? AND valid_to > ? AND valid_from < ?")
    try update.run([at, link, at, at])
    if db.changesCount > 0 {
      try db.cachedStatement(sql: "DELETE FROM claim WHERE link_id = ? AND at >= ?").run([link, at])
      if db.changesCount > 0 { try settle(link) }
    } else {
      try db.cachedStatement(sql: "DELETE FROM link WHERE id = ? AND valid_from >= ?").run([link, at])
    }
  }

  /// Ends all links that lead from a thing and are valid at `at`. Gives where they led.
  @discardableResult
  func endAll(from thing: Int64, at: Int64) throws -> [Int64] {
    let select = try db.cachedStatement(
      sql: "SELECT id, to_id FROM link WHERE from_id = ? AND valid_from <= ? AND valid_to > ?")
    return try end(select.all([thing, at, at]) { ($0.integer(0), $0.integer(1)) }, at)
  }

  /// Ends all links that lead from things of a kind to a thing and are valid at `at`. Gives those things.
  @discardableResult
  func endAll(to thing: Int64, from kind: NamedKind, at: Int64) throws -> [Int64] {
    let select = try db.cachedStatement(
      sql: """
        SELECT l.id, l.from_id FROM link l JOIN thing f ON f.id = l.from_id
        WHERE l.to_id = ? AND l.valid_from <= ? AND l.valid_to > ? AND f.kind = ?
        """)
    return try end(select.all([thing, at, at, kind.name]) { ($0.integer(0), $0.integer(1)) }, at)
  }

  private func end(_ links: [(id: Int64, other: Int64)], _ at: Int64) throws -> [Int64] {
    try links.map { link in
      try end(link.id, at: at)
      return link.other
    }
  }

  /// Makes a link's origin, confidence and evidence group those of its best claim. A link without claims goes.
  func settle(_ link: Int64) throws {
    let best = try Row.fetchOne(
      db.cachedStatement(
        sql: """
          SELECT origin, confidence, evidence_group FROM claim WHERE link_id = ? ORDER BY origin, confidence DESC, id LIMIT 1
          """), arguments: [link])
    guard let best else {
      return try db.cachedStatement(sql: "DELETE FROM link WHERE id = ?").run([link])
    }
    let update = try db.cachedStatement(
      sql: "UPDATE link SET origin = ?, confidence = ?, evidence_group = ? WHERE id = ?")
    try update.run([best[0] as Int64, best[1] as Double, best[2] as Int64, link])
  }

  private func add(_ claim: LinkClaim, to link: Int64, at: Int64) throws {
    try insertClaim(claim, link, at: at)
    let update = try db.cachedStatement(
      sql: """
        UPDATE link SET origin = ?, confidence = ?, evidence_group = ?
        WHERE id = ? AND (origin > ? OR origin = ? AND confidence < ?)
        """)
    try update.run([
      claim.origin, claim.confidence, claim.group, link, claim.origin, claim.origin, claim.confidence,
    ])
  }

  private func insertClaim(_ claim: LinkClaim, _ link: Int64, at: Int64) throws {
    let insert = try db.cachedStatement(
      sql: """
        INSERT INTO claim (link_id, sighting_id, inventory_id, event_seq, at, origin, confidence, evidence_group, rule,
          rule_version, evidence) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """)
    try insert.run([
      link, claim.sighting, claim.inventory, claim.event, at, claim.origin, claim.confidence, claim.group,
      claim.rule, claim.ruleVersion, claim.evidence,
    ])
  }
}

/// One reason to believe a link, as it is stored.
struct LinkClaim {
  /// 1 captured, 2 declared, 3 inferred.
  var origin: Int64 = 1
  var confidence: Double = 1
  /// Claims of one group stand and fall together; 0 stands alone.
  var group: Int64 = 0
  var rule: String
  var ruleVersion: Int64 = 1
  var event: Int64?
  var sighting: Int64?
  var inventory: Int64?
  var evidence: String?

  /// What an event says is captured and stands alone.
  init(event: Int64, rule: String) {
    self.event = event
    self.rule = rule
  }

  /// What one inventory declares stands and falls together, and so does what its contents show. Takes columns `id,
  /// inventory_id, origin, confidence, rule, rule_version` of `sighting`; the evidence stays there.
  init(sighting row: Row) {
    (sighting, inventory, origin, confidence, rule, ruleVersion) = (row[0], row[1], row[2], row[3], row[4], row[5])
    group = (inventory ?? 0) * 2 + (origin == 2 ? 0 : 1)
  }
}

func found(_ id: Int64?) throws -> Int64 {
  guard let id else { throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "a row is there and is not") }
  return id
}
