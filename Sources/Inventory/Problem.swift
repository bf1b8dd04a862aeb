/// Something that went wrong, as a value: which operation, on what, why, and what would mend it.
package struct Problem: Error, Codable, Hashable, Sendable, CustomStringConvertible {
  /// A stable word for scripts, such as `truncated`, `refers-outside`, `mount-failed`, `deadline`.
  package var code: String
  /// What was being done, such as `mount`, `read package database`.
  package var operation: String
  /// What it was done to: a path, a device, a volume.
  package var subject: String
  package var reason: String
  /// What a person can do about it, where there is something.
  package var remedy: String?

  package init(code: String, operation: String, subject: String, reason: String, remedy: String? = nil) {
    self.code = code
    self.operation = operation
    self.subject = subject
    self.reason = reason
    self.remedy = remedy
  }

  /// One line, safe to print.
  package var description: String {
    printable("\(operation) \(subject): \(reason)" + (remedy.map { " (\($0))" } ?? ""))
  }
}
