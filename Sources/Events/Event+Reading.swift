package import Foundation

extension Event {
  /// An event that is received.
  /// - Parameter line: One JSON object.
  package convenience init(received line: Data) throws(Refusal) {
    let fields = try EventFields(line)
    try fields.check()
    try self.init(fields)
  }

  /// An event that was received and stored before. A stricter check today must not make it unreadable.
  /// - Parameter line: The same JSON object.
  package convenience init(stored line: Data) throws(Refusal) { try self.init(EventFields(line)) }
}

extension Refusal {
  /// None of these fields is given, of which one must be.
  init(missing names: [String]) {
    self.init(reason: "no field \(names.map { "\"\($0)\"" }.joined(separator: " or "))")
  }
}
