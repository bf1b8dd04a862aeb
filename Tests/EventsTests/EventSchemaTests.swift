import Foundation
import TestSupport
import Testing

@testable import Events

/// The schema file, the options, the help and the checks say the same of every kind. What they are compared with is the file
/// that reporters read. To write it after a change: VMLINEAGE_WRITE_SCHEMAS=1 swift test --filter EventSchemaTests
struct EventSchemaTests {
  private static let file = packageFolder.appending(path: "Signatures/schemas/event-1.json")

  private typealias Object = [String: Any]

  private let schema: Object
  private let properties: [String: Object]

  init() throws {
    if ProcessInfo.processInfo.environment["VMLINEAGE_WRITE_SCHEMAS"] == "1" { try eventSchema().write(to: Self.file) }
    schema = try #require(Self.object(try Data(contentsOf: Self.file)))
    properties = try #require(schema["properties"] as? [String: Object])
  }

  private static func object(_ json: Data) throws -> Object? { try JSONSerialization.jsonObject(with: json) as? Object }

  /// For each kind what the file requires: one of the fields of each list.
  private func requirements() throws -> [String: [[String]]] {
    var requirements: [String: [[String]]] = [:]
    for rule in try #require(schema["allOf"] as? [Object]) {
      let condition = (rule["if"] as? Object)?["properties"] as? [String: Object]
      let kind = try #require(condition?["kind"]?["const"] as? String)
      let then = try #require(rule["then"] as? Object)
      let each = (then["required"] as? [String] ?? []).map { [$0] }
      let oneOf = (then["anyOf"] as? [Object])?.compactMap { ($0["required"] as? [String])?.first }
      requirements[kind] = each + (oneOf.map { [$0] } ?? [])
    }
    return requirements
  }

  /// A value that the file allows for a field.
  private func example(_ field: String) throws -> Any {
    let property = try #require(properties[field])
    if let choices = property["enum"] as? [String] { return choices[0] }
    if property["format"] as? String == "date-time" { return "2026-01-01T00:00:00Z" }
    switch property["type"] as? String ?? "string" {
    case "boolean": return true
    case "array": return ["\(field) 1", "\(field) 2"]
    case "object": return ["memory": "4096"]
    default: return "a \(field)"
    }
  }

  private func event(_ kind: String, with fields: [String]) throws -> Object {
    var event: Object = ["id": "1", "kind": kind, "at": "2026-01-01T00:00:00Z"]
    for field in fields { event[field] = try example(field) }
    return event
  }

  private func refusal(_ event: Object) throws -> String? {
    do {
      _ = try Event(received: JSONSerialization.data(withJSONObject: event))
      return nil
    } catch let refusal as Refusal {
      return refusal.reason
    }
  }

  @Test func `the file is what the descriptions give`() throws {
    #expect(try Self.object(eventSchema()) as NSDictionary? == schema as NSDictionary)
  }

  @Test func `an event with the required fields is accepted, and refused without any of them`() throws {
    let requirements = try requirements()
    #expect(Set(requirements.keys) == Set(properties["kind"]?["enum"] as? [String] ?? []))
    #expect(requirements.count > 16)
    for (kind, required) in requirements {
      for position in required.indices {
        let others = required.enumerated().filter { $0.offset != position }.map { $0.element[0] }
        for field in required[position] {
          var event = try event(kind, with: others + [field])
          #expect(try refusal(event) == nil, "\(kind)")
          let value = event[field]
          event[field] = NSNull()
          let named = required[position].map { "\"\($0)\"" }.joined(separator: " or ")
          #expect(try refusal(event) == "no field \(named)", "\(kind)")
          guard value is String else { continue }
          event[field] = ""
          #expect(try refusal(event) == "no field \(named)", "\(kind)")
        }
      }
    }
  }

  @Test func `a field of a wrong type is refused in every kind`() throws {
    for field in properties.keys where field != "result" {
      for kind in try requirements().keys {
        var event = try event(kind, with: [])
        event[field] = field == "settings" ? [1] as Any : 1
        #expect(try refusal(event) == "field \"\(field)\" is of the wrong type")
      }
    }
  }

  @Test func `every field of the file is of every event, or of a kind that the help names with it`() throws {
    let help = EventKind.help(indent: "  ")
    let lines = help.split(separator: "\n").map { $0.split(separator: " ", maxSplits: 1).map(String.init) }
    var named: Set = ["id", "kind", "at", "reporter"]
    for (kind, required) in try requirements() {
      let line = try #require(lines.first { $0[0] == kind }?[1])
      let fields = line.split { ", []".contains($0) }.map(String.init).filter { $0 != "or" }
      #expect(Set(required.joined()).isSubset(of: fields), "\(kind)")
      named.formUnion(fields)
    }
    #expect(named == Set(properties.keys))
    #expect(help.split(separator: "\n").allSatisfy { $0.count <= 80 })
  }

  private func option(_ name: String) throws -> EventField {
    try #require(EventOption.all.first { $0.name == name }?.field)
  }

  @Test func `options give the event that their names say`() throws {
    for (kind, required) in try requirements() {
      let event = try event(kind, with: required.map { $0[0] })
      var options: [EventField: [String]] = [:]
      for (field, value) in event {
        switch value {
        case let texts as [String]: options[try option(String(field.dropLast()))] = texts
        case let settings as [String: String]: options[try option("setting")] = settings.map { "\($0)=\($1)" }
        default: options[try option(field)] = ["\(value)"]
        }
      }
      #expect(try Self.object(Event.line(options: options)) as NSDictionary? == event as NSDictionary, "\(kind)")
    }
  }

  @Test func `options that a kind does not take are refused`() throws {
    #expect(throws: Refusal(reason: "--vm is given 2 times: vm-deleted takes one")) {
      try Event.line(options: [.kind: ["vm-deleted"], .vm: ["a", "b"]])
    }
    #expect(throws: Refusal(reason: "--setting x: write it as KEY=VALUE")) {
      try Event.line(options: [.kind: ["vm-settings"], .settings: ["x"]])
    }
    let several = try Event.line(options: [.kind: ["vm-created"], .vm: ["v"], .image: ["a", "b"]])
    #expect(String(decoding: several, as: UTF8.self) == #"{"images":["a","b"],"kind":"vm-created","vm":"v"}"#)
    let none = try Event.line(options: [.kind: ["action"], .action: ["x"]])
    #expect(String(decoding: none, as: UTF8.self) == #"{"action":"x","kind":"action","vms":[]}"#)
  }
}
