/// Whatever a link can join: `key` names it for ever, by its kind. A `parent` is an image that was only ever named.
let thingTables = [
  """
  CREATE TABLE thing (
    id \(Dialect.key),
    kind TEXT NOT NULL CHECK (kind IN (
      'image', 'parent', 'release', 'build', 'artifact', 'source', 'revision', 'vm', 'host')),
    key TEXT NOT NULL,
    UNIQUE (kind, key)
  ) \(Dialect.strict)
  """,
  // `first_seen` is the earliest time of any fact that names it, in this table and the next two.
  """
  CREATE TABLE host (
    thing_id \(Dialect.integer) PRIMARY KEY REFERENCES thing (id),
    name TEXT NOT NULL UNIQUE, host_group TEXT, first_seen \(Dialect.integer) NOT NULL
  ) \(Dialect.strict)
  """,
  "CREATE INDEX host_host_group ON host (host_group)",
  """
  CREATE TABLE vm (
    thing_id \(Dialect.integer) PRIMARY KEY REFERENCES thing (id),
    uuid TEXT NOT NULL UNIQUE, name TEXT, first_seen \(Dialect.integer) NOT NULL
  ) \(Dialect.strict)
  """,
  "CREATE INDEX vm_name ON vm (name)",
  // Where it is by the newest fact; a vm's own image has no place of its own. Its earlier places: `image_place`.
  """
  CREATE TABLE image (
    thing_id \(Dialect.integer) PRIMARY KEY REFERENCES thing (id),
    host TEXT, path TEXT, name TEXT, device \(Dialect.integer), inode \(Dialect.integer),
    role TEXT NOT NULL DEFAULT 'unknown' CHECK (role IN ('golden', 'deployed', 'unknown')),
    first_seen \(Dialect.integer) NOT NULL
  ) \(Dialect.strict)
  """,
  "CREATE INDEX image_path ON image (path, host)",
  "CREATE INDEX image_name ON image (name)",
  "CREATE INDEX image_inode ON image (inode, device, host)",
]
