/// Files are asked for through their images: those of the newest scan.
extension Entity {
  static let fileShape = Shape(
    tables: """
      inventory v ON v.image_id = a.id AND v.received <= :at AND NOT EXISTS (SELECT 1 FROM inventory n
      WHERE n.image_id = a.id AND (n.received, n.id) > (v.received, v.id) AND n.received <= :at)
      JOIN v_files f ON f.inventory_id = v.id JOIN thing t ON t.id = a.id
      """,
    columns: [
      .init("name", "f.path"), .init("id", "coalesce(f.digest, f.path)"), .init("image", "t.key"),
      .init("volume", "f.volume"), .init("kind", "f.kind"), .init("size", "f.size", .number),
      .init("sha256", "f.digest"), .init("modified", "f.modified * 1000", .time),
    ], name: "f.path", time: "f.modified")

  /// That a scan recognised a file as one of these artifacts.
  static func fileTest(artifacts: String) -> String {
    """
    EXISTS (SELECT 1 FROM sighting_file y WHERE y.inventory_id = f.inventory_id AND y.folder_id = f.folder_id
    AND y.name = f.name AND +y.artifact_id IN (\(artifacts)))
    """
  }
}
