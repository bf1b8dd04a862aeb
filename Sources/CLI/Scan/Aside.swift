internal import Dispatch
internal import Foundation
internal import Synchronization

/// Work that goes on in a thread of its own. Whoever needs its result waits for it, which no thread that tasks share may do
/// for another task.
final class Aside<Value: Sendable>: Sendable {
  private let result = Mutex<Result<Value, any Error>?>(nil)
  private let done = DispatchSemaphore(value: 0)

  init(_ work: @escaping @Sendable () throws -> Value) {
    let thread = Thread { [self] in
      let value = Result { try work() }
      result.withLock { $0 = value }
      done.signal()
    }
    thread.stackSize = 8 << 20
    thread.start()
  }

  /// Waits for it. Once only.
  func value() throws -> Value? {
    done.wait()
    return try result.withLock { try $0?.get() }
  }
}
