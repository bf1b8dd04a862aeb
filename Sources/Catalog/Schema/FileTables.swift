/// What lies in images. Dictionaries (`path`, `content`, `fingerprint`) hold once what clones of an image share.
let fileTables = [
  "CREATE TABLE path (id \(Dialect.key), bytes \(Dialect.bytes) NOT NULL UNIQUE) \(Dialect.strict)",
  """
  CREATE TABLE content (
    id \(Dialect.key),
    sha256 \(Dialect.bytes) NOT NULL, git_blob TEXT NOT NULL, gitoid \(Dialect.bytes) NOT NULL, md5 TEXT NOT NULL,
    UNIQUE (sha256, git_blob, gitoid, md5)
  ) \(Dialect.strict)
  """,
  """
  CREATE TABLE fingerprint (
    id \(Dialect.key),
    digest \(Dialect.bytes) NOT NULL UNIQUE,
    kind TEXT NOT NULL, descriptions TEXT NOT NULL, problem TEXT
  ) \(Dialect.strict)
  """,
  """
  CREATE TABLE mark (
    fingerprint_id \(Dialect.integer) NOT NULL REFERENCES fingerprint (id), position INTEGER NOT NULL,
    kind TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (fingerprint_id, position)
  ) \(Dialect.strict)
  """,
  """
  CREATE TABLE file (
    inventory_id \(Dialect.integer) NOT NULL REFERENCES inventory (id), position INTEGER NOT NULL,
    volume TEXT NOT NULL, path_id \(Dialect.integer) NOT NULL REFERENCES path (id),
    kind TEXT NOT NULL CHECK (kind IN ('regular', 'directory', 'link', 'other')),
    size \(Dialect.integer) NOT NULL, modified \(Dialect.integer) NOT NULL, inode \(Dialect.integer) NOT NULL,
    mode INTEGER NOT NULL, uid \(Dialect.integer) NOT NULL, gid \(Dialect.integer) NOT NULL,
    links \(Dialect.integer) NOT NULL,
    target_id \(Dialect.integer) REFERENCES path (id),
    content_id \(Dialect.integer) REFERENCES content (id),
    fingerprint_id \(Dialect.integer) REFERENCES fingerprint (id),
    unreadable TEXT,
    PRIMARY KEY (inventory_id, position)
  ) \(Dialect.strictByKey)
  """,
  """
  CREATE TABLE supplement (
    inventory_id \(Dialect.integer) NOT NULL, position INTEGER NOT NULL,
    content_id \(Dialect.integer) NOT NULL REFERENCES content (id),
    fingerprint_id \(Dialect.integer) REFERENCES fingerprint (id),
    received TEXT NOT NULL,
    PRIMARY KEY (inventory_id, position),
    FOREIGN KEY (inventory_id, position) REFERENCES file (inventory_id, position)
  ) \(Dialect.strict)
  """,
]
