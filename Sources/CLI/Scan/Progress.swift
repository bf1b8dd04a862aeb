internal import Foundation
internal import Synchronization

/// What is going on, on standard error: one line that changes where that is a terminal, else a line an image.
final class Progress: Sendable {
  private struct State {
    var done = 0
    var phases: [String: String] = [:]
    var spent: [Double] = []
  }

  private let state = Mutex(State())
  private let total: Int
  private let jobs: Int
  private let isTerminal: Bool
  private let start = Date()

  init(total: Int, jobs: Int) {
    self.total = total
    self.jobs = jobs
    isTerminal = isatty(STDERR_FILENO) == 1 && ProcessInfo.processInfo.environment["NO_COLOR"] == nil
  }

  /// An image entered a phase; `fraction` is how far it is in it.
  func phase(_ image: String, _ phase: String, _ fraction: Double?) {
    state.withLock { state in
      state.phases[image] = phase + (fraction.map { " \(Int($0 * 100)) %" } ?? "")
      if isTerminal { draw(state) }
    }
  }

  /// An image is done.
  func finish(_ image: String, outcome: String, seconds: Double) {
    state.withLock { state in
      state.done += 1
      state.phases[image] = nil
      if seconds > 0.5 { state.spent.append(seconds) }
      if isTerminal {
        draw(state)
      } else {
        let time = seconds > 0.5 ? String(format: " in %.0f s", seconds) : ""
        writeError("[\(state.done)/\(total)] \(image): \(outcome)\(time)\(estimate(state))\n")
      }
    }
  }

  /// Seconds that an image took, the longest.
  var longest: Double { state.withLock { $0.spent.max() ?? 0 } }

  /// Takes the changing line away.
  func clear() {
    if isTerminal { writeError("\r\u{1B}[K") }
  }

  private func draw(_ state: State) {
    let running = state.phases.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: ", ")
    let line = "[\(state.done)/\(total)] \(running)\(estimate(state))"
    writeError("\r\u{1B}[K" + line.prefix(max(20, terminalWidth() - 1)))
  }

  /// From what the images so far took; the first one says nothing yet.
  private func estimate(_ state: State) -> String {
    let left = total - state.done
    guard !state.spent.isEmpty, left > 0 else { return "" }
    let each = state.spent.reduce(0, +) / Double(state.spent.count)
    let seconds = each * Double(left) / Double(min(jobs, left))
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
