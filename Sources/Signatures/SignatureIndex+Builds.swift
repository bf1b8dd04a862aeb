internal import Fingerprints
internal import Foundation
internal import GRDB

extension SignatureIndex {
  /// The build in row `id`, put together from its rows.
  func signature(_ db: Database, _ id: Int64) throws -> Signature {
    let columns = "digest, application, release, platform, compiler, builder, command, built"
    guard let row = try Row.fetchOne(db, sql: "SELECT \(columns) FROM builds WHERE id = ?", arguments: [id]) else {
      throw IndexDamage("an artifact names a build that is not there")
    }
    let command = try (try row.optional(6) as String?).map { text in
      guard let command = try? JSONDecoder().decode([String].self, from: Data(text.utf8)) else {
        throw IndexDamage("a command is not a list of strings")
      }
      return command
    }
    let environment = BuildEnvironment(
      platform: try row.optional(3), compiler: try row.optional(4), builder: try row.optional(5), command: command)
    return Signature(
      application: try row.value(1), release: try row.value(2), build: try row.digest(0),
      environment: environment == BuildEnvironment() ? nil : environment, built: try row.time(7),
      artifacts: try artifacts(db, build: id))
  }

  private func artifacts(_ db: Database, build: Int64) throws -> [Artifact] {
    var found: [Artifact] = []
    var marks = try marks(db, build: build)
    var sources = try sources(db, build: build)
    let rows = try Row.fetchCursor(
      db,
      sql: "SELECT id, position, path, size, sha256, gitoid, kind FROM artifacts WHERE build = ? ORDER BY position",
      arguments: [build])
    while let row = try rows.next() {
      let id: Int64 = try row.value(0)
      // A hit names an artifact by its position.
      guard try row.value(1) == found.count, let kind = FileKind(rawValue: try row.value(6)) else {
        throw IndexDamage("artifacts are not in order, or of an unknown kind")
      }
      found.append(
        Artifact(
          path: try row.value(2), size: UInt64(clamping: try row.value(3, Int64.self)), sha256: try row.digest(4),
          gitoid: try row.value(5), kind: kind, marks: marks.removeValue(forKey: id) ?? [],
          sources: sources.removeValue(forKey: id) ?? []))
    }
    return found
  }

  private func marks(_ db: Database, build: Int64) throws -> [Int64: [Mark]] {
    var found: [Int64: [Mark]] = [:]
    let rows = try Row.fetchCursor(
      db,
      sql: """
        SELECT marks.artifact, marks.kind, marks.value FROM artifacts JOIN marks ON marks.artifact = artifacts.id
        WHERE artifacts.build = ? ORDER BY marks.artifact, marks.position
        """, arguments: [build])
    while let row = try rows.next() {
      guard let kind = MarkKind(rawValue: try row.value(1)) else { throw IndexDamage("a mark is of an unknown kind") }
      found[try row.value(0), default: []].append(Mark(kind, try row.value(2)))
    }
    return found
  }

  private func sources(_ db: Database, build: Int64) throws -> [Int64: [SourceRevision]] {
    var found: [Int64: [SourceRevision]] = [:]
    // Many artifacts share a source: its row becomes a value once.
    var known: [Int64: SourceRevision] = [:]
    let rows = try Row.fetchCursor(
      db,
      sql: """
        SELECT link.artifact, source.id, source.path, repository, revision, blob, author, created, revised, revisions,
          uncommitted
        FROM artifacts JOIN artifact_sources AS link ON link.artifact = artifacts.id
        JOIN sources AS source ON source.id = link.source
        WHERE artifacts.build = ? ORDER BY link.artifact, link.position
        """, arguments: [build])
    while let row = try rows.next() {
      let id: Int64 = try row.value(1)
      let source = try known[id] ?? source(row)
      known[id] = source
      found[try row.value(0), default: []].append(source)
    }
    return found
  }

  private func source(_ row: Row) throws -> SourceRevision {
    SourceRevision(
      path: try row.value(2), repository: try row.value(3), revision: try row.optional(4), blob: try row.value(5),
      author: try row.optional(6), created: try row.time(7), revised: try row.time(8), revisions: try row.optional(9),
      uncommitted: try row.value(10))
  }
}
