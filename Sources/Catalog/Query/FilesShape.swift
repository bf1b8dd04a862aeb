internal import Fingerprints

/// Files are asked for through their images. How they are stored is known here and in `imagesWithFile` only.
extension Entity {
  static let fileShape = Shape(
    tables: """
      inventory v ON v.image_id = a.id AND v.received <= :at AND NOT EXISTS (SELECT 1 FROM inventory n
      WHERE n.image_id = a.id AND n.received > v.received AND n.received <= :at)
      JOIN file f ON f.inventory_id = v.id JOIN path e ON e.id = f.path_id JOIN thing t ON t.id = a.id
      LEFT JOIN content c ON c.id = f.content_id
      """,
    columns: [
      .init("name", "CAST(e.bytes AS TEXT)"),
      .init("id", "coalesce(\(Dialect.hex("c.sha256")), CAST(e.bytes AS TEXT))"),
      .init("image", "t.key"), .init("volume", "f.volume"), .init("kind", "f.kind"), .init("size", "f.size", .number),
      .init("sha256", Dialect.hex("c.sha256")), .init("modified", "f.modified * 1000", .time),
    ], name: "e.bytes", time: "f.modified")

  /// That a scan recognised a file as one of these artifacts.
  static func fileTest(artifacts: String) -> String {
    """
    EXISTS (SELECT 1 FROM sighting_file y WHERE y.inventory_id = f.inventory_id AND y.position = f.position
    AND +y.artifact_id IN (\(artifacts)))
    """
  }

  /// That a file is one of those that are named.
  static func fileTest(_ draft: Draft, _ values: [String]) -> String {
    let tests = values.map { value in
      if let digest = Digest(hex: value) { return "c.sha256 = \(draft.bind(.bytes(Array(digest.bytes))))" }
      let path = value.hasPrefix("/") ? String(value.dropFirst()) : value
      return "e.bytes = \(draft.bind(.bytes(Array(path.utf8))))"
    }
    return "(\(tests.joined(separator: " OR ")))"
  }
}
