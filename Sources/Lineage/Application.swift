package import Fingerprints
package import Inventory
package import Signatures

/// What an application is to a report: the release that an image holds, why, and how surely. Values of `origin`,
/// `match` and `level` are those of the scan document.
package struct Application: Codable, Hashable, Sendable {
  package var name: String
  package var version: String
  /// `release`, or a package kind.
  package var kind: String
  package var volume: String
  package var origin: Origin
  /// Nil for what is only declared.
  package var match: MatchQuality?
  /// The two releases that it lies between, where none fits exactly.
  package var between: [String]
  /// Of this version or one of its alternatives, 0 to 1.
  package var confidence: Double
  /// Other versions that the evidence cannot tell apart.
  package var alternatives: [String]
  /// Ids of the builds that fit.
  package var builds: [Digest]
  package var claims: [Claim]
  /// What speaks against it, in words.
  package var conflicts: [String]
  package var artifacts: ArtifactCounts
  package var files: [FileEvidence]
  /// Sources of the artifacts that were found.
  package var sources: [SourceRevision]
  /// Declared packages: where it says so, and its source package.
  package var package: Package?

  package init(
    name: String, version: String, kind: String, volume: String, origin: Origin, match: MatchQuality? = nil,
    between: [String] = [], confidence: Double, alternatives: [String] = [], builds: [Digest] = [],
    claims: [Claim], conflicts: [String] = [], artifacts: ArtifactCounts = ArtifactCounts(),
    files: [FileEvidence] = [], sources: [SourceRevision] = [], package: Package? = nil
  ) {
    self.name = name
    self.version = version
    self.kind = kind
    self.volume = volume
    self.origin = origin
    self.match = match
    self.between = between
    self.confidence = confidence
    self.alternatives = alternatives
    self.builds = builds
    self.claims = claims
    self.conflicts = conflicts
    self.artifacts = artifacts
    self.files = files
    self.sources = sources
    self.package = package
  }
}

/// Where a claim comes from, strongest first.
package enum Origin: String, Codable, Sendable, CaseIterable, Comparable {
  case captured, declared, inferred

  /// Stronger origins are greater.
  package static func < (left: Origin, right: Origin) -> Bool { left.strength < right.strength }

  private var strength: Int { self == .captured ? 2 : self == .declared ? 1 : 0 }
}

/// How well a release's artifacts were found again.
package enum MatchQuality: String, Codable, Sendable { case exact, modified, rebuilt, nearest }

/// One reason to believe that the image holds the application.
package struct Claim: Codable, Hashable, Sendable {
  package var origin: Origin
  package var confidence: Double
  package var rule: String
  package var ruleVersion: Int

  package init(origin: Origin, confidence: Double, rule: String, ruleVersion: Int) {
    self.origin = origin
    self.confidence = confidence
    self.rule = rule
    self.ruleVersion = ruleVersion
  }
}

/// The artifacts of the best fitting build, or the files that a declared package lists (directories left out).
package struct ArtifactCounts: Codable, Hashable, Sendable {
  package var expected = 0
  /// Recognised by contents; for a declared package, there at all.
  package var found = 0
  /// Of those expected: there, but with other bytes, whether recognised all the same or not.
  package var modified = 0
  /// Neither recognised nor at its place.
  package var missing = 0

  package init(expected: Int = 0, found: Int = 0, modified: Int = 0, missing: Int = 0) {
    self.expected = expected
    self.found = found
    self.modified = modified
    self.missing = missing
  }
}

/// How a file agrees with an artifact, strongest first.
package enum MatchLevel: String, Codable, Sendable, CaseIterable {
  case sameFile = "same-file"
  case sameCode = "same-code"
  case sameLink = "same-link"
  case sameSections = "same-sections"
  case sameFunctions = "same-functions"
  case sameStrings = "same-strings"
  case similar
  case declared
}

/// One file of the image that speaks for the application.
package struct FileEvidence: Codable, Hashable, Sendable {
  package var volume: String
  package var path: GuestPath
  /// The artifact's path in its build; nil for a declared file.
  package var artifact: String?
  package var level: MatchLevel
  /// log2 of how much likelier the agreement is if the application is there.
  package var weight: Double
  package var changedKeys: [String]
  /// Positions in the application's `sources`.
  package var sources: [Int]

  package init(
    volume: String, path: GuestPath, artifact: String?, level: MatchLevel, weight: Double,
    changedKeys: [String] = [], sources: [Int] = []
  ) {
    self.volume = volume
    self.path = path
    self.artifact = artifact
    self.level = level
    self.weight = weight
    self.changedKeys = changedKeys
    self.sources = sources
  }
}

/// All conclusions about one image.
package struct Findings: Sendable {
  /// Sorted by kind (releases first), name, version.
  package var applications: [Application]
  /// Regular files (hard links once) that a package or a claimed application accounts for.
  package var explained: Int
  /// Readable regular files that nothing accounts for.
  package var unexplained: Int

  package init(applications: [Application] = [], explained: Int = 0, unexplained: Int = 0) {
    self.applications = applications
    self.explained = explained
    self.unexplained = unexplained
  }
}
