internal import Foundation

/// The fields of one event as they were written, those of other kinds too.
struct EventFields: Sendable {
  enum Value: Sendable, Equatable {
    case text(String), texts([String]), flag(Bool)
    /// Values as text; nil removes the setting.
    case settings([String: String?])
  }

  /// Few, so that a search takes less than hashing.
  private var values: [(field: EventField, value: Value)] = []

  subscript(field: EventField) -> Value? { values.first { $0.field == field }?.value }

  func text(_ field: EventField) -> String? { self[field].flatMap(String.init) }

  /// False where the field was given before.
  private mutating func add(_ field: EventField, _ value: Value) -> Bool {
    if self[field] != nil { return false }
    values.append((field, value))
    return true
  }
}

extension EventFields {
  /// - Parameter line: One JSON object.
  init(_ line: Data) throws(Refusal) {
    if line.isEmpty { throw Refusal(reason: "an empty line, or one of more than 1 MiB") }
    if let plain = EventFields(plain: [UInt8](line)) { self = plain } else { try self.init(decoding: line) }
  }

  /// Nil where the line is written in another way than nearly all are (see `PlainReader`), and where anything is wrong with
  /// it: then `JSONDecoder` decides, which takes far longer.
  init?(plain line: [UInt8]) {
    self.init()
    values.reserveCapacity(8)
    var reader = PlainReader(line)
    let isRead = reader.readObject { key, value in
      guard let field = Self.byName[key], field.form != .note else { return true }
      return field.form.accepts(value) && add(field, value)
    }
    if !isRead { return nil }
  }

  /// Says what is wrong.
  init(decoding line: Data) throws(Refusal) {
    do {
      self = try Self.decoder.decode(EventFields.self, from: line)
    } catch DecodingError.typeMismatch(_, let context) where !context.codingPath.isEmpty {
      throw Refusal(reason: "field \"\(context.codingPath[0].stringValue)\" is of the wrong type")
    } catch DecodingError.valueNotFound(_, let context) where !context.codingPath.isEmpty {
      throw Refusal(reason: "field \"\(context.codingPath[0].stringValue)\" is of the wrong type")
    } catch {
      throw Refusal(reason: "no JSON object")
    }
  }

  private static let decoder = JSONDecoder()
  private static let byName = Dictionary(uniqueKeysWithValues: EventField.allCases.map { ($0.rawValue, $0) })
}

extension EventFields: Decodable {
  init(from decoder: any Decoder) throws {
    self.init()
    let container = try decoder.container(keyedBy: EventField.self)
    for field in EventField.allCases {
      let value: Value? =
        switch field.form {
        case .note: nil
        case .names: try container.decodeIfPresent([String].self, forKey: field).map(Value.texts)
        case .flag: try container.decodeIfPresent(Bool.self, forKey: field).map(Value.flag)
        case .settings:
          try container.decodeIfPresent([String: SettingText?].self, forKey: field).map { settings in
            .settings(settings.mapValues { $0?.text })
          }
        case .kind, .time, .text, .name, .choice:
          try container.decodeIfPresent(String.self, forKey: field).map(Value.text)
        }
      if let value { values.append((field, value)) }
    }
  }
}

extension EventFields: Equatable {
  /// In whatever order they were written.
  static func == (left: EventFields, right: EventFields) -> Bool {
    left.values.count == right.values.count && left.values.allSatisfy { right[$0.field] == $0.value }
  }
}

extension EventFields {
  /// What is refused when an event is received. What is stored was accepted then, and is read without this.
  func check() throws(Refusal) {
    for (field, value) in values {
      switch value {
      case .text(let text): try field.check(text)
      case .texts(let texts): for text in texts { try field.check(text) }
      case .flag, .settings: break
      }
    }
  }
}

extension EventField {
  fileprivate func check(_ text: String) throws(Refusal) {
    if text.utf8.contains(0) { throw Refusal(reason: "field \"\(rawValue)\" has a NUL character in it") }
    switch form {
    case .names where text.isEmpty: throw Refusal(reason: "field \"\(rawValue)\" has an empty name in it")
    case .choice(let choices) where !choices.contains(text):
      throw Refusal(reason: "field \"\(rawValue)\" is none of \(choices.joined(separator: ", "))")
    default: break
    }
  }
}

extension EventField.Form {
  fileprivate func accepts(_ value: EventFields.Value) -> Bool {
    switch (self, value) {
    case (.kind, .text), (.time, .text), (.text, .text), (.name, .text), (.choice, .text), (.names, .texts),
      (.flag, .flag), (.settings, .settings):
      true
    default: false
    }
  }
}

/// The value of a setting, as text.
private struct SettingText: Decodable {
  let text: String

  init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    if let text = try? value.decode(String.self) {
      self.text = text
    } else if let flag = try? value.decode(Bool.self) {
      text = flag ? "true" : "false"
    } else if let number = try? value.decode(Int64.self) {
      text = "\(number)"
    } else {
      text = "\(try value.decode(Double.self))"
    }
  }
}
