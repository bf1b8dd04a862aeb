internal import Foundation
internal import GRDB
internal import Inventory

/// Says that a name does not exist, with those that are nearest. Patterns may match nothing.
func checkNames(_ db: Database, _ makers: Conditions, _ filter: Filter) throws {
  guard let names = names(of: filter.kind), filter.values.count == 1, let value = filter.values.first,
    !makers.isPattern(value), let condition = try makers.condition(filter)
  else { return }
  // An image that has no child is an image all the same.
  let known: String
  if filter.kind == .parent || filter.kind == .ancestor {
    known = """
      SELECT thing_id FROM (\(makers.names(.image, [value]))) x
      UNION ALL SELECT id FROM thing WHERE kind = 'parent' AND key = \(makers.draft.bind(value))
      """
  } else {
    known = condition.select
  }
  let exists = try db.makeStatement(sql: makers.draft.statement("SELECT 1 FROM (\(known)) x LIMIT 1"))
  if try Int.fetchOne(exists, arguments: makers.draft.arguments(of: exists)) != nil { return }
  let near = try nearest(to: value, String.fetchCursor(db, sql: "\(names) LIMIT 500000"))
  throw Problem(
    code: "unknown-name", operation: "ask for", subject: "\(filter.kind.rawValue) \(value)",
    reason: "the catalog knows no such \(filter.kind.rawValue)",
    remedy: near.isEmpty ? nil : "the nearest names: \(near.joined(separator: ", "))")
}

private func names(of kind: Filter.Kind) -> String? {
  switch kind {
  case .host: "SELECT name FROM host"
  case .group: "SELECT DISTINCT host_group FROM host WHERE host_group IS NOT NULL"
  case .vm: "SELECT name FROM vm WHERE name IS NOT NULL UNION ALL SELECT uuid FROM vm"
  case .image: "SELECT name FROM image WHERE name IS NOT NULL"
  case .parent, .ancestor:
    "SELECT name FROM image WHERE name IS NOT NULL UNION ALL SELECT key FROM thing WHERE kind = 'parent'"
  case .application:
    "SELECT DISTINCT name FROM application_release UNION ALL SELECT name || '@' || version FROM application_release"
  case .artifact: "SELECT DISTINCT path FROM artifact"
  case .file: "SELECT DISTINCT name FROM file"
  case .revision: "SELECT revision_commit FROM revision WHERE revision_commit IS NOT NULL"
  case .author: "SELECT name FROM author"
  case .source: "SELECT DISTINCT path FROM source"
  default: nil
  }
}

/// The three names that take the fewest changes, whole or in their last part, and not too many.
private func nearest(to wanted: String, _ names: RecordCursorOfText) throws -> [String] {
  let target = Array(wanted.lowercased().utf8.prefix(80))
  let bound = max(2, target.count / 3)
  var best: [(distance: Int, name: String)] = []
  while let name = try names.next() {
    let whole = name.lowercased()
    let last = whole.split(separator: "/").last.map(String.init) ?? whole
    let distance = Set([whole, last]).map { changes(target, Array($0.utf8.prefix(160)), within: bound) }.min() ?? .max
    guard distance <= bound, !best.contains(where: { $0.name == name }) else { continue }
    best.append((distance, name))
    best.sort { ($0.distance, $0.name) < ($1.distance, $1.name) }
    if best.count > 3 { best.removeLast() }
  }
  return best.map(\.name)
}

private typealias RecordCursorOfText = FastDatabaseValueCursor<String>

/// The restricted Damerau-Levenshtein distance: letters put in, left out, changed, or two swapped.
func changes(_ one: [UInt8], _ other: [UInt8], within bound: Int) -> Int {
  if abs(one.count - other.count) > bound { return bound + 1 }
  var (before, last) = ([Int](), Array(0...other.count))
  for (i, a) in one.enumerated() {
    var row = [i + 1]
    for (j, b) in other.enumerated() {
      var cost = min(last[j] + (a == b ? 0 : 1), last[j + 1] + 1, row[j] + 1)
      if i > 0, j > 0, a == other[j - 1], one[i - 1] == b { cost = min(cost, before[j - 1] + 1) }
      row.append(cost)
    }
    if (row.min() ?? 0) > bound { return bound + 1 }
    (before, last) = (last, row)
  }
  return last[other.count]
}
