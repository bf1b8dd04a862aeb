internal import GRDB

/// What a path rests on, where that is not certain: for each group of evidence the least confidence, as text that the
/// engine can group by. Within a group the least counts, and the groups are multiplied; so what two paths rest on together
/// is put together first and multiplied then.
///
///     "4:90000000 17:75000000 "     group:confidence * 10^8, ascending; a link that stands alone is a group, -(its number)
enum Evidence {
  /// What a link adds, as SQL; nothing where it is certain.
  static func of(_ link: String) -> String {
    """
    (CASE WHEN \(link).confidence >= 1 THEN '' ELSE (CASE WHEN \(link).evidence_group = 0 THEN -\(link).id \
    ELSE \(link).evidence_group END) || ':' || CAST(round(\(link).confidence * \(Rank.unit)) AS BIGINT) || ' ' END)
    """
  }

  /// All of these together, as SQL.
  static func merged(_ all: [String]) -> String {
    guard let first = all.first else { return "''" }
    return all.dropFirst().reduce(first) { "\(merge.name)(\($0), \($1))" }
  }

  /// The confidence of all of it * 10^8, as SQL.
  static func score(_ evidence: String) -> String { "\(score.name)(\(evidence))" }

  /// Functions that the engine does not have.
  static let functions = [merge, score]

  private static let merge = DatabaseFunction("merged_evidence", argumentCount: 2, pure: true) { values in
    let (one, other) = (String.fromDatabaseValue(values[0]) ?? "", String.fromDatabaseValue(values[1]) ?? "")
    if one.isEmpty || one == other { return other }
    if other.isEmpty { return one }
    var groups = Dictionary(parts(one)) { min($0, $1) }
    for (group, confidence) in parts(other) { groups[group] = min(groups[group] ?? confidence, confidence) }
    return groups.sorted { $0.key < $1.key }.map { "\($0.key):\($0.value) " }.joined()
  }

  private static let score = DatabaseFunction("evidence_score", argumentCount: 1, pure: true) { values in
    let unit = Double(Rank.unit)
    let all = parts(String.fromDatabaseValue(values[0]) ?? "")
    return Int64(min(unit, max(0, all.reduce(unit) { $0 * (Double($1.1) / unit) }.rounded())))
  }

  private static func parts(_ text: String) -> [(Int64, Int64)] {
    text.split(separator: " ").compactMap { part in
      let numbers = part.split(separator: ":").compactMap { Int64($0) }
      return numbers.count == 2 ? (numbers[0], numbers[1]) : nil
    }
  }
}

extension Rank {
  /// How many paths to a thing that rest on different evidence are looked at further: the best ones. The best together
  /// with another path need not be the best alone.
  static let kept = 16

  /// Selects (id, rank, evidence) of rows of (id, origin, next, evidence).
  static func weighed(_ rows: String) -> String {
    """
    SELECT id, rank, evidence FROM (
    SELECT id, rank, evidence, row_number() OVER (PARTITION BY id ORDER BY rank DESC) AS place,
    max(rank) OVER (PARTITION BY id) AS most FROM (
    SELECT id, max((\(Evidence.score("evidence")) * 4 + origin) * \(shift) + next) AS rank, evidence
    FROM (\(rows)) x GROUP BY id, evidence) y) z WHERE place = 1 OR place <= \(kept) AND most < \(best)
    """
  }

  /// The number of the weakest origin of all, as it is in a rank.
  static func origin(ranks: [String], links: [String]) -> String {
    let all = ranks.map { "(\($0)) / \(shift) % 4" } + links.map { "3 - \($0).origin" }
    guard let first = all.first else { return "2" }
    return all.dropFirst().reduce(first) { Dialect.least($0, $1) }
  }
}
