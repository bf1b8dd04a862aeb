/// The facts of scans, but for files and packages.
let imageTables = [
  // Where a scan found an image, and the role that it was given then: a row for each change.
  """
  CREATE TABLE image_seen (
    id \(Dialect.key),
    image_id \(Dialect.integer) NOT NULL REFERENCES thing (id), at \(Dialect.integer) NOT NULL,
    host TEXT, path TEXT, device \(Dialect.integer), inode \(Dialect.integer),
    role TEXT CHECK (role IN ('golden', 'deployed', 'unknown'))
  ) \(Dialect.strict)
  """,
  "CREATE INDEX image_seen_image ON image_seen (image_id, at)",
  """
  CREATE TABLE inventory (
    id \(Dialect.key),
    image_id \(Dialect.integer) NOT NULL REFERENCES thing (id),
    received \(Dialect.integer) NOT NULL,
    version INTEGER NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('scanned', 'partial', 'failed', 'unrecognised')),
    problem TEXT, format TEXT, virtual_size \(Dialect.integer), format_id TEXT,
    parent_name TEXT, parent_format_id TEXT,
    files \(Dialect.integer) NOT NULL, files_read \(Dialect.integer) NOT NULL,
    digested \(Dialect.integer) NOT NULL, unreadable \(Dialect.integer) NOT NULL
  ) \(Dialect.strict)
  """,
  "CREATE INDEX inventory_image ON inventory (image_id, received)",
  "CREATE INDEX inventory_format ON inventory (format_id)",
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
