internal import Fingerprints
internal import Inventory

/// The linker's id is that of the artifact (GNU build id, CodeView GUID and age), the code is not known to be the same.
/// An id survives a change of the code made afterwards, so by itself it proves nothing of what runs.
package struct SameLink: Rule {
  package let name = "same-link"
  package let version = 1
  package let level = MatchLevel.sameLink

  package init() {}

  /// Half: all 37 of 37 builds kept their build id when one byte of their code was changed.
  package func judge(_ agreement: Agreement) -> Judgement? {
    if agreement.agrees(on: [.buildID]) {
      let changed = agreement.differs(on: .elfLoad) || agreement.differs(on: .elfAlloc)
      return Judgement(strength: 0.5, conflict: changed ? conflict("build id", agreement) : nil)
    }
    if agreement.agrees(on: [.codeView]) {
      let changed = agreement.differs(on: .peImage) || agreement.differs(on: .authenticode)
      return Judgement(strength: 0.5, conflict: changed ? conflict("debug id", agreement) : nil)
    }
    return nil
  }

  private func conflict(_ id: String, _ agreement: Agreement) -> String {
    "\(agreement.file.path): modified after build: \(id) equal, code differs"
  }
}
