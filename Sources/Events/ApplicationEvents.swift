/// A build of a release.
package struct ReleaseBuilt: EventPayload {
  package private(set) var application = "", release = ""
  /// The path of a signature file, or the id of a build.
  private var signature: String?

  package static let kind = EventKind(
    "release-built", "A release was built.", Event.Body.releaseBuilt, of: [.release],
    [
      .required(.application, \.application), .required(.release, \.release), .optional(.signature, \.signature),
    ])

  /// The id of the build, where the event gives that: the digest of its signature in hexadecimal.
  package var build: String? { signature.flatMap { Self.isBuildID($0) ? $0 : nil } }

  /// The path of the signature file, where the event gives that.
  package var signatureFile: String? { signature.flatMap { Self.isBuildID($0) ? nil : $0 } }

  private static func isBuildID(_ text: String) -> Bool {
    text.utf8.count == 64 && text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
  }
}

/// A release was installed beside what was there.
package struct ApplicationInstalled: EventPayload {
  /// The VM or image.
  package private(set) var target = EventThing.vm("")
  package private(set) var application = "", release = ""

  package static let kind = EventKind(
    "application-installed", "A release was installed.", Event.Body.applicationInstalled, of: [.vm, .image],
    [.target(\.target), .required(.application, \.application), .required(.release, \.release)])
}

/// A release was installed in place of the application's other releases.
package struct ApplicationPatched: EventPayload {
  /// The VM or image.
  package private(set) var target = EventThing.vm("")
  package private(set) var application = "", release = ""

  package static let kind = EventKind(
    "application-patched", "A release replaced the application's other releases.",
    Event.Body.applicationPatched, of: [.vm, .image],
    [.target(\.target), .required(.application, \.application), .required(.release, \.release)])
}

/// An application was removed.
package struct ApplicationRemoved: EventPayload {
  /// The VM or image.
  package private(set) var target = EventThing.vm("")
  package private(set) var application = ""
  /// Nil: every release.
  package private(set) var release: String?

  package static let kind = EventKind(
    "application-removed", "A release was removed; without a release: all of them.",
    Event.Body.applicationRemoved, of: [.vm, .image],
    [.target(\.target), .required(.application, \.application), .optional(.release, \.release)])
}

extension FieldBinding {
  /// The VM or image that it is installed on. Where both are given the VM counts.
  fileprivate static func target(_ path: any WritableKeyPath<Payload, EventThing> & Sendable) -> Self {
    Self(use: FieldUse(fields: [.vm, .image], isRequired: true)) { values, payload in
      if let vm = values.text(.vm), !vm.isEmpty {
        payload[keyPath: path] = .vm(vmKey(vm))
      } else if let image = values.text(.image), !image.isEmpty {
        payload[keyPath: path] = .image(image)
      } else {
        return false
      }
      return true
    }
  }
}
