package import Catalog
package import Foundation
internal import Inventory

/// The JSON of `why`, `vmlineage.why/1`.
package func whyDocument(_ ways: [Way]) throws -> Data {
  struct Document: Encodable {
    var schema = "vmlineage.why/1"
    var count: Int
    var ways: [WayElement]
  }
  struct WayElement: Encodable {
    var confidence: Double
    var origin: String
    var steps: [StepElement]
  }
  struct StepElement: Encodable {
    var from: String
    var to: String
    var validFrom: Date?
    var validTo: Date?
    var origin: String
    var confidence: Double
    var claims: [ClaimElement]
  }
  struct ClaimElement: Encodable {
    var origin: String
    var confidence: Double
    var rule: String
    var ruleVersion: Int
    var event: String?
    var reporter: String?
    var at: Date?
    var inventory: Int64?
    var evidence: String?
  }
  let elements = ways.map { way in
    WayElement(
      confidence: way.confidence, origin: originName(way.origin),
      steps: way.steps.map { step in
        StepElement(
          from: step.from, to: step.to, validFrom: step.validFrom, validTo: step.validTo,
          origin: originName(step.origin), confidence: step.confidence,
          claims: step.claims.map { claim in
            ClaimElement(
              origin: originName(claim.origin), confidence: claim.confidence, rule: claim.rule,
              ruleVersion: claim.ruleVersion, event: claim.event, reporter: claim.reporter, at: claim.at,
              inventory: claim.inventory, evidence: claim.evidence)
          })
      })
  }
  return try jsonDocument(Document(count: ways.count, ways: elements))
}

/// Ways for people: each step with its claims below.
package func whyText(_ ways: [Way]) -> String {
  ways.map { way in
    let head = "\(percent(way.confidence)) \(originName(way.origin))\n"
    return head
      + way.steps.map { step in "  \(printable(step.from)) → \(printable(step.to))\(period(step))\n" + claims(step) }
      .joined()
  }.joined(separator: "\n")
}

private func period(_ step: Step) -> String {
  let from = step.validFrom.map { " since \($0.formatted(.iso8601))" } ?? ""
  return from + (step.validTo.map { " until \($0.formatted(.iso8601))" } ?? "")
}

private func claims(_ step: Step) -> String {
  if step.claims.isEmpty { return "    captured: a build's signature says so\n" }
  return step.claims.map { claim in
    let by =
      claim.event.map { "event \($0) of \(claim.reporter ?? "")" } ?? claim.inventory.map { "scan \($0)" } ?? ""
    let time = claim.at.map { " at \($0.formatted(.iso8601))" } ?? ""
    let evidence = evidenceWords(claim.evidence).map { "      \(printable($0))\n" } ?? ""
    return printable("    \(originName(claim.origin)) \(percent(claim.confidence)) by \(claim.rule), \(by)\(time)")
      + "\n"
      + evidence
  }.joined()
}

/// The JSON that a claim was stored with, in words; nil where it says nothing more than the claim itself.
private func evidenceWords(_ json: String?) -> String? {
  struct Evidence: Decodable {
    struct Counts: Decodable { var expected, found, modified: Int }
    /// Of a claim that was copied with an image.
    var image: String?
    /// Of a parent that a disk's header names.
    var name: String?
    var artifacts: Counts?
    var volume: String?
    var alternatives, conflicts: [String]?
  }
  guard let json, let evidence = try? JSONDecoder().decode(Evidence.self, from: Data(json.utf8)) else { return nil }
  var words: [String] = []
  if let image = evidence.image { words.append("as it was in image \(image) then") }
  if let name = evidence.name { words.append("the disk's header names \(name)") }
  if let counts = evidence.artifacts, counts.expected > 0 {
    words.append("\(counts.found) of \(counted(counts.expected, "file")), \(counts.modified) modified")
  }
  if let volume = evidence.volume { words.append("on \(volume)") }
  if let others = evidence.alternatives, !others.isEmpty { words.append("or \(others.joined(separator: ", "))") }
  words += (evidence.conflicts ?? []).map { "against it: \($0)" }
  return words.isEmpty ? nil : words.joined(separator: ", ")
}
