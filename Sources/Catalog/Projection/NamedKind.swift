/// A kind of things that facts call by name, and that there are from the first fact on that does.
struct NamedKind: Sendable {
  static let host = NamedKind("host", keyColumn: "name")
  static let vm = NamedKind("vm", keyColumn: "uuid")
  static let image = NamedKind("image", keyColumn: nil)

  /// As `thing` has it; also the name of its table.
  let name: String
  /// By kind and key: `id, first_seen`, this one NULL where the table has no row.
  let find: String
  /// `thing_id, first_seen` and the key, where the table has it.
  let insert: String
  /// `first_seen` by `thing_id`.
  let update: String
  let hasKey: Bool

  private init(_ name: String, keyColumn: String?) {
    self.name = name
    hasKey = keyColumn != nil
    find = """
      SELECT t.id, x.first_seen FROM thing t LEFT JOIN \(name) x ON x.thing_id = t.id WHERE t.kind = ? AND t.key = ?
      """
    insert =
      keyColumn.map { "INSERT INTO \(name) (thing_id, first_seen, \($0)) VALUES (?, ?, ?)" }
      ?? "INSERT INTO \(name) (thing_id, first_seen) VALUES (?, ?)"
    update = "UPDATE \(name) SET first_seen = ? WHERE thing_id = ?"
  }
}
