/// What was concluded from one inventory by the signatures of its day: the facts from which links are projected when no
/// signature is at hand.
let sightingTables = [
  """
  CREATE TABLE sighting (
    id \(Dialect.key),
    inventory_id \(Dialect.integer) NOT NULL REFERENCES inventory (id),
    from_id \(Dialect.integer) NOT NULL REFERENCES thing (id),
    to_id \(Dialect.integer) NOT NULL REFERENCES thing (id),
    origin INTEGER NOT NULL CHECK (origin IN (1, 2, 3)),
    confidence \(Dialect.real) NOT NULL CHECK (confidence BETWEEN 0 AND 1),
    rule TEXT NOT NULL, rule_version INTEGER NOT NULL, evidence TEXT NOT NULL
  ) \(Dialect.strict)
  """,
  "CREATE INDEX sighting_inventory ON sighting (inventory_id)",
  "CREATE INDEX sighting_pair ON sighting (from_id, to_id)",
  """
  CREATE TABLE sighting_file (
    sighting_id \(Dialect.integer) NOT NULL REFERENCES sighting (id) ON DELETE CASCADE,
    inventory_id \(Dialect.integer) NOT NULL REFERENCES inventory (id),
    folder_id \(Dialect.integer) NOT NULL REFERENCES folder (id), name \(Dialect.name) NOT NULL,
    artifact_id \(Dialect.integer) NOT NULL REFERENCES artifact (thing_id),
    level TEXT NOT NULL, weight \(Dialect.real) NOT NULL,
    PRIMARY KEY (sighting_id, folder_id, name, artifact_id)
  ) \(Dialect.strict)
  """,
]

/// "from comes from to", projected from events, sightings and signatures.
///
/// host → vm → image → release → build, artifact → revision, image → image or parent. `origin` is 1 captured, 2 declared,
/// 3 inferred; origin, confidence and evidence group of a link are those of its best claim. Claims of one evidence group
/// stand and fall together; 0 stands alone. A link from an artifact has no claim: the signature of its build said so.
/// What holds for good is valid from 0. `claim.at` is the time of the event or scan that a claim rests on.
let linkTables = [
  """
  CREATE TABLE link (
    id \(Dialect.key),
    from_id \(Dialect.integer) NOT NULL REFERENCES thing (id),
    to_id \(Dialect.integer) NOT NULL REFERENCES thing (id),
    valid_from \(Dialect.integer) NOT NULL, valid_to \(Dialect.integer) NOT NULL,
    origin INTEGER NOT NULL CHECK (origin IN (1, 2, 3)), confidence \(Dialect.real) NOT NULL,
    evidence_group \(Dialect.integer) NOT NULL,
    UNIQUE (from_id, to_id, valid_from)
  ) \(Dialect.strict)
  """,
  "CREATE INDEX link_to ON link (to_id, from_id, valid_from, valid_to)",
  """
  CREATE TABLE claim (
    id \(Dialect.key),
    link_id \(Dialect.integer) NOT NULL REFERENCES link (id) ON DELETE CASCADE,
    sighting_id \(Dialect.integer) REFERENCES sighting (id), inventory_id \(Dialect.integer) REFERENCES inventory (id),
    event_seq \(Dialect.integer) REFERENCES event (seq), at \(Dialect.integer) NOT NULL,
    origin INTEGER NOT NULL CHECK (origin IN (1, 2, 3)),
    confidence \(Dialect.real) NOT NULL CHECK (confidence BETWEEN 0 AND 1),
    evidence_group \(Dialect.integer) NOT NULL,
    rule TEXT NOT NULL, rule_version INTEGER NOT NULL,
    evidence TEXT
  ) \(Dialect.strict)
  """,
  "CREATE INDEX claim_link ON claim (link_id)",
  "CREATE INDEX claim_sighting ON claim (sighting_id) WHERE sighting_id IS NOT NULL",
]
