@preconcurrency internal import Dispatch
internal import Foundation
internal import Synchronization

/// SIGINT and SIGTERM as something that a command can finish by: the first one stops the work, a second one the program.
final class Interruption: Sendable {
  private let sources: [any DispatchSourceSignal]
  private let first = FirstSignal()

  /// Calls `stop` once, at the first signal.
  init(_ stop: @escaping @Sendable () -> Void) {
    sources = [SIGINT, SIGTERM].map { [first] number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { if first.take(number) { stop() } else { exit(128 + number) } }
      // A source that was never resumed may not be let go of.
      source.resume()
      return source
    }
  }

  /// The signal that came, if any.
  var received: Int32? { first.number.withLock { $0 } }
}

private final class FirstSignal: Sendable {
  let number = Mutex<Int32?>(nil)

  /// Whether none came before this one.
  func take(_ signal: Int32) -> Bool {
    number.withLock { number in
      defer { number = number ?? signal }
      return number == nil
    }
  }
}
