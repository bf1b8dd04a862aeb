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
  static let functions = [merge, score, together]

  /// The best rank of one path of each side together, as SQL over the rows of a thing; next is that of the last side with one.
  static func best(_ side: String, _ rank: String, _ evidence: String) -> String {
    "\(together.name)(\(side), \(rank), \(evidence))"
  }

  /// Least confidences by group, ascending.
  typealias Parts = [(group: Int64, confidence: Int64)]

  private static let merge = DatabaseFunction("merged_evidence", argumentCount: 2, pure: true) { values in
    let (one, other) = (String.fromDatabaseValue(values[0]) ?? "", String.fromDatabaseValue(values[1]) ?? "")
    if one.isEmpty || one == other { return other }
    if other.isEmpty { return one }
    return merged(parts(one), parts(other)).map { "\($0.group):\($0.confidence) " }.joined()
  }

  private static let score = DatabaseFunction("evidence_score", argumentCount: 1, pure: true) { values in
    score(of: parts(String.fromDatabaseValue(values[0]) ?? ""))
  }

  private static let together = DatabaseFunction(
    "best_together", argumentCount: 3, pure: true, aggregate: PathsTogether.self)

  static func merged(_ one: Parts, _ other: Parts) -> Parts {
    var all: Parts = []
    var (left, right) = (one[...], other[...])
    while let a = left.first, let b = right.first {
      all.append(a.group == b.group ? (a.group, min(a.confidence, b.confidence)) : a.group < b.group ? a : b)
      if a.group <= b.group { left.removeFirst() }
      if b.group <= a.group { right.removeFirst() }
    }
    return all + left + right
  }

  static func score(of parts: Parts) -> Int64 {
    let unit = Double(Rank.unit)
    return Int64(min(unit, max(0, parts.reduce(unit) { $0 * (Double($1.confidence) / unit) }.rounded())))
  }

  static func parts(_ text: String) -> Parts {
    text.utf8.split(separator: UInt8(ascii: " ")).compactMap { part in
      let numbers = part.split(separator: UInt8(ascii: ":")).compactMap { Int64(Substring($0)) }
      return numbers.count == 2 ? (numbers[0], numbers[1]) : nil
    }
  }
}

/// The paths of a thing on each side, and the best way to take one of each.
private struct PathsTogether: DatabaseAggregate {
  /// Many filters of one kind make many ways; the best go on.
  private static let kept = 1024
  private typealias Path = (parts: Evidence.Parts, rank: Int64)
  private var sides: [Int64: [Path]] = [:]

  mutating func step(_ values: [DatabaseValue]) {
    guard let side = Int64.fromDatabaseValue(values[0]), let rank = Int64.fromDatabaseValue(values[1]) else { return }
    sides[side, default: []].append((Evidence.parts(String.fromDatabaseValue(values[2]) ?? ""), rank))
  }

  func finalize() -> (any DatabaseValueConvertible)? {
    var all: [Path] = [([], Rank.best)]
    for (_, paths) in sides.sorted(by: { $0.key < $1.key }) {
      all = all.flatMap { one in
        paths.map { other in
          let origin = min(one.rank / Rank.shift % 4, other.rank / Rank.shift % 4)
          let next = other.rank % Rank.shift
          return (
            Evidence.merged(one.parts, other.parts), origin * Rank.shift + (next == 0 ? one.rank % Rank.shift : next)
          )
        }
      }
      if all.count > PathsTogether.kept {
        all = Array(
          all.sorted { Evidence.score(of: $0.parts) > Evidence.score(of: $1.parts) }.prefix(PathsTogether.kept))
      }
    }
    return all.map { Evidence.score(of: $0.parts) * 4 * Rank.shift + $0.rank }.max()
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
    FROM (\(rows)) x GROUP BY id, evidence) y) z \
    WHERE \(Dialect.mostly("place = 1 OR place <= \(kept) AND most < \(best)"))
    """
  }

  /// The number of the weakest origin of all, as it is in a rank.
  static func origin(ranks: [String], links: [String]) -> String {
    let all = ranks.map { "(\($0)) / \(shift) % 4" } + links.map { "3 - \($0).origin" }
    guard let first = all.first else { return "2" }
    return all.dropFirst().reduce(first) { Dialect.least($0, $1) }
  }
}
