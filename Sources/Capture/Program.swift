internal import Inventory
internal import Subprocess

/// Runs a program that answers on standard output.
enum Program {
  /// The bound of an answer: 1 GiB, the list of files of the largest trees.
  private static let limit = 1 << 30

  /// What the program printed. Throws Problem where it could not run or ended with an error.
  static func output(
    _ name: String, _ arguments: [String], environment: [String: String] = [:], input: [UInt8] = []
  ) async throws -> [UInt8] {
    var keys: [Environment.Key: String?] = [:]
    for (name, value) in environment { keys[Environment.Key(stringLiteral: name)] = value }
    do {
      let result = try await run(
        .name(name), arguments: Arguments(arguments), environment: .inherit.updating(keys),
        input: .array(input), output: .bytes(limit: limit), error: .string(limit: 1 << 16))
      guard result.terminationStatus.isSuccess else {
        let reason = result.standardError.split(separator: "\n").first.map(String.init) ?? "ended with an error"
        throw Problem(code: "program-failed", operation: "run", subject: name, reason: reason)
      }
      return result.standardOutput
    } catch let error as SubprocessError {
      throw Problem(
        code: "program-missing", operation: "run", subject: name, reason: "\(error)",
        remedy: "install the Debian package of \(name)")
    }
  }
}
