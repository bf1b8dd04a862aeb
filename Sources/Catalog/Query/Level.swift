/// The places of the chain along which things come from each other, from where software runs to where it is written.
///
///     host ─ vm ─ image ─ release ─ build ─ artifact ─ revision ─ source
enum Level: Int, CaseIterable, Comparable {
  case host, vm, image, release, build, artifact, revision, source

  static func < (one: Level, other: Level) -> Bool { one.rawValue < other.rawValue }

  /// The table that has a row for each thing of this level, with its number in `thing_id`.
  var table: String { self == .release ? "application_release" : "\(self)" }

  /// Whether such a thing comes and goes; the others hold for good.
  var hasLife: Bool { self <= .image }

  /// All levels from this one to the other, both included, in that order.
  func levels(to other: Level) -> [Level] {
    let numbers =
      self <= other ? Array(rawValue...other.rawValue) : Array((other.rawValue...rawValue).reversed())
    return numbers.compactMap(Level.init)
  }

  /// What a thing is called in a path: its kind and its name, as `why` takes them. `id` is SQL.
  func label(_ id: String) -> String {
    let name =
      switch self {
      case .host: "(SELECT x.name FROM host x WHERE x.thing_id = \(id))"
      case .vm: "(SELECT coalesce(x.name, x.uuid) FROM vm x WHERE x.thing_id = \(id))"
      case .image: "(SELECT coalesce(x.name, t.key) FROM image x JOIN thing t ON t.id = x.thing_id WHERE t.id = \(id))"
      case .release: "(SELECT x.name || '@' || x.version FROM application_release x WHERE x.thing_id = \(id))"
      case .build:
        """
        (SELECT x.name || '@' || x.version || '#' || substr(t.key, 1, 12) FROM build b
        JOIN application_release x ON x.thing_id = b.release_id JOIN thing t ON t.id = b.thing_id WHERE t.id = \(id))
        """
      case .artifact: "(SELECT x.path FROM artifact x WHERE x.thing_id = \(id))"
      case .revision: "(SELECT coalesce(x.revision_commit, x.blob) FROM revision x WHERE x.thing_id = \(id))"
      case .source: "(SELECT x.path FROM source x WHERE x.thing_id = \(id))"
      }
    return "'\(self):' || \(name)"
  }
}
