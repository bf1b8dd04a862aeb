/// What was reported, as it was reported. Append only.
let eventTables = [
  // `at` is when it was so, or when it was received where it claims to be later than that.
  """
  CREATE TABLE event (
    seq \(Dialect.key),
    id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,
    at \(Dialect.integer) NOT NULL, received \(Dialect.integer) NOT NULL,
    reporter TEXT NOT NULL, body TEXT NOT NULL
  ) \(Dialect.strict)
  """,
  // Of which things' histories it is part, in the order of time: the vm, image, host or release that it is about.
  """
  CREATE TABLE event_subject (
    thing_id \(Dialect.integer) NOT NULL REFERENCES thing (id), at \(Dialect.integer) NOT NULL,
    event_seq \(Dialect.integer) NOT NULL REFERENCES event (seq),
    PRIMARY KEY (thing_id, at, event_seq)
  ) \(Dialect.strictByKey)
  """,
  // Which image a name meant when it was received, where it was no image's key.
  """
  CREATE TABLE understood (
    event_seq \(Dialect.integer) NOT NULL REFERENCES event (seq), name TEXT NOT NULL,
    image_id \(Dialect.integer) NOT NULL REFERENCES thing (id),
    PRIMARY KEY (event_seq, name)
  ) \(Dialect.strictByKey)
  """,
]
