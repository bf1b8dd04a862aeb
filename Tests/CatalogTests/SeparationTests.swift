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

  /// Whatever owners are compared: the walk over every path counts the same.
  @Test(arguments: 0..<8) func `counts are those of a walk over every path`(seed: Int) throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "c.db").path
      let catalog = try Catalog(path: path)
      let estate = ChainedThings(seed: UInt64(seed) + 40)
      #expect(try sqlite(path, (["BEGIN"] + estate.sql + ["COMMIT"]).joined(separator: ";\n")) == "")
      let same = try makeTwins(path, estate)
      var random = SeededGenerator(seed: UInt64(seed))
      var found = 0
      for _ in 0..<24 {
        let level = Int.random(in: 0..<3, using: &random)
        let owners = estate.levels[level].shuffled(using: &random)
        let of = Set(owners.prefix(Int.random(in: 1...3, using: &random)))
        let others = Set(owners.dropFirst(of.count).prefix(Int.random(in: 0...5, using: &random)))
        let at: Int64 = [300_000, 550_000, ChainedThings.now].randomElement(using: &random) ?? 0
        let subject = Comparison.Subject.allCases.randomElement(using: &random) ?? .sources
        let kind: Filter.Kind = [.host, .vm, .image][level]
        func filter(_ things: Set<Int>) -> Filter { Filter(kind, things.compactMap { estate.names[$0] }) }
        let shared = try catalog.common(
          Comparison(subject, of: filter(of), against: filter(others)),
          at: Date(timeIntervalSince1970: Double(at) / 1000))
        let truth = NaiveCounts(estate, same, subject, level, of: of, others: others, at: at)
        #expect(Set(shared.map { NaiveCounts.key($0) }) == Set(truth.shared.keys), "\(subject) \(kind)")
        for one in shared {
          let counts = try #require(truth.shared[NaiveCounts.key(one)], "\(one)")
          #expect(one.having == counts.of && one.othersHaving == counts.others, "\(one) \(counts)")
          #expect(abs(one.confidence - counts.confidence) < 1e-9, "\(one) \(counts)")
          #expect(others.isEmpty || abs((one.corrected ?? 2) - counts.corrected) < 1e-9, "\(one) \(counts)")
        }
        found += shared.count
      }
      #expect(found > 40)
    }
  }

  /// Makes two artifacts of builds of one application, and two revisions of one source, what nobody could tell apart.
  /// Gives the thing that each is the same as.
  private func makeTwins(_ path: String, _ estate: ChainedThings) throws -> [Int: Int] {
    let pairs = try sqlite(
      path,
      """
      SELECT max(x.thing_id) || ' ' || min(o.thing_id) FROM artifact x JOIN artifact o ON o.build_id < x.build_id
      JOIN build b ON b.thing_id = x.build_id JOIN application_release r ON r.thing_id = b.release_id
      JOIN build p ON p.thing_id = o.build_id JOIN application_release q ON q.thing_id = p.release_id
      WHERE q.name = r.name AND o.thing_id < x.thing_id GROUP BY r.name
      UNION ALL SELECT max(thing_id) || ' ' || min(thing_id) FROM revision GROUP BY source_id HAVING count(*) > 1
      """
    ).split(separator: "\n").map { $0.split(separator: " ").compactMap { Int($0) } }
    var same: [Int: Int] = [:]
    for pair in pairs {
      same[pair[0]] = pair[1]
      _ = try sqlite(
        path,
        """
        UPDATE artifact SET (path, sha256) = (SELECT o.path, o.sha256 FROM artifact o WHERE o.thing_id = \(pair[1]))
        WHERE thing_id = \(pair[0]);
        UPDATE revision SET (revision_commit, author) = (SELECT o.revision_commit, o.author FROM revision o
        WHERE o.thing_id = \(pair[1])) WHERE thing_id = \(pair[0])
        """)
    }
    return same
  }
}

/// What owners have in common, counted thing by thing and path by path.
private struct NaiveCounts {
  struct Counts {
    var of = 0
    var others = 0
    var confidence = 0.0
    var corrected = 1.0
  }

  private(set) var shared: [String: Counts] = [:]

  init(
    _ estate: ChainedThings, _ same: [Int: Int], _ subject: Comparison.Subject, _ level: Int, of: Set<Int>,
    others: Set<Int>, at: Int64
  ) {
    let subjectLevel = [Comparison.Subject.applications: 3, .artifacts: 5, .sources: 6][subject] ?? 0
    var all: [String: Counts] = [:]
    for owner in of.union(others) {
      var had: [String: Double] = [:]
      for (thing, value) in estate.answers(subjectLevel, [level: [owner]], at: at) {
        for key in NaiveCounts.keys(estate, same, subject, thing) { had[key] = max(had[key] ?? 0, value.confidence) }
      }
      for (key, confidence) in had {
        all[key, default: Counts()].of += of.contains(owner) ? 1 : 0
        all[key, default: Counts()].others += of.contains(owner) ? 0 : 1
        all[key, default: Counts()].confidence = max(all[key]?.confidence ?? 0, confidence)
      }
    }
    let keys = Array(all.keys)
    let values = keys.map { key in
      let counts = all[key] ?? Counts()
      return Fisher.pValue(counts.of, of.count - counts.of, counts.others, others.count - counts.others)
    }
    for (key, corrected) in zip(keys, Fisher.corrected(values)) { all[key]?.corrected = corrected }
    shared = all.filter { _, counts in
      let rate = (Double(counts.of) + 0.5) / Double(of.count + 1)
      let other = (Double(counts.others) + 0.5) / Double(others.count + 1)
      return others.isEmpty ? counts.of == of.count : counts.of > 0 && rate > other
    }
  }

  static func key(_ shared: Shared) -> String {
    let detail = shared.isAny ? "any" : shared.detail ?? ""
    return "\(shared.name) \(detail) \(shared.application ?? "")"
  }

  private static func keys(
    _ estate: ChainedThings, _ same: [Int: Int], _ subject: Comparison.Subject, _ thing: Int
  ) -> [String] {
    let index = estate.levels[3].firstIndex(of: thing) ?? 0
    func name(_ thing: Int) -> String { estate.names[thing] ?? "" }
    switch subject {
    case .applications: return ["app-\(index / 2) \(index % 2) ", "app-\(index / 2) any "]
    case .sources:
      let source = estate.links.first { $0.from == thing }?.to ?? 0
      return ["src/\(name(source)) \(name(same[thing] ?? thing)) ", "src/\(name(source)) any "]
    case .artifacts:
      // What holds from the beginning is no link but a column.
      func owner(_ thing: Int) -> Int { estate.links.first(where: { $0.to == thing && $0.validFrom == 0 })?.from ?? 0 }
      let release = owner(owner(thing))
      let application = "app-\((estate.levels[3].firstIndex(of: release) ?? 0) / 2)"
      let artifact = name(same[thing] ?? thing)
      let digest = artifact.utf8.map { String($0, radix: 16) }.joined()
      return ["bin/\(artifact) \(digest) \(application)"]
    }
  }
}
