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
  }

  private mutating func link(_ level: Int) {
    let from = levels[level][number(0..<levels[level].count)]
    let to = levels[level + 1][number(0..<levels[level + 1].count)]
    guard !links.contains(where: { $0.from == from && $0.to == to }) else { return }
    let ended = level != 5 && number(0..<4) == 0
    // Only what scans say is less than certain, and has a group.
    let isScanned = level == 2 || level == 3
    let link = Link(
      from: from, to: to, validFrom: level == 5 ? 0 : Int64(number(1..<400_000)), validTo: ended ? 600_000 : .max,
      origin: isScanned ? number(1..<4) : 1, confidence: isScanned ? Double(number(5..<21)) / 20 : 1,
      group: isScanned ? number(0..<4) : 0)
    links.append(link)
    sql.append(
      """
      INSERT INTO link (from_id, to_id, valid_from, valid_to, origin, confidence, evidence_group) VALUES
      (\(from), \(to), \(link.validFrom), \(link.validTo), \(link.origin), \(link.confidence), \(link.group))
      """)
  }

  /// All of `entity` for which one path goes through a thing that each filter allows, with the best path's confidence
  /// and origin.
  func answers(_ entity: Int, _ allowed: [Int: Set<Int>], at: Int64) -> [Int: (confidence: Double, origin: Int)] {
    let first = min(entity, allowed.keys.min() ?? entity)
    let last = max(entity, allowed.keys.max() ?? entity)
    var best: [Int: (confidence: Double, origin: Int)] = [:]
    func consider(_ things: [Int], _ path: [Link]) {
      let level = first + things.count - 1
      guard let thing = things.last, allowed[level].map({ $0.contains(thing) }) ?? true else { return }
      if level == last {
        let answer = things[entity - first]
        guard entity > 2 || lives[answer].map({ $0.lowerBound <= at && at < $0.upperBound }) ?? false else { return }
        let value = ChainedThings.value(path)
        if let known = best[answer],
          (known.confidence, -known.origin) >= (value.confidence, -value.origin)
        {
          return
        }
        best[answer] = value
        return
      }
      for link in links
      where link.from == thing && link.validFrom <= at && at < link.validTo && levels[level + 1].contains(link.to) {
        consider(things + [link.to], path + [link])
      }
    }
    for thing in levels[first] { consider([thing], []) }
    return best
  }

  /// Within a group the least counts, groups are multiplied, the weakest origin is the path's.
  static func value(_ path: [Link]) -> (confidence: Double, origin: Int) {
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
