internal import Dispatch
internal import Fingerprints
internal import Foundation
internal import Synchronization

/// Digests and fingerprints files on all cores, while the thread that gave them reads the next ones.
final class DigestPool: Sendable {
  struct Result: Sendable {
    var digests: FileDigests
    var fingerprint: Fingerprint
  }

  private struct File {
    var number: Int
    var data: Data
    var name: String
  }

  private struct State {
    /// Nil tells one worker to end.
    var waiting: [File?] = []
    /// Since they were asked for last.
    var results: [(Int, Result)] = []
  }

  /// Mebibytes that wait or are worked on, beside one larger file.
  static let bound = 64

  private let recordsMD5: Bool
  private let state = Mutex(State())
  private let workers = max(1, ProcessInfo.processInfo.activeProcessorCount)
  private let arrived = DispatchSemaphore(value: 0)
  private let ended = DispatchSemaphore(value: 0)
  /// Mebibytes that are free. Only the thread that adds waits for it, so it may take several one by one.
  private let free = DispatchSemaphore(value: DigestPool.bound)

  /// Starts the workers. `finish` ends them, whatever happens.
  /// - Parameter recordsMD5: whether a package database may tell MD5s of these files.
  init(recordsMD5: Bool) {
    self.recordsMD5 = recordsMD5
    for _ in 0..<workers {
      let thread = Thread { [self] in work() }
      // What it parses was made by strangers, who may nest it.
      thread.stackSize = 8 << 20
      thread.start()
    }
  }

  /// Takes a file's whole contents; waits where too much is here already. From one thread only.
  func add(_ data: Data, name: String, as number: Int) {
    for _ in 0..<Self.share(of: data) { free.wait() }
    state.withLock { $0.waiting.append(File(number: number, data: data, name: name)) }
    arrived.signal()
  }

  /// Waits until all that came before is done, so that no two large files are in memory together.
  func drain() {
    for _ in 0..<Self.bound { free.wait() }
    for _ in 0..<Self.bound { free.signal() }
  }

  /// What is ready by now, each once.
  func results() -> [(Int, Result)] {
    state.withLock { state in
      defer { state.results.removeAll(keepingCapacity: true) }
      return state.results
    }
  }

  /// Waits for all other results and ends the workers.
  func finish() -> [(Int, Result)] {
    state.withLock { $0.waiting += Array(repeating: nil, count: workers) }
    for _ in 0..<workers { arrived.signal() }
    for _ in 0..<workers { ended.wait() }
    return results()
  }

  private static func share(of data: Data) -> Int { min(bound, data.count >> 20 + 1) }

  private func next() -> File? {
    arrived.wait()
    return state.withLock { $0.waiting.removeFirst() }
  }

  private func work() {
    while let file = next() {
      let result = result(of: file)
      state.withLock { $0.results.append((file.number, result)) }
      for _ in 0..<Self.share(of: file.data) { free.signal() }
    }
    ended.signal()
  }

  private func result(of file: File) -> Result {
    let fingerprint = fingerprint(of: file.data, name: file.name)
    var further: FurtherDigests = recordsMD5 ? .md5 : []
    if [.text, .script, .empty].contains(fingerprint.kind) { further.insert(.git) }
    return Result(digests: digests(of: file.data, further: further), fingerprint: fingerprint)
  }
}
