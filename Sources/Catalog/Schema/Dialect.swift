/// Where SQLite differs from PostgreSQL; everything else in this room is written in what both share.
///
/// PostgreSQL's words: `BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY`, `BIGINT`, `BYTEA`, `BYTEA`, `DOUBLE PRECISION`, nothing,
/// `encode(…, 'hex')`.
enum Dialect {
  /// A number that the engine gives to a new row.
  static let key = "INTEGER PRIMARY KEY"
  /// 64 bits with sign.
  static let integer = "INTEGER"
  static let bytes = "BLOB"
  /// Bytes from a guest that are compared with text, which need not be valid UTF-8. SQLite keeps text as the bytes that it
  /// got; bound and read as bytes, with a CAST.
  static let name = "TEXT"
  static let real = "REAL"
  /// Types are held to (https://www.sqlite.org/stricttables.html).
  static let strict = "STRICT"
  /// The same for tables that are only read by their key, in its order. Columns of the key come first: elsewhere SQLite
  /// 3.40 takes the columns behind them for NULL when it checks the file.
  static let strictByKey = "STRICT, WITHOUT ROWID"
  /// Two lower-case digits a byte; NULL where there are none.
  static func hex(_ bytes: String) -> String { "nullif(lower(hex(\(bytes))), '')" }
  /// The end of what has not ended.
  static let forever = Int64.max

  /// The smaller of two values (PostgreSQL: `least`).
  static func least(_ one: String, _ other: String) -> String { "min(\(one), \(other))" }

  /// A condition that most rows fit: else the engine takes what is left for so few that no index is worth while
  /// (PostgreSQL: the condition alone).
  static func mostly(_ condition: String) -> String { "likely(\(condition))" }

  /// Whether a text fits a pattern with `*`, `?` and `[…]` (PostgreSQL: `~` with the pattern as a regular expression).
  static func matches(_ text: String, _ pattern: String) -> String { "\(text) GLOB \(pattern)" }

  /// The texts of a JSON list that one parameter holds, as a select (PostgreSQL: `jsonb_array_elements_text`).
  static func members(_ parameter: String) -> String { "SELECT value FROM json_each(\(parameter))" }

  /// The texts of such a list of `[text, [[one, other], …]]`, as `value`, each with the pairs that it may be made of.
  static func splitMembers(_ parameter: String) -> String {
    "SELECT json_extract(value, '$[0]') AS value, json_extract(value, '$[1]') AS splits FROM json_each(\(parameter))"
  }

  /// The pairs of one of these, as a table to join with alias `p`, and the two texts of each.
  static func pairs(_ splits: String) -> String { "json_each(\(splits)) p" }
  static let one = "json_extract(p.value, '$[0]')"
  static let other = "json_extract(p.value, '$[1]')"

  /// Milliseconds as ISO 8601 in UTC, nothing for what is open (PostgreSQL: `to_char(to_timestamp(…), …)`).
  static func iso8601(_ milliseconds: String) -> String {
    """
    CASE WHEN \(milliseconds) < \(forever) AND \(milliseconds) <> 0 \
    THEN strftime('%Y-%m-%dT%H:%M:%SZ', \(milliseconds) / 1000, 'unixepoch') END
    """
  }
}
