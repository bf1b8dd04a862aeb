internal import Inventory

/// What a search of directories left out.
package struct SkippedReport: Sendable {
  package struct File: Sendable {
    /// As the file system has it.
    package var path: [UInt8]
    /// A stable word, by which `counts` counts.
    package var reason: String
    /// Why, in one line.
    package var message: String

    package init(path: [UInt8], reason: String, message: String) {
      self.path = path
      self.reason = reason
      self.message = message
    }
  }

  /// How many of each reason.
  package var counts: [String: Int]
  /// Those that are named: all that look like images or archives come first.
  package var files: [File]

  package init(counts: [String: Int] = [:], files: [File] = []) {
    self.counts = counts
    self.files = files
  }

  package var count: Int { counts.values.reduce(0, +) }
}

/// How many were left out for which reason, and the first ten of them.
func skippedLines(_ skipped: SkippedReport, width: Int) -> [String] {
  guard skipped.count > 0 else { return [] }
  let reasons = skipped.counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.value) \($0.key)" }
  let most = 10
  let heading = "skipped \(counted(skipped.count, "file")): " + reasons.joined(separator: ", ")
  var lines = skipped.files.prefix(most).map { "\(printable($0.path)): \(printable($0.message))" }
  let rest = skipped.count - lines.count
  if rest > 0 { lines.append("and \(rest) more (--format json lists them)") }
  return wrapped(heading, indent: 0, width: width) + lines.flatMap { wrapped($0, indent: 2, width: width) }
}
