/// File lists. A list is stored as what it has beside another one, its base: an image that was made from another differs
/// from it in few files.
///
/// `inventory_list` says whose rows an inventory is made of: its own (list_id = inventory_id) and, where it has one, those
/// of its base, which has none itself. An own row stands for that of the base with the same folder and name; one without
/// attributes says that the file is gone. `listed_file` puts this together, and nothing else needs to know.
///
/// A path is a folder and a name; a folder's name has its slash, so that the names from the root down are the path. The
/// root is the folder without a name. Where a list has a path twice (volumes have the same names) the second stands below
/// another root: the parent of root N is -N. Guest bytes are in columns that compare with text. Times and inodes of files
/// of one folder are near each other: a file has their distance from those of its `place`.
let fileTables = [
  """
  CREATE TABLE folder (
    id \(Dialect.key), parent_id \(Dialect.integer) NOT NULL, name \(Dialect.name) NOT NULL,
    UNIQUE (name, parent_id)
  ) \(Dialect.strict)
  """,
  "CREATE INDEX folder_parent ON folder (parent_id)",
  """
  CREATE TABLE attributes (
    id \(Dialect.key),
    volume TEXT NOT NULL, kind TEXT NOT NULL CHECK (kind IN ('regular', 'directory', 'link', 'other')),
    mode INTEGER NOT NULL, uid \(Dialect.integer) NOT NULL, gid \(Dialect.integer) NOT NULL,
    links \(Dialect.integer) NOT NULL, unreadable TEXT
  ) \(Dialect.strict)
  """,
  "CREATE INDEX attributes_values ON attributes (volume, kind, mode, uid, gid, links)",
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
  CREATE TABLE content (
    id \(Dialect.key),
    sha256 \(Dialect.bytes), git_blob \(Dialect.bytes), gitoid \(Dialect.bytes), md5 \(Dialect.bytes),
    fingerprint_id \(Dialect.integer) REFERENCES fingerprint (id)
  ) \(Dialect.strict)
  """,
  "CREATE INDEX content_sha256 ON content (sha256)",
  "CREATE INDEX content_fingerprint ON content (fingerprint_id) WHERE sha256 IS NULL",
  """
  CREATE TABLE inventory_list (
    inventory_id \(Dialect.integer) NOT NULL REFERENCES inventory (id),
    list_id \(Dialect.integer) NOT NULL REFERENCES inventory (id),
    PRIMARY KEY (inventory_id, list_id)
  ) \(Dialect.strictByKey)
  """,
  "CREATE INDEX inventory_list_list ON inventory_list (list_id)",
  """
  CREATE TABLE place (
    folder_id \(Dialect.integer) NOT NULL REFERENCES folder (id),
    list_id \(Dialect.integer) NOT NULL REFERENCES inventory (id),
    modified \(Dialect.integer) NOT NULL, inode \(Dialect.integer) NOT NULL,
    PRIMARY KEY (folder_id, list_id)
  ) \(Dialect.strictByKey)
  """,
  """
  CREATE TABLE file (
    list_id \(Dialect.integer) NOT NULL, folder_id \(Dialect.integer) NOT NULL, name \(Dialect.name) NOT NULL,
    size \(Dialect.integer) NOT NULL, modified \(Dialect.integer) NOT NULL, inode \(Dialect.integer) NOT NULL,
    attributes_id \(Dialect.integer) REFERENCES attributes (id),
    target \(Dialect.name),
    content_id \(Dialect.integer) REFERENCES content (id),
    PRIMARY KEY (list_id, folder_id, name),
    FOREIGN KEY (folder_id, list_id) REFERENCES place (folder_id, list_id)
  ) \(Dialect.strictByKey)
  """,
  "CREATE INDEX file_content ON file (content_id) WHERE content_id IS NOT NULL",
  // Where a list was not in order of volume and path: for each file its rank in that order, 4 bytes each, little-endian.
  """
  CREATE TABLE list_order (
    inventory_id \(Dialect.integer) PRIMARY KEY REFERENCES inventory (id), ranks \(Dialect.bytes) NOT NULL
  ) \(Dialect.strict)
  """,
  // The least hashes of a base's rows: lists that share many of them share many files.
  """
  CREATE TABLE list_sketch (
    hash \(Dialect.integer) NOT NULL, list_id \(Dialect.integer) NOT NULL REFERENCES inventory (id),
    PRIMARY KEY (hash, list_id)
  ) \(Dialect.strictByKey)
  """,
  """
  CREATE TABLE supplement (
    inventory_id \(Dialect.integer) NOT NULL REFERENCES inventory (id),
    folder_id \(Dialect.integer) NOT NULL REFERENCES folder (id), name \(Dialect.name) NOT NULL,
    content_id \(Dialect.integer) NOT NULL REFERENCES content (id),
    received \(Dialect.integer) NOT NULL,
    PRIMARY KEY (folder_id, name, inventory_id)
  ) \(Dialect.strictByKey)
  """,
  "CREATE INDEX supplement_inventory ON supplement (inventory_id)",
  "CREATE INDEX supplement_content ON supplement (content_id)",
]

let fileViews = [
  """
  CREATE VIEW listed_file AS
  SELECT l.inventory_id, f.list_id, f.folder_id, f.name, f.size, p.modified + f.modified AS modified,
    p.inode + f.inode AS inode, f.attributes_id, f.target, f.content_id
  FROM inventory_list l JOIN file f ON f.list_id = l.list_id
  JOIN place p ON p.folder_id = f.folder_id AND p.list_id = f.list_id
  WHERE f.attributes_id IS NOT NULL AND (l.list_id = l.inventory_id OR NOT EXISTS (
    SELECT 1 FROM file o WHERE o.list_id = l.inventory_id AND o.folder_id = f.folder_id AND o.name = f.name))
  """,
  // Every file of every inventory, what supplements say in place of what the scan knew. It answers through indexes where
  // it is asked by `sha256`, or by `name` and `folder`, the last folder's name with its slash; `path` may then say which
  // of them is meant. `digest` is for reading.
  """
  CREATE VIEW v_files AS
  \(fileColumns)
  LEFT JOIN content c ON c.id = f.content_id
  WHERE NOT EXISTS (
    SELECT 1 FROM supplement s
    WHERE s.inventory_id = f.inventory_id AND s.folder_id = f.folder_id AND s.name = f.name)
  UNION ALL
  \(fileColumns)
  JOIN supplement s ON s.folder_id = f.folder_id AND s.name = f.name AND s.inventory_id = f.inventory_id
  JOIN content c ON c.id = s.content_id
  """,
]

private let fileColumns = """
  SELECT f.inventory_id, a.volume, d.name AS folder, f.name, (
      WITH RECURSIVE up (parent_id, path) AS (
        SELECT d.parent_id, d.name || f.name
        UNION ALL SELECT e.parent_id, e.name || up.path FROM up JOIN folder e ON e.id = up.parent_id)
      SELECT path FROM up WHERE parent_id <= 0) AS path,
    a.kind, f.size, f.modified, f.inode, a.mode, a.uid, a.gid, a.links, f.target, a.unreadable, c.sha256, c.git_blob,
    c.gitoid, c.md5, \(Dialect.hex("c.sha256")) AS digest, c.fingerprint_id, f.folder_id
  FROM listed_file f JOIN folder d ON d.id = f.folder_id JOIN attributes a ON a.id = f.attributes_id
  """
