import Foundation
import TestSupport

/// A made-up estate that a seed decides, and what is true of it by walking every path: no SQL, no query model.
struct ChainedThings {
  struct Link {
    var from: Int
    var to: Int
    var validFrom: Int64
    var validTo: Int64
    var origin: Int
    var confidence: Double
    var group: Int
  }

  /// host 0, vm 1, image 2, release 3, build 4, artifact 5, revision 6, source 7.
  var levels: [[Int]] = []
  var links: [Link] = []
  var names: [Int: String] = [:]
  var lives: [Int: ClosedRange<Int64>] = [:]
  var sql: [String] = []
  static let now: Int64 = 1_000_000
  private var random: SeededGenerator

  init(seed: UInt64) {
    random = SeededGenerator(seed: seed)
    let counts = [4, 9, 7, 8, 9, 12, 16, 8]
    var next = 1
    for (level, count) in counts.enumerated() {
      levels.append(Array(next..<next + count))
      for (index, id) in levels[level].enumerated() { thing(level, index, id) }
      next += count
    }
    joinByLinks()
  }

  private mutating func number(_ range: Range<Int>) -> Int { Int.random(in: range, using: &random) }

  private mutating func thing(_ level: Int, _ index: Int, _ id: Int) {
    let kind = ["host", "vm", "image", "release", "build", "artifact", "revision", "source"][level]
    let name = "\(kind)-\(index)"
    names[id] = name
    sql.append("INSERT INTO thing VALUES (\(id), '\(kind)', '\(name)')")
    func before(_ level: Int) -> Int { levels[level][number(0..<levels[level].count)] }
    switch level {
    case 0: sql.append("INSERT INTO host VALUES (\(id), '\(name)', 'group-\(index % 2)', 1)")
    case 1: sql.append("INSERT INTO vm VALUES (\(id), '\(name)', NULL, 1)")
    case 2: sql.append("INSERT INTO image VALUES (\(id), NULL, NULL, '\(name)', NULL, NULL, 'golden', 1)")
    case 3:
      sql.append("INSERT INTO application_release VALUES (\(id), 'release', 'app-\(index / 2)', '\(index % 2)', NULL)")
    case 4:
      let release = before(3)
      sql.append("INSERT INTO build VALUES (\(id), CAST('\(name)' AS BLOB), \(release), NULL, NULL, NULL, NULL)")
      column(release, id)
    case 5:
      let build = before(4)
      sql.append("INSERT INTO artifact VALUES (\(id), \(build), 'bin/\(name)', 1, CAST('\(name)' AS BLOB), '', '')")
      column(build, id)
    case 6: names[id] = "\(name)-commit"
    default: sql.append("INSERT INTO source VALUES (\(id), 'repository', 'src/\(name)', NULL)")
    }
    if level < 3 {
      let end = number(0..<5) == 0 ? 500_000 : Int64.max
      lives[id] = 1...end
      sql.append("INSERT INTO life VALUES (\(id), 1, \(end))")
    }
  }

  private mutating func column(_ from: Int, _ to: Int) {
    links.append(
      Link(from: from, to: to, validFrom: 0, validTo: .max, origin: 1, confidence: 1, group: 0))
  }

  private mutating func joinByLinks() {
    sql.append("INSERT INTO author VALUES ('Ann 0'), ('Ann 1'), ('Ann 2')")
    for (index, revision) in levels[6].enumerated() {
      let source = levels[7][number(0..<levels[7].count)]
      sql.append(
        "INSERT INTO revision VALUES (\(revision), \(source), '\(names[revision] ?? "")', '', 'Ann \(index % 3)', 1, 0, 0)"
      )
      column(revision, source)
    }
    for (level, count) in [(0, 14), (1, 14), (2, 20), (3, 5), (5, 24)] {
      for _ in 0..<count { link(level) }
    }
    for child in 1..<levels[2].count {
      for _ in 0..<number(0..<3) { link(levels[2][child], levels[2][number(0..<child)], isScanned: true) }
    }
  }

  private mutating func link(_ level: Int) {
    let from = levels[level][number(0..<levels[level].count)]
    let to = levels[level + 1][number(0..<levels[level + 1].count)]
    // Only what scans say is less than certain, and has a group.
    link(from, to, isScanned: level == 2 || level == 3, isForGood: level == 5)
  }

  private mutating func link(_ from: Int, _ to: Int, isScanned: Bool, isForGood: Bool = false) {
    guard !links.contains(where: { $0.from == from && $0.to == to }) else { return }
    let ended = !isForGood && number(0..<4) == 0
    let link = Link(
      from: from, to: to, validFrom: isForGood ? 0 : Int64(number(1..<400_000)), validTo: ended ? 600_000 : .max,
      origin: isScanned ? number(1..<4) : 1, confidence: isScanned ? Double(number(5..<21)) / 20 : 1,
      group: isScanned ? number(0..<4) : 0)
    links.append(link)
    sql.append(
      """
      INSERT INTO link (from_id, to_id, valid_from, valid_to, origin, confidence, evidence_group) VALUES
      (\(from), \(to), \(link.validFrom), \(link.validTo), \(link.origin), \(link.confidence), \(link.group))
      """)
  }

  /// What one chain of filters asks: through which things of each level a path may go, and from which images the image on
  /// it must come, at once or over any number of steps.
  struct Filters {
    var allowed: [Int: Set<Int>] = [:]
    var parents: [(of: Set<Int>, isDirect: Bool)] = []
  }

  /// All of `entity` for which one path goes through a thing that each filter allows, with the best path's confidence
  /// and origin.
  func answers(_ entity: Int, _ allowed: [Int: Set<Int>], at: Int64) -> [Int: (confidence: Double, origin: Int)] {
    answers(entity, [Filters(allowed: allowed)], at: at)
  }

  /// The same for several chains: the best of all ways to take one path of each.
  func answers(_ entity: Int, _ chains: [Filters], at: Int64) -> [Int: (confidence: Double, origin: Int)] {
    var all: [Int: Set<Set<Int>>] = [:]
    for (position, chain) in chains.enumerated() {
      let next = paths(entity, chain, at: at)
      if position == 0 {
        all = next
      } else {
        all = all.filter { next[$0.key] != nil }
        for (thing, paths) in all {
          all[thing] = Set(paths.flatMap { one in (next[thing] ?? []).map { one.union($0) } })
        }
      }
    }
    return all.mapValues { paths in
      paths.map { ChainedThings.value($0.map { links[$0] }) }
        .max { ($0.confidence, -$0.origin) < ($1.confidence, -$1.origin) } ?? (0, 3)
    }
  }

  /// For each thing the paths that go through it, as positions of those links that are not certain and captured.
  private func paths(_ entity: Int, _ filters: Filters, at: Int64) -> [Int: Set<Set<Int>>] {
    var reached = Set(filters.allowed.keys)
    if !filters.parents.isEmpty { reached.insert(2) }
    let (first, last) = (min(entity, reached.min() ?? entity), max(entity, reached.max() ?? entity))
    var found: [Int: Set<Set<Int>>] = [:]
    func now(from thing: Int, in things: [Int]) -> [Int] {
      links.indices.filter { index in
        let link = links[index]
        return link.from == thing && link.validFrom <= at && at < link.validTo && things.contains(link.to)
      }
    }
    func ancestry(_ image: Int, _ parents: (of: Set<Int>, isDirect: Bool), _ path: Set<Int>) -> [Set<Int>] {
      now(from: image, in: levels[2]).flatMap { index -> [Set<Int>] in
        let next = path.union([index])
        let here = parents.of.contains(links[index].to) ? [next] : []
        return parents.isDirect ? here : here + ancestry(links[index].to, parents, next)
      }
    }
    func consider(_ things: [Int], _ path: Set<Int>) {
      let level = first + things.count - 1
      guard let thing = things.last, filters.allowed[level].map({ $0.contains(thing) }) ?? true else { return }
      if level == last {
        let answer = things[entity - first]
        guard entity > 2 || lives[answer].map({ $0.lowerBound <= at && at < $0.upperBound }) ?? false else { return }
        var all = [path]
        for parents in filters.parents {
          let ways = ancestry(things[2 - first], parents, [])
          all = all.flatMap { one in ways.map { one.union($0) } }
        }
        for one in all {
          found[answer, default: []].insert(one.filter { links[$0].confidence < 1 || links[$0].origin > 1 })
        }
        return
      }
      for index in now(from: thing, in: levels[level + 1]) { consider(things + [links[index].to], path.union([index])) }
    }
    for thing in levels[first] { consider([thing], []) }
    return found.filter { !$0.value.isEmpty }
  }

  /// Within a group the least counts, groups are multiplied, the weakest origin is the path's.
  private static func value(_ path: [Link]) -> (confidence: Double, origin: Int) {
    var groups: [Int: Double] = [:]
    var confidence = 1.0
    for link in path {
      if link.group == 0 {
        confidence *= link.confidence
      } else {
        groups[link.group] = min(groups[link.group] ?? 1, link.confidence)
      }
    }
    // As stored: to the eighth digit.
    let product = (groups.values.reduce(confidence, *) * 1e8).rounded() / 1e8
    return (product, path.map(\.origin).max() ?? 1)
  }
}
