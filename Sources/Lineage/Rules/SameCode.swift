internal import Fingerprints

/// The bytes differ, what runs does not: what the loader maps of an ELF file (it was stripped, or built again in another
/// folder), a PE image (it was signed, or linked at another time), a .NET module, or a text up to line endings.
package struct SameCode: Rule {
  package let name = "same-code"
  package let version = 1
  package let level = MatchLevel.sameCode

  package init() {}

  private let kinds: Set<MarkKind> = [.elfLoad, .elfAlloc, .authenticode, .peImage, .mvid, .text]

  /// 0.98: of 863 ELF files of a distribution, equal loader digests joined three pairs with unequal bytes, all of them
  /// the same code built twice.
  package func judge(_ agreement: Agreement) -> Judgement? {
    guard agreement.agrees(on: kinds) else { return nil }
    return Judgement(strength: 0.98, isRebuilt: agreement.differs(on: .buildID) || agreement.differs(on: .codeView))
  }
}
