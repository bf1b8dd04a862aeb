import Catalog
import Fingerprints
import Foundation
import Inventory
import Lineage
import Signatures
import TestSupport
import Testing

struct QuestionTests {
  private static let entities: [Entity] = [
    .hosts, .vms, .images, .releases, .builds, .artifacts, .revisions, .sources,
  ]

  /// A filter that names a thing of a level, or all whose name begins alike.
  private func filter(_ estate: ChainedThings, _ level: Int, _ random: inout SeededGenerator) -> (Filter, Set<Int>)? {
    guard level != 4, let thing = estate.levels[level].randomElement(using: &random), let name = estate.names[thing]
    else { return nil }
    let index = (estate.levels[level].firstIndex(of: thing) ?? 0)
    let kinds: [Filter.Kind] = [.host, .vm, .image, .application, .application, .artifact, .revision, .source]
    if level == 3 {
      let same = Set(estate.levels[3].enumerated().filter { $0.offset / 2 == index / 2 }.map(\.element))
      return Bool.random(using: &random)
        ? (Filter(.application, "app-\(index / 2)"), same)
        : (Filter(.application, "app-\(index / 2)@\(index % 2)"), [thing])
    }
    switch Int.random(in: 0..<4, using: &random) {
    case 0: return (Filter(kinds[level], "*"), Set(estate.levels[level]))
    case 1:
      return (
        Filter(kinds[level], "*-[0-3]*"),
        Set(
          estate.levels[level].filter {
            (estate.names[$0] ?? "").firstMatch(of: /-[0-3]/) != nil
          })
      )
    default: return (Filter(kinds[level], name), [thing])
    }
  }

  @Test(arguments: 0..<12) func `answers are those of a walk over every path`(seed: Int) throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "c.db").path
      let catalog = try Catalog(path: path)
      let estate = ChainedThings(seed: UInt64(seed))
      #expect(try sqlite(path, (["BEGIN"] + estate.sql + ["COMMIT"]).joined(separator: ";\n")) == "")
      var random = SeededGenerator(seed: UInt64(seed) + 100)
      var found = 0
      for _ in 0..<40 {
        let entity = Int.random(in: 0..<8, using: &random)
        let chosen = Set((0..<Int.random(in: 1..<4, using: &random)).map { _ in Int.random(in: 0..<8, using: &random) })
        var (filters, chains): ([Filter], [ChainedThings.Filters]) = ([], [.init()])
        for level in chosen.sorted() {
          guard let (filter, things) = filter(estate, level, &random) else { continue }
          filters.append(filter)
          chains[0].allowed[level] = things
          // The same filter once more begins another chain.
          guard Int.random(in: 0..<3, using: &random) == 0,
            let (other, others) = self.filter(estate, level, &random), other.kind == filter.kind
          else { continue }
          filters.append(other)
          if chains.count == 1 { chains.append(.init()) }
          chains[1].allowed[level] = others
        }
        for kind in [Filter.Kind.parent, .ancestor] where Int.random(in: 0..<4, using: &random) == 0 {
          let image = estate.levels[2][Int.random(in: 0..<4, using: &random)]
          filters.append(Filter(kind, estate.names[image] ?? ""))
          chains[0].parents.append(([image], kind == .parent))
        }
        let at: Int64 = [300_000, 550_000, ChainedThings.now].randomElement(using: &random) ?? 0
        var question = Question(
          QuestionTests.entities[entity], filters, at: Date(timeIntervalSince1970: Double(at) / 1000))
        question.limit = Bool.random(using: &random) ? 3 : nil
        var truth = estate.answers(entity, chains, at: at)
        if Int.random(in: 0..<3, using: &random) == 0,
          let (not, things) = filter(estate, Int.random(in: 0..<8, using: &random), &random),
          let level = estate.levels.firstIndex(where: { things.isSubset(of: $0) })
        {
          question.not = [not]
          for thing in estate.answers(entity, [level: things], at: at).keys { truth[thing] = nil }
        }
        for bound in [0, 6, 100_000] {
          let answers = try catalog.find(question, bound: bound)
          #expect(
            answers.count == min(truth.count, question.limit ?? .max),
            "\(question.entity) \(question.filters.map { "\($0.kind) \($0.values)" }) \(question.limit ?? 0) bound \(bound)"
          )
          for answer in answers {
            let thing = try #require(
              estate.levels[entity].first { matches(answer, estate, entity, $0) }, "\(answer)")
            let expected = try #require(truth[thing], "\(question) bound \(bound): \(answer)")
            #expect(
              abs(answer.confidence - expected.confidence) < 1e-7 && answer.origin == expected.origin,
              "\(question) bound \(bound): \(answer) \(expected)")
          }
          if question.limit == nil { found += answers.count }
        }
        #expect(try catalog.count(question) == truth.count)
      }
      #expect(found > 20)
    }
  }

  @Test(arguments: 0..<8) func `what is asked of a thing itself holds where it is found by its ways to any other`(
    seed: Int
  ) throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "c.db").path
      let catalog = try Catalog(path: path)
      let estate = ChainedThings(seed: UInt64(seed))
      let states = [
        "UPDATE image SET role = 'deployed' WHERE thing_id % 2 = 0",
        "INSERT INTO vm_state SELECT thing_id, 1, 'running', 9223372036854775807 FROM vm WHERE thing_id % 2 = 1",
        "INSERT INTO reboot SELECT thing_id, 1, 0, 0 FROM host WHERE thing_id % 2 = 1",
        "UPDATE application_release SET released = 999999 WHERE thing_id % 2 = 1",
      ]
      let sql = ["PRAGMA foreign_keys = OFF", "BEGIN"] + estate.sql + states + ["COMMIT"]
      #expect(try sqlite(path, sql.joined(separator: ";\n")) == "")
      let own: [(Entity, Int, Filter)] = [
        (.images, 2, Filter(.role, "golden")), (.vms, 1, Filter(.state, "running")),
        (.hosts, 0, Filter(.rebooted, "unexpected")), (.releases, 3, Filter(.changedWithin, "1s")),
      ]
      let now = Date(timeIntervalSince1970: Double(ChainedThings.now) / 1000)
      for (entity, level, filter) in own {
        for (other, kind) in [(level, nil), (0, Filter.Kind.host), (1, .vm), (2, .image), (7, .source)] {
          let found = Set(estate.answers(level, [other: Set(estate.levels[other])], at: ChainedThings.now).keys)
          for (bound, isWanted) in [(0, true), (0, false), (6, true), (6, false), (100_000, true), (100_000, false)] {
            var question = Question(entity, kind.map { [Filter($0, "*")] } ?? [], at: now)
            if isWanted { question.filters.append(filter) } else { question.not = [filter] }
            let answers = try catalog.find(question, bound: bound)
            let things = answers.compactMap { answer in
              estate.levels[level].first { matches(answer, estate, level, $0) }
            }
            let truth = found.filter { ($0 % 2 == 1) == isWanted }
            #expect(Set(things) == truth && things.count == answers.count, "\(question) \(bound)")
          }
        }
      }
    }
  }

  /// Of an application its releases together count: one that is captured makes it captured.
  @Test(arguments: 0..<8) func `what nobody recorded is what is found by no captured path`(seed: Int) throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "c.db").path
      let catalog = try Catalog(path: path)
      var estate = ChainedThings(seed: UInt64(seed))
      // Of the first release it is certain wherever it is.
      let first = estate.levels[3][0]
      for index in estate.links.indices where estate.links[index].to == first {
        (estate.links[index].origin, estate.links[index].confidence) = (1, 1)
      }
      estate.sql.append("UPDATE link SET origin = 1, confidence = 1 WHERE to_id = \(first)")
      #expect(try sqlite(path, (["BEGIN"] + estate.sql + ["COMMIT"]).joined(separator: ";\n")) == "")
      for (level, kind) in [Filter.Kind.host, .vm, .image].enumerated() {
        let truth = estate.answers(3, [level: Set(estate.levels[level])], at: ChainedThings.now)
        let release = { (thing: Int) in
          (estate.levels[3].firstIndex(of: thing) ?? 0).quotientAndRemainder(dividingBy: 2)
        }
        let applications = Dictionary(grouping: truth) { "app-\(release($0.key).quotient)" }.filter { _, releases in
          releases.map(\.value).max { ($0.confidence, -$0.origin) < ($1.confidence, -$1.origin) }?.origin != 1
        }
        let releases = truth.filter { $0.value.origin != 1 }.keys.map(release).map {
          "app-\($0.quotient)@\($0.remainder)"
        }
        for bound in [0, 6, 100_000] {
          var question = Question(
            .applications, [Filter(kind, "*")], at: Date(timeIntervalSince1970: Double(ChainedThings.now) / 1000))
          question.not = [Filter(.origin, "captured")]
          #expect(
            try Set(catalog.find(question, bound: bound).map(\.name)) == Set(applications.keys), "\(kind) \(bound)")
          question.entity = .releases
          #expect(try Set(catalog.find(question, bound: bound).map(\.id)) == Set(releases), "\(kind) \(bound)")
        }
      }
    }
  }

  private func matches(_ answer: Answer, _ estate: ChainedThings, _ entity: Int, _ thing: Int) -> Bool {
    guard let name = estate.names[thing] else { return false }
    let index = estate.levels[entity].firstIndex(of: thing) ?? 0
    switch entity {
    case 3: return answer.id == "app-\(index / 2)@\(index % 2)"
    case 4: return answer.id == name.utf8.map { String($0, radix: 16) }.joined()
    case 5: return answer.name == "bin/\(name)"
    case 6: return answer.text("revision") == name
    case 7: return answer.name == "src/\(name)"
    default: return answer.id == name
    }
  }

  @Test func `files are found in images, with what they were built from`() throws {
    try withTemporaryFolder { folder in
      let catalog = try Catalog(path: folder.appending(path: "c.db").path)
      let inventory = Shop.inventory("/a")
      let image = try catalog.imageID(host: "h", file: inventory.image.files[0])
      try catalog.store(inventory, infer(inventory, Shop.matches), builds: Shop.matches.builds, image: image)
      func ids(_ entity: Entity, _ filters: Filter...) throws -> [String] {
        try catalog.find(Question(entity, filters, order: .name)).map(\.name)
      }
      for file in ["/usr/bin/unread", "usr/bin/shop", Shop.digest.description] {
        #expect(try ids(.images, Filter(.file, file)) == ["a"])
        #expect(try ids(.files, Filter(.file, file)).count == 1)
      }
      #expect(try ids(.files, Filter(.image, "a")) == ["usr/bin/shop", "usr/bin/unread"])
      #expect(try ids(.files, Filter(.source, "cart.c")) == ["usr/bin/shop"])
      #expect(try ids(.files, Filter(.application, "shop"), Filter(.author, "ann")) == ["usr/bin/shop"])
      #expect(try ids(.files, Filter(.application, "base")) == [])
      #expect(try ids(.sources, Filter(.file, "/usr/bin/unread")) == ["src/cart.c"])
      #expect(try ids(.images, Filter(.revision, "c0ff")) == ["a"])
      #expect(throws: Problem.self) { try ids(.images, Filter(.file, "/usr/bin/none")) }
      let unknown = #expect(throws: Problem.self) { try ids(.images, Filter(.source, "carr.c")) }
      #expect(unknown?.remedy?.contains("src/cart.c") == true)
    }
  }

  @Test(arguments: 0..<6) func `why an image comes from another is told by its surest way`(seed: Int) throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "c.db").path
      let catalog = try Catalog(path: path)
      let estate = ChainedThings(seed: UInt64(seed))
      let said = try sqlite(path, (["BEGIN"] + estate.sql + ["COMMIT"]).joined(separator: ";\n"))
      #expect(said == "")
      let at = Date(timeIntervalSince1970: Double(ChainedThings.now) / 1000)
      for (position, parent) in estate.levels[2].enumerated() {
        for child in estate.levels[2].dropFirst(position + 1) {
          var filters = ChainedThings.Filters(allowed: [2: [child]])
          filters.parents = [(of: [parent], isDirect: false)]
          // Whether an image is there still is no matter here.
          var eternal = estate
          eternal.lives[child] = 1...Int64.max
          let truth = eternal.answers(2, [filters], at: ChainedThings.now)[child]
          let ways = try catalog.why(
            "image:\(estate.names[parent] ?? "")", "image:\(estate.names[child] ?? "")", at: at)
          #expect(ways.first.map { ($0.confidence * 1e7).rounded() } == truth.map { ($0.confidence * 1e7).rounded() })
          #expect(ways.first?.origin == truth?.origin)
          #expect(ways.allSatisfy { $0.steps.first?.from.hasSuffix(estate.names[child] ?? "-") == true })
        }
      }
    }
  }

  /// Whatever a set is, `--format ids` tells it so that the filter of the same kind finds it and nothing else.
  @Test(arguments: [
    (Entity.hosts, Filter.Kind.host), (.vms, .vm), (.images, .image), (.applications, .application),
    (.releases, .application), (.artifacts, .artifact), (.sources, .source), (.revisions, .revision),
  ]) func `a set that is passed on stays the same`(entity: Entity, kind: Filter.Kind) throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "c.db").path
      let catalog = try Catalog(path: path)
      let estate = ChainedThings(seed: 5)
      // Other things bear the same names: ids of others, paths with colons, one path in two repositories.
      let awkward = [
        "UPDATE image SET name = 'image-1', path = 'image-2' WHERE thing_id = \(estate.levels[2][0])",
        "UPDATE image SET host = 'image', path = '1:2' WHERE thing_id = \(estate.levels[2][3])",
        "UPDATE thing SET key = 'image:1:2' WHERE id = \(estate.levels[2][4])",
        "UPDATE vm SET name = 'vm-1' WHERE thing_id IN (\(estate.levels[1][2]), \(estate.levels[1][1]))",
        "UPDATE source SET repository = 'https://a/b:' || thing_id, path = 'src/a:b.c' WHERE thing_id % 3 = 0",
        "UPDATE source SET path = repository || ':src/source-1' WHERE thing_id = \(estate.levels[7][0])",
        "UPDATE revision SET revision_commit = 'abcdef', author = 'Ann'",
        "UPDATE revision SET revision_commit = NULL WHERE thing_id % 4 = 0",
        "UPDATE artifact SET sha256 = X'\(String(repeating: "ab", count: 32))', path = 'bin/same' || thing_id",
      ]
      let said = try sqlite(path, (["BEGIN"] + estate.sql + awkward + ["COMMIT"]).joined(separator: ";\n"))
      #expect(said == "")
      var random = SeededGenerator(seed: 9)
      let all = try catalog.find(Question(entity))
      #expect(all.count > 2)
      for _ in 0..<20 {
        let some = all.filter { _ in Bool.random(using: &random) }
        if some.isEmpty { continue }
        let found = try catalog.find(Question(entity, [Filter(kind, some.map(\.id))]))
        #expect(Set(found.map(\.values)) == Set(some.map(\.values)), "\(some.map(\.id))")
      }
    }
  }

  /// Nothing that grows with the estate is read whole for a question about a named thing.
  @Test(arguments: QuestionTests.entities)
  func `named things are found by indexes`(entity: Entity) throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "c.db").path
      let catalog = try Catalog(path: path)
      let estate = ChainedThings(seed: 3)
      #expect(try sqlite(path, (["BEGIN"] + estate.sql + ["COMMIT"]).joined(separator: ";\n")) == "")
      let filters: [Filter] = [
        Filter(.source, "source-1"), Filter(.revision, "revision-1-commit"), Filter(.artifact, "bin/artifact-1"),
        Filter(.application, "app-1"), Filter(.image, "image-1"), Filter(.vm, "vm-1"), Filter(.host, "host-1"),
        Filter(.author, "Ann 1"),
      ]
      for filter in filters {
        for bound in [0, 1000] {
          let steps = try catalog.explain(Question(entity, [filter], limit: 10), bound: bound).steps
          let whole = steps.filter { step in
            step.firstMatch(of: /^SCAN (l\d|w\d|link|vm|revision|source|artifact|image|host|build|x USING)\b/) != nil
          }
          #expect(whole.isEmpty, "\(filter) \(bound): \(whole)")
        }
      }
    }
  }
}
