import Foundation
import Testing

@testable import Events

struct EventTests {
  private func event(_ fields: String) throws -> Event {
    try Event(received: Data(#"{"id":"1","at":"2026-01-01T00:00:00Z",\#(fields)}"#.utf8))
  }

  @Test func `an event names the things of its own kind's fields, and no others`() throws {
    let cloned = try event(
      #""kind":"vm-cloned","vm":"6F1C3C1E-93D2-4C7C-A3A4-0A6AD0C3A111","from":"A","image":"i","host":"""#)
    #expect(
      cloned.references == [
        EventReference(field: .vm, thing: .vm("6f1c3c1e-93d2-4c7c-a3a4-0a6ad0c3a111")),
        EventReference(field: .from, thing: .vm("A")),
      ])
    let created = try event(#""kind":"vm-created","vm":"v","image":"a","images":["b","c"]"#)
    #expect(created.references.map(\.thing) == [.vm("v"), .image("a"), .image("b"), .image("c")])
    let release = EventThing.release(application: "shop", release: "1")
    let installed = #""kind":"application-installed","application":"shop","release":"1","image":"i""#
    #expect(try event(installed).references.map(\.thing) == [.image("i"), release])
    #expect(try event(installed + #","vm":"""#).references.map(\.thing) == [.image("i"), release])
    // Of an image and a VM the VM counts.
    let both = try event(installed + #","vm":"v""#)
    #expect(both.references.map(\.thing) == [.vm("v"), release])
    guard case .applicationInstalled(let payload) = both.body else {
      Issue.record("\(both)")
      return
    }
    #expect(payload.target == .vm("v") && payload.application == "shop" && payload.release == "1")
  }

  @Test(arguments: [
    (#""kind":"vm-deleted","vm":"a\u0000b""#, #"field "vm" has a NUL character in it"#),
    (#""kind":"vm-state","vm":"v","state":"a\u0000b""#, #"field "state" has a NUL character in it"#),
    (#""kind":"action","action":"x","vms":["a",""]"#, #"field "vms" has an empty name in it"#),
    (#""kind":"vm-deleted","vm":"v","images":["a","\u0000"]"#, #"field "images" has a NUL character in it"#),
    (#""kind":"image-created","image":"i","role":"gold""#, #"field "role" is none of golden, deployed, unknown"#),
    (#""kind":"image-created","image":"i","parent":"i""#, "an image that is its own parent"),
    (
      #""kind":"vm-cloned","vm":"6F1C3C1E-93D2-4C7C-A3A4-0A6AD0C3A111","from":"6f1c3c1e-93d2-4c7c-a3a4-0a6ad0c3a111""#,
      "a vm that is its own parent"
    ),
    (#""kind":"vm-created","vm":"v","image":"""#, "an image without a name"),
    (#""kind":"VM-deleted","vm":"v""#, "unknown kind"),
  ]) func `what is no event is refused with its reason`(fields: String, reason: String) {
    #expect(throws: Refusal(reason: reason)) { try event(fields) }
  }

  @Test func `what was accepted once is read again, however strict the checks are now`() throws {
    let line = #"{"id":"1","at":"2026-01-01T00:00:00Z","kind":"vm-state","vm":"v","state":"a\u0000b","role":"x"}"#
    #expect(throws: Refusal.self) { try Event(received: Data(line.utf8)) }
    #expect(try Event(stored: Data(line.utf8)).kind.name == "vm-state")
  }

  @Test func `settings are text, whatever they were`() throws {
    let event = try event(#""kind":"vm-settings","vm":"v","settings":{"a":1,"b":true,"c":"x","d":null,"e":1.5}"#)
    guard case .vmSettings(let changed) = event.body else {
      Issue.record("\(event)")
      return
    }
    #expect(changed.settings == ["a": "1", "b": "true", "c": "x", "d": nil, "e": "1.5"])
  }
}
