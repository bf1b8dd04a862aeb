package import Fingerprints
package import Inventory
package import Signatures

/// One way to believe that an image holds an application. A rule is a file in Rules and a line in `rules`; the comment
/// of its type is what users read about it.
package protocol Rule: Sendable {
  /// What claims and reports call it.
  var name: String { get }
  /// Raised when the same evidence would now be judged otherwise.
  var version: Int { get }
  /// How a file agrees with an artifact where the rule applies.
  var level: MatchLevel { get }

  /// What an agreement of a file with an artifact is worth; nil where it says nothing.
  func judge(_ agreement: Agreement) -> Judgement?
  /// How surely a package is what it says it is; nil where the rule is not about packages.
  func confidence(in package: Package) -> Double?
}

extension Rule {
  package func judge(_ agreement: Agreement) -> Judgement? { nil }
  package func confidence(in package: Package) -> Double? { nil }
}

/// Every rule there is, strongest first: of the rules that apply to one file and artifact the first alone counts, so
/// that a digest, a build id and sections of the same file are never counted as three.
package let rules: [any Rule] = [Exact(), SameCode(), SameLink(), SameSections(), Declared()]

/// Everything that one file of the image and one artifact have in common.
package struct Agreement: Sendable {
  package var file: FileRecord
  package var artifact: Artifact
  /// Whether the bytes are equal.
  package var sameDigest: Bool
  /// The artifact's marks that the file has too.
  package var marks: Set<Mark>

  package init(file: FileRecord, artifact: Artifact, sameDigest: Bool = false, marks: Set<Mark> = []) {
    self.file = file
    self.artifact = artifact
    self.sameDigest = sameDigest
    self.marks = marks
  }

  /// Whether a mark of this kind is in both and equal.
  func agrees(on kinds: Set<MarkKind>) -> Bool { marks.contains { kinds.contains($0.kind) } }

  /// Whether both have a mark of this kind and no value is in both.
  func differs(on kind: MarkKind) -> Bool {
    let here = Set((file.fingerprint?.marks ?? []).filter { $0.kind == kind })
    let there = artifact.marks.filter { $0.kind == kind }
    return !here.isEmpty && !there.isEmpty && here.isDisjoint(with: there)
  }
}

/// What a rule makes of an agreement.
package struct Judgement: Sendable {
  /// Share of the artifact's rarity that counts, 0 to 1.
  package var strength: Double
  /// What speaks against it, in words.
  package var conflict: String?
  /// Whether the file is another build of the same code.
  package var isRebuilt: Bool

  package init(strength: Double, conflict: String? = nil, isRebuilt: Bool = false) {
    self.strength = strength
    self.conflict = conflict
    self.isRebuilt = isRebuilt
  }
}
