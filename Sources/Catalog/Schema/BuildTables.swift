/// What signatures say. A relation that never changes is a column and no link: build to release, artifact to build,
/// revision to source.
let buildTables = [
  // `released`: the earliest build or report of one.
  """
  CREATE TABLE application_release (
    thing_id \(Dialect.integer) PRIMARY KEY REFERENCES thing (id),
    kind TEXT NOT NULL, name TEXT NOT NULL, version TEXT NOT NULL, released \(Dialect.integer),
    UNIQUE (name, version, kind)
  ) \(Dialect.strict)
  """,
  """
  CREATE TABLE build (
    thing_id \(Dialect.integer) PRIMARY KEY REFERENCES thing (id),
    digest \(Dialect.bytes) NOT NULL UNIQUE,
    release_id \(Dialect.integer) NOT NULL REFERENCES application_release (thing_id),
    platform TEXT, compiler TEXT, builder TEXT, built \(Dialect.integer)
  ) \(Dialect.strict)
  """,
  "CREATE INDEX build_release ON build (release_id)",
  """
  CREATE TABLE artifact (
    thing_id \(Dialect.integer) PRIMARY KEY REFERENCES thing (id),
    build_id \(Dialect.integer) NOT NULL REFERENCES build (thing_id),
    path TEXT NOT NULL, size \(Dialect.integer) NOT NULL, sha256 \(Dialect.bytes) NOT NULL,
    git_blob TEXT NOT NULL, kind TEXT NOT NULL,
    UNIQUE (build_id, path)
  ) \(Dialect.strict)
  """,
  "CREATE INDEX artifact_sha256 ON artifact (sha256)",
  "CREATE INDEX artifact_path ON artifact (path)",
  "CREATE INDEX artifact_name ON artifact (\(lastPart("path")))",
  """
  CREATE TABLE source (
    thing_id \(Dialect.integer) PRIMARY KEY REFERENCES thing (id),
    repository TEXT NOT NULL, path TEXT NOT NULL, created \(Dialect.integer),
    UNIQUE (path, repository)
  ) \(Dialect.strict)
  """,
  "CREATE INDEX source_name ON source (\(lastPart("path")))",
  """
  CREATE TABLE revision (
    thing_id \(Dialect.integer) PRIMARY KEY REFERENCES thing (id),
    source_id \(Dialect.integer) NOT NULL REFERENCES source (thing_id),
    revision_commit TEXT, blob TEXT NOT NULL, author TEXT, revised \(Dialect.integer), earlier \(Dialect.integer),
    uncommitted INTEGER NOT NULL CHECK (uncommitted IN (0, 1))
  ) \(Dialect.strict)
  """,
  "CREATE INDEX revision_source ON revision (source_id)",
  "CREATE INDEX revision_commit ON revision (revision_commit)",
  "CREATE INDEX revision_revised ON revision (revised)",
  "CREATE INDEX revision_author ON revision (author)",
]
