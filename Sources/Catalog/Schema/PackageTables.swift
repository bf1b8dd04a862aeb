/// What images declare.
let packageTables = [
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
