internal import GRDB
internal import Inventory

/// A thing that a person names: `host:web-07`, `source:cart.c`, or a name alone where it is clear what it is.
struct NamedThings {
  let db: Database
  let makers: Conditions

  static let kinds: [(word: String, kind: Filter.Kind, level: Level)] = [
    ("host", .host, .host), ("vm", .vm, .vm), ("image", .image, .image), ("release", .application, .release),
    ("application", .application, .release), ("artifact", .artifact, .artifact), ("revision", .revision, .revision),
    ("source", .source, .source),
  ]

  /// The things of the first kind that has such a name.
  func find(_ text: String) throws -> (level: Level, condition: Condition) {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let named = NamedThings.kinds.filter { parts.count == 2 && $0.word == parts[0] }
    for (_, kind, level) in named.isEmpty ? NamedThings.kinds : named {
      let filter = Filter(kind, named.isEmpty ? text : parts[1])
      guard let condition = try makers.condition(filter) else { continue }
      let sql = makers.draft.statement("SELECT 1 FROM (\(condition.select)) x LIMIT 1")
      let statement = try db.makeStatement(sql: sql)
      if try Int.fetchOne(statement, arguments: makers.draft.arguments(of: statement)) != nil {
        return (level, condition)
      }
      if !named.isEmpty { try checkNames(db, makers, filter) }
    }
    throw Problem(
      code: "unknown-name", operation: "ask for", subject: text, reason: "the catalog knows nothing of that name",
      remedy: "say what it is, such as host:\(text) or source:\(text)")
  }
}
