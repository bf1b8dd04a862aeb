internal import GRDB

/// Every version that the catalog has had. A migration that was ever released is never edited.
let schema: DatabaseMigrator = {
  var migrator = DatabaseMigrator()
  migrator.registerMigration("1") { db in
    for statement in firstSchema { try db.execute(sql: statement) }
  }
  return migrator
}()

/// Facts first, what is concluded from them last.
///
/// Dictionaries (`folder`, `attributes`, `content`, `fingerprint`, `package`) hold once what clones of an image share. Numbers that use
/// all 64 bits (device, inode, size) are kept by their bit pattern. Times are ISO 8601 in UTC, or as their column says.
private let firstSchema =
  thingTables + imageTables + fileTables + packageTables + buildTables + claimTables + fileViews

/// Whatever a link can join: `key` names it for ever, by its kind.
private let thingTables = [
  """
  CREATE TABLE thing (
    id \(Dialect.key),
    kind TEXT NOT NULL CHECK (kind IN ('image', 'parent', 'release', 'build', 'artifact', 'source', 'revision')),
    key TEXT NOT NULL,
    UNIQUE (kind, key)
  ) \(Dialect.strict)
  """
]

private let imageTables = [
  """
  CREATE TABLE image (
    thing_id \(Dialect.integer) PRIMARY KEY REFERENCES thing (id),
    host TEXT NOT NULL, path TEXT NOT NULL,
    device \(Dialect.integer) NOT NULL, inode \(Dialect.integer) NOT NULL,
    role TEXT NOT NULL DEFAULT 'unknown' CHECK (role IN ('golden', 'deployed', 'unknown')),
    first_seen TEXT NOT NULL,
    UNIQUE (host, path)
  ) \(Dialect.strict)
  """,
  "CREATE INDEX image_inode ON image (host, device, inode)",
  """
  CREATE TABLE inventory (
    id \(Dialect.key),
    image_id \(Dialect.integer) NOT NULL REFERENCES image (thing_id),
    received TEXT NOT NULL,
    version INTEGER NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('scanned', 'partial', 'failed', 'unrecognised')),
    problem TEXT, format TEXT, virtual_size \(Dialect.integer), format_id TEXT,
    parent_name TEXT, parent_format_id TEXT,
    files \(Dialect.integer) NOT NULL, files_read \(Dialect.integer) NOT NULL,
    digested \(Dialect.integer) NOT NULL, unreadable \(Dialect.integer) NOT NULL
  ) \(Dialect.strict)
  """,
  "CREATE INDEX inventory_image ON inventory (image_id)",
  """
  CREATE TABLE image_file (
    inventory_id \(Dialect.integer) NOT NULL REFERENCES inventory (id), position INTEGER NOT NULL,
    path TEXT NOT NULL, format TEXT NOT NULL, size \(Dialect.integer) NOT NULL,
    modified \(Dialect.integer) NOT NULL, changed \(Dialect.integer) NOT NULL,
    device \(Dialect.integer) NOT NULL, inode \(Dialect.integer) NOT NULL,
    PRIMARY KEY (inventory_id, position)
  ) \(Dialect.strict)
  """,
  """
  CREATE TABLE volume (
    inventory_id \(Dialect.integer) NOT NULL REFERENCES inventory (id), position INTEGER NOT NULL,
    name TEXT NOT NULL, file_system TEXT NOT NULL, label TEXT, uuid TEXT, reader TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('read', 'partial', 'encrypted', 'failed')),
    journal TEXT CHECK (journal IN ('clean', 'replayed', 'left')),
    problem TEXT, system TEXT, mount_point \(Dialect.bytes),
    PRIMARY KEY (inventory_id, position)
  ) \(Dialect.strict)
  """,
  """
  CREATE TABLE operating_system (
    inventory_id \(Dialect.integer) NOT NULL REFERENCES inventory (id), position INTEGER NOT NULL,
    volume TEXT NOT NULL, family TEXT NOT NULL, distribution TEXT NOT NULL, version TEXT NOT NULL,
    product TEXT NOT NULL, architecture TEXT, hostname TEXT,
    PRIMARY KEY (inventory_id, position)
  ) \(Dialect.strict)
  """,
]

private let packageTables = [
  """
  CREATE TABLE package (
    id \(Dialect.key),
    digest \(Dialect.bytes) NOT NULL UNIQUE,
    kind TEXT NOT NULL, name TEXT NOT NULL, version TEXT NOT NULL, architecture TEXT,
    source_name TEXT, source_version TEXT, vendor TEXT, revision TEXT, repository TEXT,
    location_folder_id \(Dialect.integer) NOT NULL REFERENCES folder (id), location_name \(Dialect.name) NOT NULL
  ) \(Dialect.strict)
  """,
  """
  CREATE TABLE package_file (
    package_id \(Dialect.integer) NOT NULL REFERENCES package (id), position INTEGER NOT NULL,
    folder_id \(Dialect.integer) NOT NULL REFERENCES folder (id), name \(Dialect.name) NOT NULL,
    algorithm TEXT, digest TEXT,
    is_configuration INTEGER NOT NULL CHECK (is_configuration IN (0, 1)),
    PRIMARY KEY (package_id, position)
  ) \(Dialect.strictByKey)
  """,
  """
  CREATE TABLE inventory_package (
    inventory_id \(Dialect.integer) NOT NULL REFERENCES inventory (id), position INTEGER NOT NULL,
    package_id \(Dialect.integer) NOT NULL REFERENCES package (id), volume TEXT NOT NULL,
    PRIMARY KEY (inventory_id, position)
  ) \(Dialect.strict)
  """,
]

private let buildTables = [
  """
  CREATE TABLE application_release (
    thing_id \(Dialect.integer) PRIMARY KEY REFERENCES thing (id),
    kind TEXT NOT NULL, name TEXT NOT NULL, version TEXT NOT NULL,
    UNIQUE (kind, name, version)
  ) \(Dialect.strict)
  """,
  """
  CREATE TABLE build (
    thing_id \(Dialect.integer) PRIMARY KEY REFERENCES thing (id),
    digest \(Dialect.bytes) NOT NULL UNIQUE,
    release_id \(Dialect.integer) NOT NULL REFERENCES application_release (thing_id),
    platform TEXT, compiler TEXT, builder TEXT, built TEXT
  ) \(Dialect.strict)
  """,
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
  """
  CREATE TABLE source (
    thing_id \(Dialect.integer) PRIMARY KEY REFERENCES thing (id),
    repository TEXT NOT NULL, path TEXT NOT NULL, created TEXT,
    UNIQUE (repository, path)
  ) \(Dialect.strict)
  """,
  """
  CREATE TABLE revision (
    thing_id \(Dialect.integer) PRIMARY KEY REFERENCES thing (id),
    source_id \(Dialect.integer) NOT NULL REFERENCES source (thing_id),
    revision_commit TEXT, blob TEXT NOT NULL, author TEXT, revised TEXT, earlier \(Dialect.integer),
    uncommitted INTEGER NOT NULL CHECK (uncommitted IN (0, 1))
  ) \(Dialect.strict)
  """,
]

private let claimTables = [
  """
  CREATE TABLE link (
    id \(Dialect.key),
    from_id \(Dialect.integer) NOT NULL REFERENCES thing (id),
    to_id \(Dialect.integer) NOT NULL REFERENCES thing (id),
    valid_from TEXT, valid_to TEXT,
    UNIQUE (from_id, to_id)
  ) \(Dialect.strict)
  """,
  "CREATE INDEX link_to ON link (to_id)",
  """
  CREATE TABLE claim (
    id \(Dialect.key),
    link_id \(Dialect.integer) NOT NULL REFERENCES link (id),
    inventory_id \(Dialect.integer) REFERENCES inventory (id),
    origin TEXT NOT NULL CHECK (origin IN ('captured', 'declared', 'inferred')),
    confidence \(Dialect.real) NOT NULL CHECK (confidence BETWEEN 0 AND 1),
    rule TEXT NOT NULL, rule_version INTEGER NOT NULL,
    evidence TEXT NOT NULL
  ) \(Dialect.strict)
  """,
  "CREATE INDEX claim_link ON claim (link_id)",
  "CREATE INDEX claim_inventory ON claim (inventory_id)",
  """
  CREATE TABLE claim_file (
    claim_id \(Dialect.integer) NOT NULL REFERENCES claim (id) ON DELETE CASCADE,
    inventory_id \(Dialect.integer) NOT NULL REFERENCES inventory (id),
    folder_id \(Dialect.integer) NOT NULL REFERENCES folder (id), name \(Dialect.name) NOT NULL,
    artifact_id \(Dialect.integer) NOT NULL REFERENCES artifact (thing_id),
    level TEXT NOT NULL, weight \(Dialect.real) NOT NULL,
    PRIMARY KEY (claim_id, folder_id, name, artifact_id)
  ) \(Dialect.strict)
  """,
]
