/// The file's SHA-256 is that of the artifact: the same bytes.
package struct Exact: Rule {
  package let name = "exact"
  package let version = 1
  package let level = MatchLevel.sameFile

  package init() {}

  package func judge(_ agreement: Agreement) -> Judgement? {
    agreement.sameDigest ? Judgement(strength: 1) : nil
  }
}
