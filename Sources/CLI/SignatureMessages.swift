internal import ArgumentParser
internal import Foundation
internal import Inventory

/// What the commands around signatures say on standard error, and how they end.
enum SignatureMessages {
  static func warn(_ text: some CustomStringConvertible) { say("warning: \(text)") }

  static func say(_ text: String) { complain(printable(text)) }

  /// One line, safe for a terminal.
  static func line(_ text: String) -> String { printable(text) }

  /// Runs `body`; an error becomes one line and exit status 2.
  static func ending(_ body: () async throws -> Void) async throws {
    do {
      try await body()
    } catch let code as ExitCode {
      throw code
    } catch {
      say("\(error)")
      throw ExitCode(2)
    }
  }

  /// A table for people: a header, columns as wide as they need, the last as it comes.
  static func table(_ header: [String], _ rows: [[String]]) -> String {
    let safe = [header] + rows.map { $0.map { printable($0) } }
    let widths = header.indices.map { column in safe.map { $0[column].count }.max() ?? 0 }
    return safe.map { row in
      zip(row, widths).enumerated().map { position, cell in
        position == header.count - 1 ? cell.0 : cell.0.padding(toLength: cell.1, withPad: " ", startingAt: 0)
      }.joined(separator: "  ")
    }.joined(separator: "\n")
  }
}
