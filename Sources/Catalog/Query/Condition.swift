internal import Foundation
internal import Inventory

/// What a filter asks of the things of one level.
struct Condition {
  var level: Level
  /// Selects the numbers of the things that fit.
  var select: String
  /// Whether few fit, as of what is asked for by name: then one may begin with them.
  var isNamed = true
  /// What must hold of a thing whose number is given as SQL.
  var test: (String) -> String
  /// A table of (id, rank, evidence) where to fit is itself something that was claimed.
  var ranked: String?
}

/// Makes conditions of filters.
struct Conditions {
  let draft: Draft
  let entity: Entity
  let at: Int64
  let within: Double?

  /// Nil for a filter that holds of anything (`*`), or of no single level.
  func condition(_ filter: Filter) throws -> Condition? {
    if filter.values == ["*"] { return nil }
    switch filter.kind {
    case .host: return named(.host, names(.host, filter.values))
    case .group: return named(.host, names("SELECT thing_id FROM host", ["host_group"], filter.values))
    case .rebooted: return try rebooted(filter)
    case .vm: return named(.vm, names(.vm, filter.values))
    case .state:
      return history(.vm, "vm_state", "vm_id", "x.state IN (\(Dialect.members(draft.bind(json(filter.values)))))")
    case .setting: return try setting(filter)
    case .image: return named(.image, names(.image, filter.values))
    case .role:
      let values = Dialect.members(draft.bind(json(filter.values)))
      return plain(.image, "x.role IN (\(values))")
    case .parent, .ancestor: return descent(filter)
    case .file: return named(.image, imagesWithFile(draft, filter.values))
    case .application: return named(.release, releases(filter.values))
    case .outdated: return plain(.release, Conditions.outdated("x"))
    case .changedWithin: return try changed(filter)
    case .artifact: return named(.artifact, artifacts(filter.values))
    case .revision: return named(.revision, revisions(filter.values))
    case .author: return named(.revision, authors(filter.values))
    case .source: return named(.source, sources(filter.values))
    case .installedWithin, .origin, .minConfidence: return nil
    }
  }

  /// The level of a filter, and of a second one where it is about what joins two.
  func levels(_ filter: Filter) -> [Level] {
    switch filter.kind {
    case .host, .group, .rebooted: [.host]
    case .vm, .state, .setting: [.vm]
    case .image, .role, .parent, .ancestor, .file: [.image]
    case .application, .outdated: [.release]
    case .installedWithin: [.image, .release]
    case .changedWithin: [changedLevel]
    case .artifact: [.artifact]
    case .revision, .author: [.revision]
    case .source: [.source]
    case .origin, .minConfidence: []
    }
  }

  /// A newer release of the same application is known.
  static func outdated(_ release: String) -> String {
    """
    EXISTS (SELECT 1 FROM application_release n
    WHERE n.name = \(release).name AND n.kind = \(release).kind AND n.released > \(release).released)
    """
  }

  func since(_ filter: Filter) throws -> Int64 { at - Int64(try span(filter) * 1000) }

  private func named(_ level: Level, _ select: String) -> Condition {
    // The sign keeps the engine from trying every named thing in an index for each thing that is tested.
    let table = draft.table("named", "SELECT thing_id AS id FROM (\(select)) x")
    return Condition(level: level, select: "SELECT id FROM \(table)") { "+\($0) IN (SELECT id FROM \(table))" }
  }

  /// A condition on a column of the level's own table, alias `x`.
  private func plain(_ level: Level, _ test: String) -> Condition {
    let from = "FROM \(level.table) x WHERE"
    return Condition(level: level, select: "SELECT x.thing_id AS id \(from) \(test)", isNamed: false) {
      "EXISTS (SELECT 1 \(from) x.thing_id = \($0) AND \(test))"
    }
  }

  /// A condition on what was so of a thing for a time.
  private func history(_ level: Level, _ table: String, _ key: String, _ test: String) -> Condition {
    let from = "FROM \(table) x WHERE \(test) AND x.valid_from <= :at AND :at < x.valid_to"
    return Condition(level: level, select: "SELECT x.\(key) AS id \(from)", isNamed: false) {
      "EXISTS (SELECT 1 \(from) AND x.\(key) = \($0))"
    }
  }

  private func setting(_ filter: Filter) throws -> Condition {
    let tests = try filter.values.map { value in
      let parts = value.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard let key = parts.first, !key.isEmpty else { throw wrong(filter, "give KEY=VALUE, or KEY") }
      let isKey = "x.key = \(draft.bind(key))"
      return parts.count == 2 ? "(\(isKey) AND x.value = \(draft.bind(parts[1])))" : isKey
    }
    return history(.vm, "vm_setting", "vm_id", "(\(tests.joined(separator: " OR ")))")
  }

  private func rebooted(_ filter: Filter) throws -> Condition {
    let expected = ["unexpected", "expected"]
    let wanted = try filter.values.map { value in
      guard let number = expected.firstIndex(of: value) else { throw wrong(filter, "give expected or unexpected") }
      return "\(number)"
    }
    let from = within.map { " AND x.at >= \(draft.bind(.number(at - Int64($0 * 1000))))" } ?? ""
    let test = "x.expected IN (\(wanted.joined(separator: ", "))) AND x.at <= :at\(from)"
    return Condition(level: .host, select: "SELECT DISTINCT x.host_id AS id FROM reboot x WHERE \(test)") {
      "EXISTS (SELECT 1 FROM reboot x WHERE x.host_id = \($0) AND \(test))"
    }
  }

  private var changedLevel: Level { entity.level >= .artifact ? .revision : .release }

  private func changed(_ filter: Filter) throws -> Condition {
    let since = draft.bind(.number(try since(filter)))
    let column = changedLevel == .revision ? "x.revised" : "x.released"
    return plain(changedLevel, "\(column) >= \(since) AND \(column) <= :at")
  }

  private func span(_ filter: Filter) throws -> Double {
    guard let value = filter.values.first.flatMap(seconds(of:)) else {
      throw wrong(filter, "give a length of time, such as 24h or 30d")
    }
    return value
  }

  private func wrong(_ filter: Filter, _ reason: String) -> Problem {
    Problem(
      code: "usage", operation: "ask", subject: "\(filter.kind.rawValue) \(filter.values.joined(separator: " "))",
      reason: reason)
  }
}

func json(_ value: some Encodable) -> String {
  (try? JSONEncoder().encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? "[]"
}
