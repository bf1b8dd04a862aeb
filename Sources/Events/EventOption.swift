package import Foundation

/// An option of `vmlineage record`: it sets the field of that name, or one of two where one holds a value and the other several.
package struct EventOption: Sendable {
  /// What the command line takes after the name.
  package enum Form: Sendable { case text, texts, flag }

  /// Without its dashes.
  package let name: String
  package let form: Form
  package let help: String
  /// Stands for the value in the help; nil where the name does.
  package let valueName: String?
  /// The one that the option is for, and the one that holds several.
  let fields: [EventField]
  /// Identifies the option.
  package var field: EventField { fields[0] }

  private init(_ name: String) {
    self.name = name
    fields = EventField.allCases.filter { ($0.description.option ?? $0.rawValue) == name }
    let isSettings = fields.contains { $0.form == .settings }
    let isFlag = fields.contains { $0.form == .flag }
    form = isFlag ? .flag : isSettings || fields.contains { $0.form == .names } ? .texts : .text
    valueName = isSettings ? "key=value" : isFlag ? "true|false" : nil
    var help = fields.map(\.description.meaning)
    for field in fields {
      if case .choice(let choices) = field.form { help.append("One of \(choices.joined(separator: ", ")).") }
      if let absent = field.description.whenAbsent { help.append("Default: \(absent).") }
    }
    if form == .texts { help.append("Repeatable.") }
    self.help = help.joined(separator: " ")
  }

  /// One for each name, in the order of the fields.
  package static let all: [EventOption] = EventField.allCases.reduce(into: []) { options, field in
    let name = field.description.option ?? field.rawValue
    if !options.contains(where: { $0.name == name }) { options.append(EventOption(name)) }
  }
}

extension Event {
  /// The line of JSON that stands for an event given as options.
  /// - Parameter values: What each option was given. The kind may be one that does not exist.
  package static func line(options values: [EventField: [String]]) throws(Refusal) -> Data {
    let kind = values[.kind]?.last.flatMap(EventKind.named)
    var members: [String: Any] = [:]
    for option in EventOption.all {
      if let (field, value) = try option.field(values[option.field] ?? [], kind) { members[field.rawValue] = value }
    }
    let options: JSONSerialization.WritingOptions = [.sortedKeys, .withoutEscapingSlashes]
    guard let line = try? JSONSerialization.data(withJSONObject: members, options: options) else {
      throw Refusal(reason: "an option that is not UTF-8")
    }
    return line
  }
}

extension EventOption {
  /// The field that these values are for, and what it then holds; nil where there are none.
  fileprivate func field(_ values: [String], _ kind: EventKind?) throws(Refusal) -> (EventField, Any)? {
    if let list = fields.first(where: { $0.form == .names }) {
      let use = kind?.use(of: list)
      // A list that is required may be empty.
      if let use, use.isRequired { return (list, values) }
      if values.count > 1, let kind, use == nil {
        throw Refusal(reason: "--\(name) is given \(values.count) times: \(kind.name) takes one")
      }
      if values.count > 1 { return (list, values) }
    }
    guard let value = values.last else { return nil }
    switch fields[0].form {
    case .flag: return (fields[0], value == "true")
    case .settings: return (fields[0], try settings(values))
    default: return (fields[0], value)
    }
  }

  private func settings(_ values: [String]) throws(Refusal) -> [String: String] {
    var settings: [String: String] = [:]
    for value in values {
      let parts = value.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2 else { throw Refusal(reason: "--\(name) \(value): write it as KEY=VALUE") }
      settings[String(parts[0])] = String(parts[1])
    }
    return settings
  }
}

extension EventKind {
  /// Nil where it has no such field.
  fileprivate func use(of field: EventField) -> FieldUse? { fields.first { $0.fields.contains(field) } }
}
