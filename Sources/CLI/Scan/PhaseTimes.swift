internal import Foundation
internal import Scanner

/// Where the time of one image went: its phases in the order in which they came first, and how much was read.
struct PhaseTimes {
  private(set) var phases: [(name: String, time: Duration)] = []
  private(set) var read = Amount()
  private var current: (name: String, since: ContinuousClock.Instant)?

  mutating func enter(_ phase: String) {
    end()
    current = (phase, .now)
  }

  mutating func end() {
    guard let (name, since) = current else { return }
    add(name, since.duration(to: .now))
    current = nil
  }

  mutating func note(_ amount: Amount) { read = amount }

  /// Takes in what another image took.
  mutating func add(_ other: PhaseTimes) {
    for (name, time) in other.phases { add(name, time) }
    read.files += other.read.files
    read.bytes += other.read.bytes
  }

  private mutating func add(_ name: String, _ time: Duration) {
    if let place = phases.firstIndex(where: { $0.name == name }) {
      phases[place].time += time
    } else {
      phases.append((name, time))
    }
  }

  var total: Duration { phases.reduce(.zero) { $0 + $1.time } }
  /// Since the phase began that goes on.
  var now: (name: String, time: Duration)? { current.map { ($0.name, $0.since.duration(to: .now)) } }
}

/// What `--timings` prints: a table of phases by image, the sum of all last.
func timingsTable(_ images: [(name: String, times: PhaseTimes)], elapsed: Duration) -> String {
  var sum = PhaseTimes()
  for (_, times) in images { sum.add(times) }
  let columns = sum.phases.map(\.name)
  func line(_ name: String, _ times: PhaseTimes) -> [String] {
    let known = Dictionary(times.phases.map { ($0.name, $0.time) }, uniquingKeysWith: +)
    return [name, words(times.total)] + columns.map { known[$0].map(words) ?? "-" }
      + ["\(times.read.files)", mebibytes(times.read.bytes)]
  }
  var lines = [["image", "total"] + columns + ["files read", "MiB"]]
  lines += images.map { line($0.name, $0.times) }
  if images.count > 1 { lines.append(line("all", sum)) }
  let widths = lines[0].indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
  let rows = lines.map { line in
    zip(line, widths).enumerated().map { place, cell in
      let blanks = String(repeating: " ", count: cell.1 - cell.0.count)
      return place == 0 ? cell.0 + blanks : blanks + cell.0
    }.joined(separator: "  ")
  }
  return "timings in seconds; \(words(elapsed)) passed\n" + rows.joined(separator: "\n") + "\n"
}

private func words(_ time: Duration) -> String { String(format: "%.2f", time / .seconds(1)) }

private func mebibytes(_ bytes: UInt64) -> String { String(format: "%.1f", Double(bytes) / Double(1 << 20)) }
