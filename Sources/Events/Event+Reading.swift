package import Foundation

extension Event {
  /// An event that is received.
  /// - Parameter line: One JSON object.
  package init(received line: Data) throws(Refusal) {
    let fields = try EventFields(line)
    try fields.check()
    try self.init(fields)
  }

  /// An event that was received and stored before. A stricter check today must not make it unreadable.
  /// - Parameter line: The same JSON object.
  package init(stored line: Data) throws(Refusal) { try self.init(EventFields(line)) }

  private init(_ fields: EventFields) throws(Refusal) {
    guard let id = fields.text(.id), !id.isEmpty else { throw Refusal(missing: ["id"]) }
    guard let name = fields.text(.kind) else { throw Refusal(missing: ["kind"]) }
    guard let kind = EventKind.named(name) else { throw Refusal(reason: "unknown kind") }
    guard let time = fields.text(.at) else { throw Refusal(missing: ["at"]) }
    guard let at = EventTime(time) else { throw Refusal(reason: "field \"at\" is no ISO 8601 time") }
    (self.id, self.kind, self.at) = (id, kind, at)
    reporter = fields.text(.reporter)
    body = try kind.body(fields)
    references = kind.references(in: fields)
  }
}

extension Refusal {
  /// None of these fields is given, of which one must be.
  init(missing names: [String]) {
    self.init(reason: "no field \(names.map { "\"\($0)\"" }.joined(separator: " or "))")
  }
}
