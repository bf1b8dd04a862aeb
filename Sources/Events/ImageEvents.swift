/// An image was made.
package struct ImageCreated: EventPayload {
  package private(set) var image = ""
  package private(set) var path, host, role, parent, name: String?

  package static let kind = EventKind(
    "image-created", "An image was created, as a copy of its parent if any.", Event.Body.imageCreated,
    of: [.image],
    [
      .required(.image, \.image), .optional(.path, \.path), .optional(.host, \.host), .optional(.role, \.role),
      .optional(.parent, \.parent), .optional(.name, \.name),
    ])

  func check() throws(Refusal) {
    if image == parent { throw Refusal(reason: "an image that is its own parent") }
  }
}

/// An image is at another place.
package struct ImageMoved: EventPayload {
  package private(set) var image = "", path = ""
  /// Nil: the host on which it was.
  package private(set) var host: String?

  package static let kind = EventKind(
    "image-moved", "An image was moved.", Event.Body.imageMoved, of: [.image],
    [.required(.image, \.image), .required(.path, \.path), .optional(.host, \.host)])
}

/// An image is gone.
package struct ImageDeleted: EventPayload {
  package private(set) var image = ""

  package static let kind = EventKind(
    "image-deleted", "An image was deleted.", Event.Body.imageDeleted, of: [.image], [.required(.image, \.image)])
}
