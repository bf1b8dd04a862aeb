/// A VM was made from images.
package struct VMCreated: EventPayload {
  package private(set) var vm = ""
  package private(set) var name, host: String?
  private var image: String?
  private var several: [String]?

  package static let kind = EventKind(
    "vm-created", "A VM was created from one or more images.", Event.Body.vmCreated, of: [.vm],
    [
      .required(.vm, \.vm), .optional(.name, \.name), .optional(.image, \.image), .optional(.images, \.several),
      .optional(.host, \.host),
    ])

  /// The images that it is made of.
  package var images: [String] { (image.map { [$0] } ?? []) + (several ?? []) }

  func check() throws(Refusal) {
    if images.contains("") { throw Refusal(reason: "an image without a name") }
  }
}

/// A VM was made as a copy of another.
package struct VMCloned: EventPayload {
  package private(set) var vm = "", from = ""
  package private(set) var name, host: String?

  package static let kind = EventKind(
    "vm-cloned", "A VM was created as a copy of another.", Event.Body.vmCloned, of: [.vm],
    [
      .required(.vm, \.vm), .required(.from, \.from), .optional(.name, \.name), .optional(.host, \.host),
    ])

  func check() throws(Refusal) {
    if vmKey(vm) == vmKey(from) { throw Refusal(reason: "a vm that is its own parent") }
  }
}

/// A VM was started, stopped or the like.
package struct VMState: EventPayload {
  package private(set) var vm = "", state = ""

  package static let kind = EventKind(
    "vm-state", "A VM is in another state.", Event.Body.vmState, of: [.vm],
    [.required(.vm, \.vm), .required(.state, \.state)])
}

/// Settings of a VM were changed.
package struct VMSettings: EventPayload {
  package private(set) var vm = ""
  /// Those that changed; nil removes one.
  package private(set) var settings: [String: String?] = [:]

  package static let kind = EventKind(
    "vm-settings", "Settings of a VM were changed; null removes one.", Event.Body.vmSettings, of: [.vm],
    [.required(.vm, \.vm), .required(.settings, \.settings)])
}

/// A VM runs on another host.
package struct VMMigrated: EventPayload {
  package private(set) var vm = "", host = ""
  package private(set) var name: String?

  package static let kind = EventKind(
    "vm-migrated", "A VM was moved to another host.", Event.Body.vmMigrated, of: [.vm],
    [.required(.vm, \.vm), .required(.host, \.host), .optional(.name, \.name)])
}

/// A VM is gone.
package struct VMDeleted: EventPayload {
  package private(set) var vm = ""

  package static let kind = EventKind(
    "vm-deleted", "A VM was deleted.", Event.Body.vmDeleted, of: [.vm], [.required(.vm, \.vm)])
}
