import Events
import Fingerprints
import Foundation
import Inventory
import Lineage
import TestSupport

@testable import Catalog

/// A made-up estate whose events a seed decides: few things and few moments, so that much falls together. One of a larger
/// `scale` has that many times the things and moments.
struct Estate {
  private var samples: Samples
  private let scale: Int
  private var number = 0
  let start = 1_769_860_800.0

  init(seed: UInt64, scale: Int = 1) {
    samples = Samples(seed: seed)
    self.scale = scale
  }

  /// What happens to an estate: an event as JSON, or a scan of an image.
  enum Happening {
    case event(Data)
    case scan(image: String, minute: Int, releases: [String], isWhole: Bool)
  }

  private mutating func name(_ kind: String, _ count: Int) -> String {
    "\(kind)\(samples.number(0..<count * scale))"
  }

  mutating func happening() -> Happening {
    if samples.number(0..<12) == 0 {
      number += 1
      // No two scans of one moment: which of these is the later one nobody knows.
      return .scan(
        image: "gold\(samples.number(0..<3))", minute: 1000 + number,
        releases: ["1", "2", "3"].filter { _ in samples.number(0..<2) == 0 },
        isWhole: samples.number(0..<4) > 0)
    }
    return .event((try? JSONSerialization.data(withJSONObject: event(), options: [.sortedKeys])) ?? Data())
  }

  private mutating func event() -> [String: Any] {
    number += 1
    var fields: [String: Any] = [
      "id": "e\(samples.number(0..<1 << 40))", "reporter": "test", "more": ["kept": [1, 2.5]],
    ]
    let moment = Date(timeIntervalSince1970: start + Double(samples.number(0..<60 * scale)) * 60)
    fields["at"] = moment.formatted(.iso8601)
    let kind = samples.one(of: EventKind.all).name
    fields["kind"] = samples.number(0..<3) == 0 ? "application-installed" : kind
    fields["application"] = name("app", 2)
    fields["release"] = "\(samples.number(1..<4))"
    if samples.number(0..<4) == 0, fields["kind"] as? String == "application-removed" { fields["release"] = nil }
    if samples.number(0..<2) == 0 { fields["vm"] = name("vm", 6) }
    let child = samples.number(0..<3 * scale)
    fields["image"] = "gold\(child)"
    if child > 0, samples.number(0..<2) == 0 { fields["parent"] = "gold\(samples.number(0..<child))" }
    if (fields["kind"] as? String ?? "").hasPrefix("vm-") { fields["vm"] = name("vm", 6) }
    if samples.number(0..<3) == 0 { fields["images"] = [name("gold", 3)] }
    if samples.number(0..<2) == 0 { fields["signature"] = Digest(of: Data(name("build", 9).utf8)).description }
    fields["from"] = name("vm", 6)
    if fields["from"] as? String == fields["vm"] as? String { fields["from"] = "vm9" }
    fields["host"] = name("host", 3)
    fields["path"] = "/images/\(samples.number(0..<3))"
    fields["role"] = samples.one(of: ["golden", "deployed"])
    fields["state"] = samples.one(of: ["running", "stopped"])
    fields["settings"] = [name("key", 2): samples.one(of: [1, true, "x", NSNull()] as [Any])]
    fields["group"] = name("group", 2)
    fields["expected"] = samples.number(0..<2) == 0
    (fields["action"], fields["vms"]) = ("reboot", [name("vm", 6)])
    return fields
  }

  /// Tells a catalog of it, some events at a time.
  static func tell(_ happenings: [Happening], to catalog: Catalog, batch: Int) throws -> [RecordOutcome] {
    var outcomes: [RecordOutcome] = []
    var lines: [Data] = []
    func flush() throws {
      outcomes += try catalog.record(lines)
      lines = []
    }
    for happening in happenings {
      switch happening {
      case .event(let line): lines.append(line)
      case .scan(let image, let minute, let releases, let isWhole):
        try flush()
        try scan(image, minute, releases, isWhole, catalog)
      }
      if lines.count == batch { try flush() }
    }
    try flush()
    return outcomes
  }

  private static func scan(
    _ image: String, _ minute: Int, _ releases: [String], _ isWhole: Bool, _ catalog: Catalog
  ) throws {
    var inventory = Shop.inventory("/x")
    inventory.status = isWhole ? .scanned : .partial
    let applications = releases.map { release in
      Application(
        name: "app0", version: release, kind: "release", volume: "v", origin: .declared, confidence: 0.8,
        claims: [
          Claim(origin: .declared, confidence: 0.8, rule: "declared", ruleVersion: 1),
          Claim(origin: .inferred, confidence: 0.6, rule: "same-code", ruleVersion: 1),
        ])
    }
    let at = Date(timeIntervalSince1970: 1_769_860_800 + Double(minute % 60) * 60 + Double(minute) / 1000)
    try catalog.store(inventory, Findings(applications: applications), builds: [:], image: image, at: at)
  }
}
