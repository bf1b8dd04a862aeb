internal import Fingerprints
internal import Foundation
internal import GRDB

extension SignatureIndex {
  /// Everything that the index knows about the files that `keys` describe, in one join.
  ///
  /// A hit for each artifact with an equal digest, and for each equal mark (but `shape`) of another artifact; an equal
  /// digest implies equal marks, so those are not repeated. Empty and tiny files hit like any other: what that is worth
  /// is for Lineage.
  ///
  /// Bounds: what more than 200 artifacts of the index have is common. A common digest, and a common mark that stands
  /// for a whole file, hits those builds only that something rare hits too; a common `section` mark hits nothing. A
  /// common digest that few applications have (one that did not change for 200 releases) and that hits nothing that
  /// way hits the first 200 artifacts that have it. Counts in `applicationsPerDigest` are always of the whole index.
  package func match(_ keys: some Sequence<MatchKey>) throws -> MatchSet {
    try read { db in
      try db.execute(sql: Look.tables)
      try insert(keys, db)
      for statement in Look.hits { try db.execute(sql: statement) }
      return try result(db)
    }
  }

  /// Only what the index knows is kept: of a million files that may be none.
  private func insert(_ keys: some Sequence<MatchKey>, _ db: Database) throws {
    let digest = try db.makeStatement(
      sql: "INSERT INTO temp.key_digests SELECT ?1, ?2 WHERE EXISTS (SELECT 1 FROM main.digests WHERE sha256 = ?1)")
    let mark = try db.makeStatement(
      sql: """
        INSERT OR IGNORE INTO temp.key_marks SELECT ?1, ?2, ?3
        WHERE EXISTS (SELECT 1 FROM main.marks WHERE kind = ?1 AND value = ?2)
        """)
    for key in keys {
      if let sha256 = key.sha256 { try digest.execute(arguments: [Data(sha256.bytes), key.file]) }
      for each in key.marks where each.kind != .shape {
        try mark.execute(arguments: [each.kind.rawValue, each.value, key.file])
      }
    }
  }

  private func result(_ db: Database) throws -> MatchSet {
    var set = MatchSet()
    set.applications = try Int.fetchOne(db, sql: "SELECT count(DISTINCT application) FROM builds") ?? 0
    var digests: [Int64: Digest] = [:]
    for id in try Int64.fetchAll(db, sql: "SELECT DISTINCT build FROM temp.hits ORDER BY build") {
      let signature = try signature(db, id)
      guard let build = signature.build else { continue }
      digests[id] = build
      set.builds[build] = signature
    }
    let hits = try Row.fetchCursor(
      db, sql: "SELECT file, build, position, kind, value FROM temp.hits ORDER BY file, build, position, kind, value")
    while let row = try hits.next() {
      let kind: String = try row.value(3)
      let mark = try MarkKind(rawValue: kind).map { Mark($0, try row.value(4)) }
      guard let build = digests[try row.value(1)], mark != nil || kind.isEmpty else {
        throw IndexDamage("a hit has no build, or its mark no kind")
      }
      set.hits.append(MatchHit(file: try row.value(0), build: build, artifact: try row.value(2), mark: mark))
    }
    let counts = try Row.fetchCursor(
      db,
      sql: "SELECT sha256, applications FROM main.digests WHERE sha256 IN (SELECT sha256 FROM temp.key_digests)")
    while let row = try counts.next() { set.applicationsPerDigest[try row.digest(0)] = try row.value(1) }
    return set
  }
}

/// The look-up in SQL. `CROSS JOIN` keeps SQLite to the order that is written: from the few keys to the large tables.
private enum Look {
  static let tables = """
    CREATE TEMP TABLE key_digests (sha256 BLOB NOT NULL, file INTEGER NOT NULL, PRIMARY KEY (sha256, file))
      WITHOUT ROWID;
    CREATE TEMP TABLE key_marks (kind TEXT NOT NULL, value TEXT NOT NULL, file INTEGER NOT NULL,
      PRIMARY KEY (kind, value, file)) WITHOUT ROWID;
    CREATE TEMP TABLE hits (file INTEGER NOT NULL, build INTEGER NOT NULL, position INTEGER NOT NULL,
      kind TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (file, build, position, kind, value)) WITHOUT ROWID;
    CREATE TEMP TABLE candidates (build INTEGER PRIMARY KEY);
    """

  static let hits = [rareDigests, rareMarks, candidates, commonDigests, commonMarks]

  private static let rareDigests = """
    INSERT INTO temp.hits SELECT key.file, artifact.build, artifact.position, '', ''
      FROM temp.key_digests AS key CROSS JOIN main.digests AS digest ON digest.sha256 = key.sha256
      CROSS JOIN main.artifacts AS artifact ON artifact.sha256 = key.sha256
      WHERE digest.artifacts <= \(IndexSchema.commonCount)
    """

  private static let rareMarks = """
    INSERT OR IGNORE INTO temp.hits SELECT key.file, artifact.build, artifact.position, key.kind, key.value
      FROM temp.key_marks AS key CROSS JOIN main.marks AS mark ON mark.kind = key.kind AND mark.value = key.value
      CROSS JOIN main.artifacts AS artifact ON artifact.id = mark.artifact
      WHERE NOT EXISTS (SELECT 1 FROM main.common_marks AS common
          WHERE common.kind = key.kind AND common.value = key.value)
        AND NOT EXISTS (SELECT 1 FROM temp.key_digests AS same
          WHERE same.sha256 = artifact.sha256 AND same.file = key.file)
    """

  private static let candidates = "INSERT INTO temp.candidates SELECT DISTINCT build FROM temp.hits"

  private static let commonDigests = """
    INSERT INTO temp.hits SELECT key.file, artifact.build, artifact.position, '', ''
      FROM temp.key_digests AS key CROSS JOIN main.digests AS digest ON digest.sha256 = key.sha256
      CROSS JOIN temp.candidates AS candidate
      CROSS JOIN main.artifacts AS artifact ON artifact.sha256 = key.sha256 AND artifact.build = candidate.build
      WHERE digest.artifacts > \(IndexSchema.commonCount);
    INSERT OR IGNORE INTO temp.hits SELECT key.file, artifact.build, artifact.position, '', ''
      FROM temp.key_digests AS key CROSS JOIN main.digests AS digest ON digest.sha256 = key.sha256
      CROSS JOIN main.artifacts AS artifact ON artifact.id IN (
        SELECT first.id FROM main.artifacts AS first WHERE first.sha256 = key.sha256
        ORDER BY first.build LIMIT \(IndexSchema.commonCount))
      WHERE digest.artifacts > \(IndexSchema.commonCount) AND digest.applications <= \(IndexSchema.fewApplications)
        AND NOT EXISTS (SELECT 1 FROM temp.hits AS hit WHERE hit.file = key.file)
    """

  private static let commonMarks = """
    INSERT OR IGNORE INTO temp.hits SELECT key.file, artifact.build, artifact.position, key.kind, key.value
      FROM temp.candidates AS candidate
      CROSS JOIN main.artifacts AS artifact ON artifact.build = candidate.build
      CROSS JOIN main.marks AS mark ON mark.artifact = artifact.id AND mark.kind NOT IN ('shape', 'section')
      CROSS JOIN main.common_marks AS common ON common.kind = mark.kind AND common.value = mark.value
      CROSS JOIN temp.key_marks AS key ON key.kind = mark.kind AND key.value = mark.value
      WHERE NOT EXISTS (SELECT 1 FROM temp.key_digests AS same
        WHERE same.sha256 = artifact.sha256 AND same.file = key.file)
    """
}
