internal import Fingerprints
internal import Signatures

/// Sections with code or constants are those of the artifact though the whole is not: it was patched, or linked again.
package struct SameSections: Rule {
  package let name = "same-sections"
  package let version = 1
  package let level = MatchLevel.sameSections

  package init() {}

  /// An equal code section is worth 0.6; constants alone at most 0.4, by the share of the sections that are equal,
  /// and less than half of them nothing.
  package func judge(_ agreement: Agreement) -> Judgement? {
    let equal = agreement.marks.filter { $0.kind == .section }
    let all = Set(agreement.artifact.marks.filter { $0.kind == .section })
    guard !equal.isEmpty, !all.isEmpty else { return nil }
    if equal.contains(where: { $0.value.hasPrefix(".text=") }) { return Judgement(strength: 0.6) }
    let share = min(1, Double(equal.count) / Double(all.count))
    return share < 0.5 ? nil : Judgement(strength: 0.4 * share)
  }
}
