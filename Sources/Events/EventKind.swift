/// A kind of event: its name, what it means and its fields. The checks, the options and the help of `vmlineage record` and
/// the JSON Schema all come from these descriptions.
package struct EventKind: Sendable, Equatable {
  /// As events have it.
  package let name: String
  let meaning: String
  /// The fields that may name the thing whose history the event is part of: the first one given counts. Empty for none.
  package let subject: [EventField]
  let fields: [FieldUse]
  let body: @Sendable (EventFields) throws(Refusal) -> Event.Body

  /// - Parameters:
  ///   - body: The case of `Event.Body`.
  ///   - fields: What may be given, and where in the payload it goes.
  init<Payload: EventPayload>(
    _ name: String, _ meaning: String, _ body: @escaping @Sendable (Payload) -> Event.Body, of subject: [EventField],
    _ fields: [FieldBinding<Payload>]
  ) {
    self.name = name
    self.meaning = meaning
    self.subject = subject
    self.fields = fields.map(\.use)
    self.body = { (values: EventFields) throws(Refusal) in
      var payload = Payload()
      for field in fields {
        guard field.assign(values, &payload) || !field.use.isRequired else { throw Refusal(missing: field.use.names) }
      }
      try payload.check()
      return body(payload)
    }
  }

  package static func == (left: EventKind, right: EventKind) -> Bool { left.name == right.name }

  private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

  /// Nil for a name that no kind has.
  package static func named(_ name: String) -> EventKind? { byName[name] }
}

/// The fields of one kind of event. Its values before assignment have no meaning.
protocol EventPayload: Sendable, Equatable {
  static var kind: EventKind { get }
  init()
  /// What must hold between fields; that the required ones are there is checked before.
  func check() throws(Refusal)
}

extension EventPayload {
  package func check() throws(Refusal) {}
}

/// That a kind has a field, or one of several.
struct FieldUse: Sendable {
  /// Of several the first one given counts.
  let fields: [EventField]
  let isRequired: Bool

  /// As messages, help and schema list them.
  var names: [String] { EventField.allCases.filter(fields.contains).map(\.rawValue) }
}

/// A field of a kind with the property of the payload that it sets.
struct FieldBinding<Payload>: Sendable {
  let use: FieldUse
  /// False where the field is absent. A required text is absent where it is empty too.
  let assign: @Sendable (EventFields, inout Payload) -> Bool

  static func required<Value: FieldValue>(
    _ field: EventField, _ path: any WritableKeyPath<Payload, Value> & Sendable
  ) -> Self {
    Self(use: FieldUse(fields: [field], isRequired: true)) { fields, payload in
      guard let value = fields[field].flatMap(Value.init), !value.isBlank else { return false }
      payload[keyPath: path] = value
      return true
    }
  }

  static func optional<Value: FieldValue>(
    _ field: EventField, _ path: any WritableKeyPath<Payload, Value?> & Sendable
  ) -> Self {
    Self(use: FieldUse(fields: [field], isRequired: false)) { fields, payload in
      payload[keyPath: path] = fields[field].flatMap(Value.init)
      return true
    }
  }

  /// Stored and never read, so the payload has no property for it.
  static func note(_ field: EventField) -> Self {
    Self(use: FieldUse(fields: [field], isRequired: false)) { _, _ in true }
  }
}

/// The type of a payload's property.
protocol FieldValue: Sendable {
  init?(_ value: EventFields.Value)
  /// Whether it counts as absent where a value is required.
  var isBlank: Bool { get }
}

extension FieldValue {
  var isBlank: Bool { false }
}

extension String: FieldValue {
  init?(_ value: EventFields.Value) { if case .text(let text) = value { self = text } else { return nil } }
  var isBlank: Bool { isEmpty }
}

extension Bool: FieldValue {
  init?(_ value: EventFields.Value) { if case .flag(let flag) = value { self = flag } else { return nil } }
}

extension [String]: FieldValue {
  init?(_ value: EventFields.Value) { if case .texts(let texts) = value { self = texts } else { return nil } }
}

extension [String: String?]: FieldValue {
  init?(_ value: EventFields.Value) { if case .settings(let all) = value { self = all } else { return nil } }
}
