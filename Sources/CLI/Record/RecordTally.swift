internal import Catalog
internal import Foundation
internal import Inventory
internal import Reports

/// What became of the events of one call.
struct RecordTally {
  struct Remark: Encodable {
    var line: Int
    var reason: String
  }

  private(set) var recorded = 0
  private(set) var repeated = 0
  private(set) var refused: [Remark] = []
  private(set) var warnings: [Remark] = []
  /// The catalog could not be written further.
  var isBroken = false

  mutating func count(_ outcome: RecordOutcome, line: Int) {
    switch outcome {
    case .recorded(let warning):
      recorded += 1
      guard let warning else { return }
      warnings.append(Remark(line: line, reason: warning))
      complain("line \(line): warning: \(warning)")
    case .repeated: repeated += 1
    case .refused(let reason):
      refused.append(Remark(line: line, reason: printable(reason)))
      complain("line \(line): refused: \(printable(reason))")
    }
  }

  var line: String {
    "\(recorded) recorded" + (repeated > 0 ? ", \(repeated) known already" : "")
      + (refused.isEmpty ? "" : ", \(refused.count) refused")
  }

  private struct Document: Encodable {
    let schema = "vmlineage.record/1"
    let recorded: Int
    let repeated: Int
    let refused: [Remark]
    let warnings: [Remark]
  }

  /// Schema `vmlineage.record/1`.
  func document() throws -> Data {
    try jsonDocument(Document(recorded: recorded, repeated: repeated, refused: refused, warnings: warnings))
  }
}
