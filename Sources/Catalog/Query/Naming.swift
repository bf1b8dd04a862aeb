internal import Events
internal import Fingerprints
internal import Foundation

/// How things are named in questions: exactly, by a pattern, some by the last part of their path.
extension Conditions {
  func names(_ level: Level, _ values: [String]) -> String {
    switch level {
    case .host: return names("SELECT thing_id FROM host", ["name"], values)
    case .vm:
      return identified(
        "vm k WHERE k.uuid = m.value", id: "k.thing_id", or: ["vm x WHERE x.name = m.value"],
        names("SELECT thing_id FROM vm", ["uuid", "name"], values.filter(isPattern)), values.map(vmKey))
    default:
      let patterns = values.filter(isPattern)
      return identified(
        Conditions.key("image"), id: "k.id",
        or: [
          "image x WHERE x.name = m.value", "image x WHERE x.path = m.value",
          "\(Dialect.pairs("m.splits")) CROSS JOIN image x WHERE x.path = \(Dialect.other) AND x.host = \(Dialect.one)",
        ],
        union([
          names("SELECT thing_id FROM image", ["name", "path"], patterns),
          names("SELECT id AS thing_id FROM thing WHERE kind = 'image'", ["key"], patterns),
        ]), values)
    }
  }

  /// Things of a kind by the key that names them for ever.
  private static func key(_ kind: String) -> String { "thing k WHERE k.kind = '\(kind)' AND k.key = m.value" }

  /// By id, as `--format ids` tells it; what is no id may be one of several names. So a set that is passed on stays the
  /// same, whatever else bears an id as its name. `m.value` is what is given, `m.splits` the pairs around its colons.
  private func identified(
    _ known: String, id: String, or named: [String], _ patterns: String, _ values: [String]
  ) -> String {
    let exact = values.filter { !isPattern($0) }
    if exact.isEmpty { return patterns }
    let members = "(\(Dialect.splitMembers(draft.bind(splits(exact))))) m"
    let selects = named.map {
      "SELECT x.thing_id FROM \(members) CROSS JOIN \($0) AND NOT EXISTS (SELECT 1 FROM \(known))"
    }
    return union(["SELECT \(id) AS thing_id FROM \(members) CROSS JOIN \(known)"] + selects + [patterns])
  }

  /// `[text, [[one, other], …]]` of each, as JSON: at whichever colon it is split.
  private func splits(_ values: [String]) -> String {
    let texts = values.map { value in
      let pairs = value.indices.filter { value[$0] == ":" }.map { colon in
        [String(value[..<colon]), String(value[value.index(after: colon)...])]
      }
      return "[\(json(value)),[\(pairs.map { json($0) }.joined(separator: ","))]]"
    }
    return "[\(texts.joined(separator: ","))]"
  }

  /// Selects by equality, or by a pattern, in any of the columns.
  func names(_ select: String, _ columns: [String], _ values: [String]) -> String {
    let exact = values.filter { !isPattern($0) }
    let word = select.contains("WHERE") ? "AND" : "WHERE"
    var selects: [String] = []
    for column in columns {
      if exact.count == 1 { selects.append("\(select) \(word) \(column) = \(draft.bind(exact[0]))") }
      if exact.count > 1 {
        selects.append("\(select) \(word) \(column) IN (\(Dialect.members(draft.bind(json(exact)))))")
      }
      for value in values where isPattern(value) { selects.append("\(select) \(word) \(fits(column, value))") }
    }
    return union(selects)
  }

  func isPattern(_ value: String) -> Bool { value.contains { "*?[".contains($0) } }

  /// A pattern, and the range that its beginning allows, which an index can serve.
  private func fits(_ column: String, _ pattern: String) -> String {
    let start = String(pattern.prefix { !"*?[".contains($0) })
    let matches = Dialect.matches(column, draft.bind(pattern))
    guard !start.isEmpty else { return matches }
    return "\(column) >= \(draft.bind(start)) AND \(column) < \(draft.bind(start + "\u{10FFFF}")) AND \(matches)"
  }

  private func union(_ selects: [String]) -> String { selects.filter { !$0.isEmpty }.joined(separator: " UNION ") }

  /// By path, its last part, or REPOSITORY:PATH.
  func sources(_ values: [String]) -> String {
    identified(
      """
      \(Dialect.pairs("m.splits")) CROSS JOIN source k WHERE k.path = \(Dialect.other) AND k.repository = \(Dialect.one)
      """,
      id: "k.thing_id",
      or: ["source x WHERE x.path = m.value", "source x WHERE \(lastPart("x.path")) = m.value"],
      names("SELECT thing_id FROM source", ["path", lastPart("path")], values.filter(isPattern)), values)
  }

  /// NAME or NAME@VERSION, either of them a pattern; a name may itself begin with `@`.
  func releases(_ values: [String]) -> String {
    var plain: [String] = []
    var pairs: [(name: String, version: String)] = []
    for value in values {
      if let sign = value.lastIndex(of: "@"), sign > value.startIndex {
        pairs.append((String(value[..<sign]), String(value[value.index(after: sign)...])))
      } else {
        plain.append(value)
      }
    }
    let select = "SELECT thing_id FROM application_release"
    var selects = plain.isEmpty ? [] : [names(select, ["name"], plain)]
    for pair in pairs where isPattern(pair.name + pair.version) {
      let version = isPattern(pair.version) ? fits("version", pair.version) : "version = \(draft.bind(pair.version))"
      let name = isPattern(pair.name) ? fits("name", pair.name) : "name = \(draft.bind(pair.name))"
      selects.append("\(select) WHERE \(name) AND \(version)")
    }
    let exact = pairs.filter { !isPattern($0.name + $0.version) }
    if exact.count == 1 {
      let (name, version) = (draft.bind(exact[0].name), draft.bind(exact[0].version))
      selects.append("\(select) WHERE name = \(name) AND version = \(version)")
    } else if !exact.isEmpty {
      let names = Dialect.members(draft.bind(json(Array(Set(exact.map(\.name))))))
      let whole = Dialect.members(draft.bind(json(exact.map { "\($0.name)@\($0.version)" })))
      selects.append("\(select) WHERE name IN (\(names)) AND name || '@' || version IN (\(whole))")
    }
    return union(selects)
  }

  /// By path, its last part, SHA-256, or BUILD/PATH.
  func artifacts(_ values: [String]) -> String {
    let select = "SELECT thing_id FROM artifact"
    let digests = values.compactMap { Digest(hex: $0) }.map {
      "\(select) WHERE sha256 = \(draft.bind(.bytes(Array($0.bytes))))"
    }
    let named = values.filter { Digest(hex: $0) == nil }
    return union([
      digests.joined(separator: " UNION "),
      identified(
        Conditions.key("artifact"), id: "k.id",
        or: ["artifact x WHERE x.path = m.value", "artifact x WHERE \(lastPart("x.path")) = m.value"],
        names(select, ["path", lastPart("path")], named.filter(isPattern)), named),
    ])
  }

  /// By commit, the beginning of one, or the revision's id.
  func revisions(_ values: [String]) -> String {
    let select = "SELECT thing_id FROM revision"
    let short = values.filter { $0.count >= 4 && $0.count < 40 && $0.allSatisfy(\.isHexDigit) }
    let beginnings = short.map { value in
      let low = value.lowercased()
      return "\(select) WHERE revision_commit >= \(draft.bind(low)) AND revision_commit < \(draft.bind(low + "g"))"
    }
    return union([
      identified(
        Conditions.key("revision"), id: "k.id", or: ["revision x WHERE x.revision_commit = m.value"],
        names(select, ["revision_commit"], values.filter(isPattern)), values),
      beginnings.joined(separator: " UNION "),
    ])
  }

  /// By a part of the author's name or address, whatever its case.
  func authors(_ values: [String]) -> String {
    let tests = values.map { value in
      let escaped = value.lowercased().replacing(/[%_\\]/) { "\\\($0.0)" }.replacing("*", with: "%")
      return "lower(a.name) LIKE \(draft.bind("%\(escaped)%")) ESCAPE '\\'"
    }
    return """
      SELECT r.thing_id FROM revision r WHERE r.author IN (SELECT a.name FROM author a \
      WHERE \(tests.joined(separator: " OR ")))
      """
  }

  /// Images that come from the named ones: at once (parent) or over any number of steps (ancestor).
  func descent(_ filter: Filter) -> Condition {
    let parents = union([
      names(.image, filter.values),
      names("SELECT id AS thing_id FROM thing WHERE kind = 'parent'", ["key"], filter.values),
    ])
    let step = { (from: String, origins: String, evidence: String) in
      """
      SELECT l.from_id AS id, \(Dialect.least(origins, "3 - l.origin")) AS origin, \
      \(Evidence.merged([evidence, Evidence.of("l")])) AS evidence FROM \(from) CROSS JOIN link l \
      CROSS JOIN image i WHERE l.to_id = s.id AND l.valid_from <= :at AND :at < l.valid_to AND i.thing_id = l.from_id
      """
    }
    let first = step("(SELECT thing_id AS id FROM (\(parents)) x) s", "2", "''")
    let all =
      filter.kind == .parent
      ? first
      : """
      WITH RECURSIVE s (id, origin, evidence) AS (\(first) UNION \(step("s", "s.origin", "s.evidence")))
      SELECT id, origin, evidence FROM s
      """
    let rows = "SELECT id, origin, 0 AS next, evidence FROM (SELECT * FROM (\(all)) v) w"
    let table = draft.table("descent", Rank.weighed(rows))
    return Condition(
      level: .image, select: "SELECT DISTINCT id FROM \(table)", test: { "+\($0) IN (SELECT id FROM \(table))" },
      ranked: table)
  }
}

/// The last part of a path; the schema has indexes on this expression.
func lastPart(_ path: String) -> String { "substr(\(path), length(rtrim(\(path), replace(\(path), '/', ''))) + 1)" }

/// Images whose newest scan shows a file, by path or SHA-256.
func imagesWithFile(_ draft: Draft, _ values: [String]) -> String {
  """
  SELECT v.image_id AS thing_id FROM inventory v WHERE v.received <= :at AND NOT EXISTS (SELECT 1 FROM inventory n \
  WHERE n.image_id = v.image_id AND (n.received, n.id) > (v.received, v.id) AND n.received <= :at) \
  AND v.id IN (\(values.map { "SELECT f.inventory_id FROM v_files f WHERE \(fileTest(draft, $0))" }.joined(separator: " UNION ")))
  """
}

/// What says of a row of `v_files`, alias `f`, that it is the file that is named.
func fileTest(_ draft: Draft, _ value: String) -> String {
  if let digest = Digest(hex: value) { return "f.sha256 = \(draft.bind(.bytes(Array(digest.bytes))))" }
  let path = value.hasPrefix("/") ? String(value.dropFirst()) : value
  let parts = path.split(separator: "/", omittingEmptySubsequences: false)
  let folder = parts.dropLast().last.map { "\($0)/" } ?? ""
  let tests = [("name", String(parts.last ?? "")), ("folder", folder), ("path", path)].map { column, text in
    "f.\(column) = CAST(\(draft.bind(.bytes(Array(text.utf8)))) AS \(Dialect.name))"
  }
  return tests.joined(separator: " AND ")
}
