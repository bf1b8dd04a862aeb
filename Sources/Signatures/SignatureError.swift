/// Why a signature or an index could not be read or written: which file, which place in it, what is wrong, the way out.
package struct SignatureError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What was being done, such as `read signature`.
  package var operation: String
  /// The file, as it was named.
  package var file: String
  /// Where in the file, such as `artifacts[3].sha256`; empty for the whole.
  package var place: String
  package var reason: String
  /// What a person can do about it, where there is something.
  package var remedy: String?

  package init(_ operation: String, _ file: String, place: String = "", _ reason: String, remedy: String? = nil) {
    self.operation = operation
    self.file = file
    self.place = place
    self.reason = reason
    self.remedy = remedy
  }

  /// One line. Names in it may come from strangers: the printer escapes them.
  package var description: String {
    let subject = place.isEmpty ? file : "\(file), \(place)"
    return "\(operation) \(subject): \(reason)" + (remedy.map { " (\($0))" } ?? "")
  }
}
