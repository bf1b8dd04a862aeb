import Foundation
import TestSupport
import Testing

@testable import Catalog

struct SeparationTests {
  /// Python's whole numbers and fractions know nothing of logarithms of factorials.
  @Test func `p-values are those of whole numbers`() throws {
    var random = SeededGenerator(seed: 7)
    let tables = (0..<200).map { _ in (0..<4).map { _ in Int.random(in: 0..<40, using: &random) } }
    let script = """
      import json, sys
      from fractions import Fraction
      from math import comb
      def p(a, b, c, d):
          n, m, k = a + b, c + d, a + c
          return float(sum(Fraction(comb(n, i) * comb(m, k - i), comb(n + m, k)) for i in range(a, min(n, k) + 1) if k - i <= m))
      values = [p(*t) for t in json.load(sys.stdin)]
      order = sorted(range(len(values)), key=lambda i: values[i])
      corrected, least = [0] * len(values), 1.0
      for place in range(len(order), 0, -1):
          least = min(least, values[order[place - 1]] * len(order) / place)
          corrected[order[place - 1]] = least
      print(json.dumps([values, corrected]))
      """
    let finished = try run(["python3", "-c", script], input: try JSONEncoder().encode(tables))
    let truth = try JSONDecoder().decode([[Double]].self, from: finished.output)
    let values = tables.map { Fisher.pValue($0[0], $0[1], $0[2], $0[3]) }
    for (one, other) in zip(values + Fisher.corrected(values), truth[0] + truth[1]) {
      #expect(abs(one - other) <= 1e-9 * max(one, other) + 1e-12)
    }
    #expect(values.contains { $0 < 1e-6 } && values.contains { $0 > 0.9 })
  }

  @Test func `the release that only failing vms have comes first`() throws {
    try withTemporaryFolder { folder in
      let catalog = try Catalog(path: folder.appending(path: "c.db").path)
      var lines: [String] = []
      func event(_ fields: String) {
        lines.append(#"{"id":"\#(lines.count)","at":"2026-01-01T00:00:00Z","reporter":"test",\#(fields)}"#)
      }
      for number in 0..<12 {
        event(#""kind":"vm-created","vm":"v\#(number)","name":"vm-\#(number)","image":"gold-\#(number)""#)
        func install(_ application: String, _ release: String) {
          event(
            #""kind":"application-installed","image":"gold-\#(number)","application":"\#(application)","release":"\#(release)""#
          )
        }
        install("base", "1")
        install("shop", number < 6 ? "2.2" : "2.1")
        if number % 2 == 0 { install("tool", "3") }
      }
      _ = try catalog.record(lines.map { Data($0.utf8) })
      func vms(_ range: Range<Int>) -> Filter { Filter(.vm, range.map { "vm-\($0)" }) }
      let found = try catalog.common(Comparison(.applications, of: vms(0..<6), against: vms(6..<12)))
      #expect(found.first?.name == "shop" && found.first?.detail == "2.2")
      #expect(found.first?.having == 6 && found.first?.othersHaving == 0)
      #expect(!found.contains { $0.name == "base" } && !found.contains { $0.detail == "2.1" })
      let shared = try catalog.common(Comparison(.applications, of: vms(0..<12), against: Filter(.vm, [])))
      #expect(shared.map { "\($0.name) \($0.detail ?? "any")" } == ["base any", "base 1", "shop any"])
      #expect(throws: (any Error).self) {
        try catalog.common(Comparison(.applications, of: vms(0..<3), against: vms(1..<3)))
      }
    }
  }
}
