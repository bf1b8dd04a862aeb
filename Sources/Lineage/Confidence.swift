internal import Fingerprints
internal import Foundation

/// How sure a set of agreements makes one of a release.
///
///     confidence = min(cap, (1 - 2^(-W/2)) · fit(coverage) · level)
///
/// W is the sum of the match weights in bits. It is halved because files of one build come together and are no
/// independent witnesses (a likelihood raised to a power below one, as is usual for correlated evidence). `fit` is the
/// precision that a greedy cover was measured to have where so much of an application was left. `level` is the weakness
/// of what was equal. Every number here is a start from small corpora, to be fitted again on larger ones.
struct Confidence {
  /// 1 - 1/(N+2) with N = 518, the changed copies that the levels were measured on: Laplace's rule of succession, the
  /// most that N cases without a failure allow.
  static let cap = 1 - 1 / 520.0

  /// Share of the needed artifacts that were found, and the precision measured there: 560 version classes of eight
  /// projects, 120 images a row, some files lost and some edited.
  private static let precision: [(coverage: Double, fit: Double)] = [
    (0, 0.5), (0.3, 0.86), (0.4, 0.885), (0.7, 0.965), (0.9, 0.998), (1, 1),
  ]

  static func fit(_ coverage: Double) -> Double {
    for (low, high) in zip(precision, precision.dropFirst()) where coverage <= high.coverage {
      let part = max(0, coverage - low.coverage) / (high.coverage - low.coverage)
      return low.fit + part * (high.fit - low.fit)
    }
    return 1
  }

  static func of(bits: Double, coverage: Double, level: Double) -> Double {
    min(cap, (1 - exp2(-bits / 2)) * fit(coverage) * level)
  }

  /// How far a level can be trusted once it is there; a build id alone hides what was changed afterwards.
  static func trust(_ level: MatchLevel) -> Double {
    switch level {
    case .sameFile: 1
    case .sameCode: 0.99
    case .sameLink: 0.6
    case .sameSections, .sameFunctions: 0.5
    case .sameStrings, .similar, .declared: 0.4
    }
  }
}
