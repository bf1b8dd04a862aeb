internal import GRDB

/// The tables of an index file. It is written once and never changed; another layout gets another version.
///
/// A digest or mark that more than `commonCount` artifacts have is common: what is looked up by it is bounded
/// (see `SignatureIndex.match`), so one licence text in every build of a large index costs no more than a rare file.
enum IndexSchema {
  /// "VMLS": the SQLite application id of an index.
  static let applicationID = 0x564D_4C53
  static let version = 1
  static let commonCount = 200
  /// What more applications than this have says little of any of them.
  static let fewApplications = 3

  /// Columns are in the order of the values' fields. Times are the text of the signature file.
  static let statements = [
    """
    CREATE TABLE builds (
      id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, application TEXT NOT NULL, release TEXT NOT NULL,
      platform TEXT, compiler TEXT, builder TEXT, command TEXT, built TEXT) STRICT
    """,
    // `name` is the path's last name where the artifact has a `text` mark: what Screen.textNames is made of.
    """
    CREATE TABLE artifacts (
      id INTEGER PRIMARY KEY, build INTEGER NOT NULL REFERENCES builds, position INTEGER NOT NULL, path TEXT NOT NULL,
      size INTEGER NOT NULL, sha256 BLOB NOT NULL, gitoid TEXT NOT NULL, kind TEXT NOT NULL, name TEXT,
      UNIQUE (build, position)) STRICT
    """,
    """
    CREATE TABLE marks (
      artifact INTEGER NOT NULL REFERENCES artifacts, position INTEGER NOT NULL, kind TEXT NOT NULL,
      value TEXT NOT NULL, PRIMARY KEY (artifact, position)) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE sources (
      id INTEGER PRIMARY KEY, path TEXT NOT NULL, repository TEXT NOT NULL, revision TEXT, blob TEXT NOT NULL,
      author TEXT, created TEXT, revised TEXT, revisions INTEGER, uncommitted INTEGER NOT NULL) STRICT
    """,
    """
    CREATE TABLE artifact_sources (
      artifact INTEGER NOT NULL REFERENCES artifacts, position INTEGER NOT NULL,
      source INTEGER NOT NULL REFERENCES sources, PRIMARY KEY (artifact, position)) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE digests (
      sha256 BLOB NOT NULL PRIMARY KEY, artifacts INTEGER NOT NULL, applications INTEGER NOT NULL) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE common_marks (
      kind TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (kind, value)) STRICT, WITHOUT ROWID
    """,
  ]

  /// Made after the rows are in: sorting once is faster than keeping order all along.
  static let indexes = [
    "CREATE INDEX artifacts_by_sha256 ON artifacts (sha256, build)",
    "CREATE INDEX artifacts_by_size ON artifacts (size)",
    "CREATE INDEX artifacts_by_name ON artifacts (name) WHERE name IS NOT NULL",
    "CREATE INDEX marks_by_value ON marks (kind, value)",
  ]

  /// What is counted once, so that a look-up need not.
  static let summaries = [
    """
    INSERT INTO digests SELECT sha256, count(*), count(DISTINCT application)
      FROM artifacts JOIN builds ON builds.id = artifacts.build GROUP BY sha256
    """,
    """
    INSERT INTO common_marks SELECT kind, value FROM marks WHERE kind <> 'shape'
      GROUP BY kind, value HAVING count(DISTINCT artifact) > \(commonCount)
    """,
  ]

  /// Every table and index as SQLite describes them. A file whose description differs is not an index: a view that
  /// poses as a table, a trigger and a generated column are all seen here.
  static func description(_ db: Database) throws -> [String] {
    try String.fetchAll(
      db,
      sql: """
        SELECT type || ' ' || name || ' ' || tbl_name || ' ' || coalesce(sql, '') FROM sqlite_schema
        WHERE name NOT LIKE 'sqlite_stat%' ORDER BY 1
        """)
  }

  /// The description that a file of this version has.
  static func expected() throws -> [String] {
    try DatabaseQueue().write { db in
      for statement in statements + indexes { try db.execute(sql: statement) }
      return try description(db)
    }
  }
}
