/// What an answer says of a thing: the columns of its entity.
struct Shape {
  enum Form { case text, number, time }

  struct Column {
    var key: String
    var sql: String
    var form: Form

    init(_ key: String, _ sql: String, _ form: Form = .text) {
      self.key = key
      self.sql = sql
      self.form = form
    }
  }

  /// What is joined to the answers, alias `a`.
  var tables: String
  var columns: [Column]
  /// SQL to sort by.
  var name: String
  var time: String
  /// What answers are put together by.
  var group: String?
  var tests: [String] = []
}

extension Entity {
  var shape: Shape {
    switch self {
    case .hosts: Entity.hostShape
    case .vms: Entity.vmShape
    case .images: Entity.imageShape
    case .applications: Entity.applicationShape
    case .releases: Entity.releaseShape
    case .builds: Entity.buildShape
    case .artifacts: Entity.artifactShape
    case .files: Entity.fileShape
    case .sources: Entity.sourceShape
    case .revisions: Entity.revisionShape
    }
  }

  private static let hostShape = Shape(
    tables: "host e ON e.thing_id = a.id",
    columns: [
      .init("name", "e.name"), .init("id", "e.name"), .init("group", "e.host_group"),
      .init("firstSeen", "e.first_seen", .time),
    ], name: "e.name", time: "e.first_seen")

  private static let vmShape = Shape(
    tables: "vm e ON e.thing_id = a.id",
    columns: [
      .init("name", "coalesce(e.name, e.uuid)"), .init("id", "e.uuid"),
      .init(
        "state",
        """
        (SELECT x.state FROM vm_state x WHERE x.vm_id = a.id AND x.valid_from <= :at AND :at < x.valid_to LIMIT 1)
        """),
      .init(
        "host",
        """
        (SELECT h.name FROM link l JOIN host h ON h.thing_id = l.from_id
        WHERE l.to_id = a.id AND l.valid_from <= :at AND :at < l.valid_to LIMIT 1)
        """), .init("firstSeen", "e.first_seen", .time),
    ], name: "coalesce(e.name, e.uuid)", time: "e.first_seen")

  private static let imageShape = Shape(
    tables: "image e ON e.thing_id = a.id JOIN thing t ON t.id = a.id",
    columns: [
      .init("name", "coalesce(e.name, t.key)"), .init("id", "t.key"), .init("host", "e.host"), .init("path", "e.path"),
      .init("role", "e.role"), .init("firstSeen", "e.first_seen", .time),
    ], name: "coalesce(e.name, t.key)", time: "e.first_seen")

  private static let applicationShape = Shape(
    tables: "application_release e ON e.thing_id = a.id",
    columns: [
      .init("name", "e.name"), .init("id", "e.name"), .init("kind", "e.kind"), .init("releases", "a.members", .number),
    ], name: "e.name", time: "e.released", group: "e.name")

  private static let releaseShape = Shape(
    tables: "application_release e ON e.thing_id = a.id",
    columns: [
      .init("name", "e.name"), .init("version", "e.version"), .init("id", "e.name || '@' || e.version"),
      .init("kind", "e.kind"), .init("released", "e.released", .time),
      .init("behind", "(SELECT count(*) \(newer))", .number),
      .init("newest", "(SELECT n.version \(newer) ORDER BY n.released DESC, n.version LIMIT 1)"),
      .init("newestReleased", "(SELECT max(n.released) \(newer))", .time),
    ], name: "e.name || '@' || e.version", time: "e.released")

  private static let newer = """
    FROM application_release n WHERE n.name = e.name AND n.kind = e.kind AND n.released > e.released
    """

  private static let buildShape = Shape(
    tables: "build e ON e.thing_id = a.id JOIN application_release r ON r.thing_id = e.release_id",
    columns: [
      .init("name", "r.name || '@' || r.version"), .init("id", Dialect.hex("e.digest")),
      .init("application", "r.name"), .init("version", "r.version"), .init("platform", "e.platform"),
      .init("compiler", "e.compiler"), .init("builder", "e.builder"), .init("built", "e.built", .time),
    ], name: "r.name || '@' || r.version", time: "e.built")

  private static let artifactShape = Shape(
    tables: """
      artifact e ON e.thing_id = a.id JOIN thing t ON t.id = a.id JOIN build b ON b.thing_id = e.build_id
      JOIN application_release r ON r.thing_id = b.release_id
      """,
    columns: [
      .init("name", "e.path"), .init("id", "t.key"), .init("sha256", Dialect.hex("e.sha256")),
      .init("size", "e.size", .number), .init("kind", "e.kind"), .init("application", "r.name"),
      .init("version", "r.version"), .init("build", Dialect.hex("b.digest")),
    ], name: "e.path", time: "b.built")

  private static let sourceShape = Shape(
    tables: "source e ON e.thing_id = a.id",
    columns: [
      .init("name", "e.path"), .init("id", "e.repository || ':' || e.path"), .init("repository", "e.repository"),
      .init("created", "e.created", .time),
      .init("revisions", "(SELECT count(*) FROM revision r WHERE r.source_id = a.id)", .number),
      .init("revised", "(SELECT max(r.revised) FROM revision r WHERE r.source_id = a.id)", .time),
    ], name: "e.path",
    time: "(SELECT max(r.revised) FROM revision r WHERE r.source_id = a.id)")

  private static let revisionShape = Shape(
    tables: """
      revision e ON e.thing_id = a.id JOIN thing t ON t.id = a.id JOIN source s ON s.thing_id = e.source_id
      """,
    columns: [
      .init("name", "s.path"), .init("id", "t.key"),
      .init("revision", "e.revision_commit"), .init("blob", "e.blob"), .init("repository", "s.repository"),
      .init("author", "e.author"), .init("revised", "e.revised", .time), .init("earlier", "e.earlier", .number),
    ], name: "s.path", time: "e.revised")
}
