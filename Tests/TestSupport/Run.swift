package import Foundation

/// What a finished program printed and how it ended.
package struct Finished: Sendable {
  package var status: Int32
  package var output: Data
  package var errors: Data

  package init(status: Int32, output: Data, errors: Data) {
    self.status = status
    self.output = output
    self.errors = errors
  }

  /// Standard output as text.
  package var text: String { String(decoding: output, as: UTF8.self) }
  /// Standard error as text.
  package var errorText: String { String(decoding: errors, as: UTF8.self) }
}

/// Runs a program found on PATH to its end. For tests only: no bound but the test's own.
package func run(
  _ arguments: [String], in folder: URL? = nil, environment: [String: String] = [:], input: Data? = nil
) throws -> Finished {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  process.arguments = arguments
  if let folder { process.currentDirectoryURL = folder }
  process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
  // Files, not pipes: nothing can fill up and block.
  return try withTemporaryFolder { scratch in
    let output = scratch.appending(path: "out")
    let errors = scratch.appending(path: "err")
    let given = scratch.appending(path: "in")
    for file in [output, errors] { try Data().write(to: file) }
    try (input ?? Data()).write(to: given)
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: errors)
    process.standardInput = try FileHandle(forReadingFrom: given)
    try process.run()
    process.waitUntilExit()
    return Finished(
      status: process.terminationStatus, output: try Data(contentsOf: output), errors: try Data(contentsOf: errors))
  }
}

/// What the sqlite3 shell answers, which knows nothing of this program. It waits for locks: the process that closes a
/// catalog last writes its log back, and nobody can open the catalog while it does.
package func sqlite3(_ arguments: [String], input: Data? = nil) throws -> Finished {
  try run(["sqlite3", "-batch", "-cmd", ".timeout 60000"] + arguments, input: input)
}

/// A folder that is gone afterwards.
package func withTemporaryFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
  let folder = FileManager.default.temporaryDirectory.appending(path: "vmlineage-test-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try body(folder)
}

/// Whether the cases that take minutes run too: `scripts/test --all`.
package let testsAll = ProcessInfo.processInfo.environment["VMLINEAGE_TEST_ALL"] == "1"

/// The folder of the package, for fixtures and scripts.
package let packageFolder = URL(fileURLWithPath: #filePath)
  .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

/// The program as it was built: what `VMLINEAGE` names, else what was built last as a test sees it, else the release.
package let builtProgram: String = {
  let named = ProcessInfo.processInfo.environment["VMLINEAGE"]
  let built = ["debug", "release"].map { packageFolder.appending(path: ".build/\($0)/vmlineage").path }
  return ([named].compactMap { $0 } + built).first { FileManager.default.isExecutableFile(atPath: $0) } ?? "vmlineage"
}()

/// A generator whose sequence a seed decides (SplitMix64), so that a failing case can be run again.
package struct SeededGenerator: RandomNumberGenerator, Sendable {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
