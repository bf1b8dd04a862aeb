internal import Fingerprints
internal import Foundation
internal import Signatures

/// How much it says that a file agrees with an artifact: log2(m/u), the match weight of Fellegi and Sunter (1969), where
/// u is how often the artifact's contents occur though its application is not there.
struct Rarity {
  /// Source packages of the background corpus: none of 8,932 distinct executables occurred in two of them.
  static let background = 400.0
  /// Chance that a file of an application that is there is found unchanged: 10 % lost, 5 % edited is a usual image.
  static let retention = 0.86
  /// Files below this are shared by chance: the empty file alone is in 31 of the 400.
  static let leastSize = 64

  let matches: MatchSet

  /// Other applications of the index that hold the same contents.
  func others(_ artifact: Artifact) -> Int { max(0, (matches.applicationsPerDigest[artifact.sha256] ?? 1) - 1) }

  /// Bits, never negative. u is estimated as Jeffreys would, (others + 1/2) / (applications + background): seen nowhere
  /// else does not mean that it is nowhere else.
  func bits(_ artifact: Artifact, _ purpose: Purpose) -> Double {
    if artifact.size < Self.leastSize { return 0 }
    let others = Double(others(artifact))
    let share = (others + 0.5) / (max(Double(matches.applications), others + 1) + Self.background)
    return max(0, log2(Self.retention / share)) * (purpose == .documentation ? 0.1 : 1)
  }

  /// Whether the contents point to one application: in no other, or in so few of so many (0.1 %) that it may be a fork.
  func isDistinctive(_ artifact: Artifact, _ purpose: Purpose) -> Bool {
    let others = others(artifact)
    return artifact.size >= Self.leastSize && purpose != .documentation
      && (others == 0 || others <= matches.applications / 1000)
  }
}
