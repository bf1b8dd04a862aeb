/// How good the best path to a thing is, in one number that `max` compares: its confidence first, then the strength of its
/// weakest origin. The number of the next thing on that path comes last, so that the best path can be told.
///
///     rank  = score * 2^34 + next
///     score = confidence * 10^8, rounded, * 4 + 3 - origin (1 captured, 2 declared, 3 inferred)
///
/// 63 bits: 27 of confidence, 2 of origin, 34 of a thing's number.
enum Rank {
  static let shift: Int64 = 1 << 34
  static let unit: Int64 = 100_000_000
  /// Certain, and captured.
  static let best = (unit * 4 + 2) * shift

  /// The rank after a walk over `links`, from that of the thing before.
  static func extended(_ rank: String, _ links: [String], next: String) -> String {
    guard !links.isEmpty else { return "(\(rank)) / \(shift) * \(shift) + \(next)" }
    let origins = links.map { "3 - \($0).origin" }.reduce("(\(rank)) / \(shift) % 4") { Dialect.least($0, $1) }
    return "(\(scaled(rank, confidence(links))) * 4 + \(origins)) * \(shift) + \(next)"
  }

  /// The rank of something that rests on all of these.
  static func combined(_ ranks: [String]) -> String {
    guard let first = ranks.first else { return "\(best)" }
    return ranks.dropFirst().reduce(first) { one, other in
      let confidence = scaled(one, "((\(other)) / \(shift * 4) * 1.0 / \(unit))")
      let origin = Dialect.least("(\(one)) / \(shift) % 4", "(\(other)) / \(shift) % 4")
      return "((\(confidence) * 4 + \(origin)) * \(shift) + (\(one)) % \(shift))"
    }
  }

  /// Within a group of evidence the least counts, groups are multiplied. Only what one scan says of an image has a
  /// group: its releases, and the builds that it joins with them, so neighbours are all that can share one.
  static func confidence(_ links: [String]) -> String {
    guard let first = links.first else { return "1.0" }
    return zip(links, links.dropFirst()).reduce("\(first).confidence") { product, pair in
      let (one, other) = pair
      return """
        (CASE WHEN \(other).evidence_group <> 0 AND \(other).evidence_group = \(one).evidence_group \
        THEN \(Dialect.least(product, "\(other).confidence")) ELSE \(product) * \(other).confidence END)
        """
    }
  }

  static func confidence(of rank: Int64) -> Double { Double(rank / shift / 4) / Double(unit) }
  static func origin(of rank: Int64) -> Int64 { 3 - rank / shift % 4 }

  /// The least rank of a confidence, and what to divide by to compare origins, as SQL conditions.
  static func atLeast(_ rank: String, confidence parameter: String) -> String {
    "(\(rank)) / \(shift * 4) >= \(parameter) * \(unit) - 0.5"
  }

  static func isOrigin(_ rank: String, _ parameter: String) -> String { "3 - (\(rank)) / \(shift) % 4 = \(parameter)" }

  private static func scaled(_ rank: String, _ factor: String) -> String {
    "CAST(round((\(rank)) / \(shift * 4) * (\(factor))) AS BIGINT)"
  }
}
