@preconcurrency internal import Dispatch
internal import Foundation
internal import Synchronization

/// SIGINT and SIGTERM as something that a command can finish by: the first one stops the work, a second one the program.
final class Interruption: Sendable {
  private let sources: [any DispatchSourceSignal]
  private let first = Mutex<Int32?>(nil)

  init() {
    sources = [SIGINT, SIGTERM].map { number in
      signal(number, SIG_IGN)
      return DispatchSource.makeSignalSource(signal: number, queue: .global())
    }
  }

  /// The signal that came, if any.
  var received: Int32? { first.withLock { $0 } }

  /// Calls `stop` once, at the first signal. To be called before this is let go of: a source that was never resumed
  /// traps when it is released.
  func onSignal(_ stop: @escaping @Sendable () -> Void) {
    for (number, source) in zip([SIGINT, SIGTERM], sources) {
      source.setEventHandler { [self] in
        let isFirst = first.withLock { first in
          defer { first = first ?? number }
          return first == nil
        }
        if isFirst { stop() } else { exit(128 + number) }
      }
      source.resume()
    }
  }
}

/// One line on standard error.
func complain(_ text: String) {
  FileHandle.standardError.write(Data("vmlineage: \(text)\n".utf8))
}
