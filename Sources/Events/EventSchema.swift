package import Foundation

/// `Signatures/schemas/event-1.json`, the JSON Schema of an event, made from `EventKind.all` and `EventField`.
package func eventSchema() throws -> Data {
  let fields = EventField.allCases.map { ($0.rawValue, $0.schema) }
  let schema: [String: Any] = [
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "vmlineage.event/1",
    "title": "Something that was reported: one line of what `vmlineage record` takes",
    "description": "Fields that are not named here are stored and have no effect.",
    "type": "object",
    "required": [EventField.id, .kind, .at].map(\.rawValue),
    "properties": Dictionary(uniqueKeysWithValues: fields),
    "allOf": EventKind.all.map(\.schema),
    "$defs": ["name": ["type": "string", "minLength": 1]],
  ]
  let options: JSONSerialization.WritingOptions = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
  return try JSONSerialization.data(withJSONObject: schema, options: options) + Data("\n".utf8)
}

extension EventKind {
  /// What this kind requires beyond the fields of every kind.
  fileprivate var schema: [String: Any] {
    var then: [String: Any] = [:]
    let required = fields.filter { $0.isRequired && $0.fields.count == 1 }.flatMap(\.names)
    if !required.isEmpty { then["required"] = required }
    for use in fields where use.isRequired && use.fields.count > 1 {
      then["anyOf"] = use.names.map { ["required": [$0]] }
    }
    return [
      "description": "\(name): \(meaning)", "if": ["properties": ["kind": ["const": name]]], "then": then,
    ]
  }
}

extension EventField {
  fileprivate var schema: [String: Any] {
    let name = ["$ref": "#/$defs/name"]
    var schema: [String: Any] =
      switch form {
      case .kind: ["enum": EventKind.all.map(\.name)]
      case .time: ["type": "string", "format": "date-time"]
      case .text, .note: ["type": "string"]
      case .name: name
      case .names: ["type": "array", "items": name]
      case .choice(let choices): ["enum": choices]
      case .flag: ["type": "boolean"]
      case .settings: ["type": "object", "additionalProperties": ["type": ["string", "number", "boolean", "null"]]]
      }
    schema["description"] = description.meaning
    return schema
  }
}
