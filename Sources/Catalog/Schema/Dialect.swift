/// Where SQLite differs from PostgreSQL; everything else in this room is written in what both share.
///
/// PostgreSQL's words: `BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY`, `BIGINT`, `BYTEA`, `DOUBLE PRECISION`, nothing.
enum Dialect {
  /// A number that the engine gives to a new row.
  static let key = "INTEGER PRIMARY KEY"
  /// 64 bits with sign.
  static let integer = "INTEGER"
  static let bytes = "BLOB"
  static let real = "REAL"
  /// Types are held to (https://www.sqlite.org/stricttables.html).
  static let strict = "STRICT"
  /// The same for tables that are only read by their key, in its order.
  static let strictByKey = "STRICT, WITHOUT ROWID"
  /// The end of what has not ended.
  static let forever = Int64.max
}
