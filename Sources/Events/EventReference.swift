internal import Foundation

/// A thing that an event names, and the field that names it.
package struct EventReference: Sendable, Equatable {
  package let field: EventField
  package let thing: EventThing
}

/// A thing by the name that the reporter uses.
package enum EventThing: Sendable, Equatable {
  /// The UUID as `vmKey` writes it.
  case vm(String)
  /// Its id, its name, or host:path.
  case image(String)
  case host(String)
  case release(application: String, release: String)
}

extension EventKind {
  /// The things that the fields of this kind name. An empty name names nothing.
  func references(in values: EventFields) -> [EventReference] {
    var references: [EventReference] = []
    func add(_ field: EventField, _ name: String) {
      guard !name.isEmpty, let thing = field.thing(name, values) else { return }
      references.append(EventReference(field: field, thing: thing))
    }
    for use in fields {
      let count = references.count
      // Of several fields the first one given counts.
      for field in use.fields where references.count == count {
        switch values[field] {
        case .text(let name): add(field, name)
        case .texts(let names): for name in names { add(field, name) }
        default: break
        }
      }
    }
    return references
  }
}

extension EventField {
  /// What a name in this field means; nil where it names no thing.
  fileprivate func thing(_ name: String, _ values: EventFields) -> EventThing? {
    switch self {
    case .vm, .vms, .from: .vm(vmKey(name))
    case .image, .images, .parent: .image(name)
    case .host: .host(name)
    case .release: values.text(.application).map { .release(application: $0, release: name) }
    default: nil
    }
  }
}

/// A VM is named by its UUID, in lower case here; a name that is no UUID stays as it is.
package func vmKey(_ name: String) -> String {
  // Most are written in lower case.
  guard name.utf8.contains(where: { (0x41...0x46).contains($0) }) else { return name }
  return UUID(uuidString: name)?.uuidString.lowercased() ?? name
}
