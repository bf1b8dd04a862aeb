internal import Foundation

/// How strongly something separates two sets, from counts alone.
enum Fisher {
  /// The one-sided p-value of Fisher's exact test: how likely at least `a` of the first set's `a + b` things would have it
  /// by chance, where `c` of the other set's `c + d` have it. One-sided, because a cause is what the failing have more often.
  ///
  /// The tail of the hypergeometric distribution: R. A. Fisher, "The Logic of Inductive Inference", Journal of the Royal
  /// Statistical Society 98 (1935), p. 39. Logarithms of factorials keep it exact enough for sets of millions.
  static func pValue(_ a: Int, _ b: Int, _ c: Int, _ d: Int) -> Double {
    let (first, second, having) = (a + b, c + d, a + c)
    let most = min(first, having)
    guard a <= most else { return 1 }
    let whole = logChoose(first + second, having)
    let terms = (a...most).filter { having - $0 <= second }.map { count in
      exp(logChoose(first, count) + logChoose(second, having - count) - whole)
    }
    return min(1, terms.reduce(0, +))
  }

  /// How many times as often the first set has it as the other. Half a thing is added to each count (J. B. S. Haldane,
  /// "The estimation and significance of the logarithm of a ratio of frequencies", Annals of Human Genetics 20, 1956), so
  /// that what the other set lacks has a finite lift and many things tell more than few.
  static func lift(_ a: Int, _ b: Int, _ c: Int, _ d: Int) -> Double {
    (Double(a) + 0.5) / (Double(a + b) + 1) / ((Double(c) + 0.5) / (Double(c + d) + 1))
  }

  /// p-values corrected for their number: the rate of false discoveries among those at least as small (Y. Benjamini and
  /// Y. Hochberg, "Controlling the False Discovery Rate", Journal of the Royal Statistical Society B 57, 1995). Bonferroni's
  /// correction would hide a cause among ten thousands of sources that are tested.
  static func corrected(_ values: [Double]) -> [Double] {
    let order = values.indices.sorted { values[$0] > values[$1] }
    var corrected = values
    var least = 1.0
    for (position, index) in order.enumerated() {
      let rank = Double(values.count - position)
      least = min(least, values[index] * Double(values.count) / rank)
      corrected[index] = least
    }
    return corrected
  }

  private static func logChoose(_ n: Int, _ k: Int) -> Double {
    logFactorial(n) - logFactorial(k) - logFactorial(n - k)
  }
  private static func logFactorial(_ n: Int) -> Double { lgamma(Double(n) + 1) }
}
