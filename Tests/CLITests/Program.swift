import Foundation
import TestSupport

/// The built program, and the images that `Fixtures/images/make-all` made.
enum Program {
  static let fixtures: URL = {
    let named = ProcessInfo.processInfo.environment["VMLINEAGE_FIXTURES"]
    return named.map { URL(fileURLWithPath: $0) } ?? packageFolder.appending(path: ".build/fixtures")
  }()

  /// A test image (Fixtures/README.md).
  static func image(_ name: String) -> String { fixtures.appending(path: name).path }

  /// Runs the program off the threads that tests share, since a scan takes minutes. KVM is left alone.
  static func run(_ arguments: [String], environment: [String: String] = [:]) async throws -> Finished {
    let emulated = ["LIBGUESTFS_BACKEND": "direct", "LIBGUESTFS_BACKEND_SETTINGS": "force_tcg"]
    return try await onThread {
      try TestSupport.run([builtProgram] + arguments, environment: emulated.merging(environment) { $1 })
    }
  }

  /// `scan … --format json`, and what came of it.
  static func scan(_ arguments: [String]) async throws -> (finished: Finished, document: ScanResult) {
    let finished = try await run(["scan"] + arguments + ["--format", "json"])
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .iso8601
    return (finished, try decoder.decode(ScanResult.self, from: finished.output))
  }
}

private func onThread<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
  try await withCheckedThrowingContinuation { waiting in
    Thread.detachNewThread { waiting.resume(with: Swift.Result { try body() }) }
  }
}

/// A file of truth: its lines, cut at tabs.
func truth(_ name: String) throws -> [[String]] {
  let text = try String(contentsOf: Program.fixtures.appending(path: name), encoding: .utf8)
  return text.split(separator: "\n").map { $0.components(separatedBy: "\t") }
}

/// A line of a `.files` list, by `Fixtures/images/list-files`.
struct TrueFile: Equatable {
  var sha256: String
  var size: String
  var blob: String
}

/// A `.files` list by path.
func trueFiles(_ name: String) throws -> [String: TrueFile] {
  // File names may hold line feeds; each line of the list begins with a SHA-256.
  let text = try String(contentsOf: Program.fixtures.appending(path: name), encoding: .utf8)
  let lines = text.dropLast().split(separator: /\n(?=[0-9a-f]{64}\t)/)
  return Dictionary(
    lines.map { $0.split(separator: "\t", maxSplits: 3).map { String($0) } }.map {
      ($0[3], TrueFile(sha256: $0[0], size: $0[1], blob: $0[2]))
    }, uniquingKeysWith: { $1 })
}

/// Rows of a catalog, by the sqlite3 shell.
func rows(_ catalog: String, _ sql: String) throws -> [[String: String]] {
  let finished = try sqlite3(["-readonly", "-json", catalog, sql])
  guard finished.status == 0 else { throw Unusable(reason: finished.errorText) }
  if finished.output.isEmpty { return [] }
  let found = try JSONSerialization.jsonObject(with: finished.output) as? [[String: Any]] ?? []
  return found.map { $0.compactMapValues { $0 is NSNull ? nil : "\($0)" } }
}

/// What a test stands on is not there.
struct Unusable: Error, CustomStringConvertible {
  var reason: String
  var description: String { reason }
}
