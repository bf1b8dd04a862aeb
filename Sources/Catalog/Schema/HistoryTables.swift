/// What was so of vms, images and hosts, and when: projected from events and scans.
let historyTables = [
  // The first begins at the thing's `first_seen`; another where it was made anew after its end.
  """
  CREATE TABLE life (
    thing_id \(Dialect.integer) NOT NULL REFERENCES thing (id),
    valid_from \(Dialect.integer) NOT NULL, valid_to \(Dialect.integer) NOT NULL,
    PRIMARY KEY (thing_id, valid_from)
  ) \(Dialect.strictByKey)
  """,
  """
  CREATE TABLE vm_state (
    vm_id \(Dialect.integer) NOT NULL REFERENCES vm (thing_id), valid_from \(Dialect.integer) NOT NULL,
    state TEXT NOT NULL, valid_to \(Dialect.integer) NOT NULL,
    PRIMARY KEY (vm_id, valid_from)
  ) \(Dialect.strictByKey)
  """,
  "CREATE INDEX vm_state_state ON vm_state (state, valid_to)",
  """
  CREATE TABLE vm_setting (
    vm_id \(Dialect.integer) NOT NULL REFERENCES vm (thing_id), key TEXT NOT NULL,
    valid_from \(Dialect.integer) NOT NULL, value TEXT NOT NULL, valid_to \(Dialect.integer) NOT NULL,
    PRIMARY KEY (vm_id, key, valid_from)
  ) \(Dialect.strictByKey)
  """,
  "CREATE INDEX vm_setting_value ON vm_setting (key, value, valid_to)",
  """
  CREATE TABLE image_place (
    image_id \(Dialect.integer) NOT NULL REFERENCES image (thing_id), valid_from \(Dialect.integer) NOT NULL,
    host TEXT, path TEXT, valid_to \(Dialect.integer) NOT NULL,
    PRIMARY KEY (image_id, valid_from)
  ) \(Dialect.strictByKey)
  """,
  """
  CREATE TABLE reboot (
    host_id \(Dialect.integer) NOT NULL REFERENCES host (thing_id), at \(Dialect.integer) NOT NULL,
    event_seq \(Dialect.integer) NOT NULL REFERENCES event (seq), expected INTEGER NOT NULL CHECK (expected IN (0, 1)),
    PRIMARY KEY (host_id, at, event_seq)
  ) \(Dialect.strictByKey)
  """,
  "CREATE INDEX reboot_at ON reboot (at)",
  // The history of `on_id` up to `at` is part of the dependent's: it was copied from it then.
  """
  CREATE TABLE inheritance (
    on_id \(Dialect.integer) NOT NULL REFERENCES thing (id), at \(Dialect.integer) NOT NULL,
    dependent_id \(Dialect.integer) NOT NULL REFERENCES thing (id),
    PRIMARY KEY (on_id, at, dependent_id)
  ) \(Dialect.strictByKey)
  """,
  "CREATE INDEX inheritance_dependent ON inheritance (dependent_id)",
]
