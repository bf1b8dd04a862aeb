internal import Foundation
internal import Inventory
internal import Scanner
internal import Synchronization

/// What is going on, on standard error: one line that changes where that is a terminal, else a line an image.
final class Progress: Sendable {
  private struct State {
    var running: [Int: PhaseTimes] = [:]
    var finished: [Int: PhaseTimes] = [:]
    /// How far the images are that are being read, of what is to be read of each.
    var reading: [Int: (done: Amount, all: Amount)] = [:]
  }

  private let state = Mutex(State())
  private let names: [String]
  /// Bytes of each image's file: what is left takes as long by the byte as what is done.
  private let weights: [Double]
  private let isTerminal: Bool
  private let start = ContinuousClock.now

  init(_ images: [String]) {
    names = images.map { printable(URL(fileURLWithPath: $0).lastPathComponent) }
    weights = images.map { path in
      var facts = stat()
      return stat(path, &facts) == 0 ? Double(facts.st_blocks) * 512 + 1e6 : 1e6
    }
    isTerminal = isatty(STDERR_FILENO) == 1 && ProcessInfo.processInfo.environment["NO_COLOR"] == nil
  }

  /// Something goes on with an image.
  func note(_ image: Int, _ progress: ScanProgress) {
    state.withLock { state in
      switch progress {
      case .phase(let name): state.running[image, default: PhaseTimes()].enter(name)
      case .read(let done, let all):
        state.reading[image] = (done, all)
        state.running[image]?.note(done)
      }
      if isTerminal { draw(state) }
    }
  }

  /// An image is done.
  func finish(_ image: Int, outcome: String) {
    state.withLock { state in
      var times = state.running.removeValue(forKey: image) ?? PhaseTimes()
      times.end()
      state.reading[image] = nil
      state.finished[image] = times
      if isTerminal {
        draw(state)
      } else {
        let seconds = times.total / .seconds(1)
        let time = seconds > 0.5 ? String(format: " in %.\(seconds < 10 ? 1 : 0)f s", seconds) : ""
        writeError("[\(state.finished.count)/\(names.count)] \(names[image]): \(outcome)\(time)\(estimate(state))\n")
      }
    }
  }

  /// What an image took, the longest.
  var longest: Duration { state.withLock { $0.finished.values.map(\.total).max() ?? .zero } }

  /// Where the time went.
  func timings() -> String {
    let finished = state.withLock { $0.finished }
    return timingsTable(
      finished.sorted { $0.key < $1.key }.map { (names[$0.key], $0.value) }, elapsed: start.duration(to: .now))
  }

  /// Takes the changing line away.
  func clear() {
    if isTerminal { writeError("\r\u{1B}[K") }
  }

  private func draw(_ state: State) {
    let running = state.running.sorted { $0.key < $1.key }.map { "\(names[$0.key]): \(words($0.key, $0.value, state))" }
    let line = "[\(state.finished.count)/\(names.count)] " + running.joined(separator: ", ") + estimate(state)
    writeError("\r\u{1B}[K" + line.prefix(max(20, terminalWidth() - 1)))
  }

  /// Such as `read files 1204 of 5210, 180 MB/s`.
  private func words(_ image: Int, _ times: PhaseTimes, _ state: State) -> String {
    guard let (phase, time) = times.now else { return "" }
    guard phase == "read files", let (done, all) = state.reading[image] else { return phase }
    let rate = Double(done.bytes) / max(0.1, time / .seconds(1)) / 1e6
    return "\(phase) \(done.files) of \(all.files), \(Int(rate)) MB/s"
  }

  /// From what is done by now; before the first image is, that says nothing.
  private func estimate(_ state: State) -> String {
    let all = weights.reduce(0, +)
    var done = state.finished.keys.reduce(0) { $0 + weights[$1] }
    guard done > 0, done < all else { return "" }
    for (image, (read, wanted)) in state.reading where wanted.bytes > 0 {
      done += weights[image] * Double(read.bytes) / Double(wanted.bytes)
    }
    let seconds = start.duration(to: .now) / .seconds(1) * max(0, all - done) / done
    return seconds < 90
      ? String(format: ", about %.0f s left", seconds) : String(format: ", about %.0f min left", seconds / 60)
  }
}

/// Columns of the terminal, 100 where there is none.
func terminalWidth() -> Int {
  var size = winsize()
  if ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 { return Int(size.ws_col) }
  return ProcessInfo.processInfo.environment["COLUMNS"].flatMap(Int.init) ?? 100
}
