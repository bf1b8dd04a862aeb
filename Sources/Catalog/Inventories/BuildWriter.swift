internal import Fingerprints
internal import Foundation
internal import GRDB
internal import Lineage
internal import Signatures

/// Stores what a signature says: its build, the artifacts, and the revisions that went into each. Captured once, kept for
/// good.
struct BuildWriter {
  private let db: Database
  private let things: Things

  init(_ db: Database, _ things: Things) {
    self.db = db
    self.things = things
  }

  /// The build's row; nothing is written where it is stored already.
  func store(_ signature: Signature, _ digest: Digest) throws -> Int64 {
    let known = try Int64.fetchOne(
      db, sql: "SELECT thing_id FROM build WHERE digest = ?", arguments: [Data(digest.bytes)])
    if let known { return known }
    let release = try things.release("release", signature.application, signature.release)
    let build = try things.id("build", digest.description)
    let environment = signature.environment
    try db.execute(
      sql: """
        INSERT INTO build (thing_id, digest, release_id, platform, compiler, builder, built) VALUES (?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        build, Data(digest.bytes), release, environment?.platform, environment?.compiler, environment?.builder,
        signature.built.map(milliseconds),
      ])
    if let built = signature.built { try setReleased(db, release, at: milliseconds(built)) }
    for artifact in signature.artifacts { try store(artifact, of: build, digest) }
    return build
  }

  /// Rows of a build's artifacts by path.
  func artifacts(of build: Int64) throws -> [String: Int64] {
    let rows = try Row.fetchAll(db, sql: "SELECT path, thing_id FROM artifact WHERE build_id = ?", arguments: [build])
    return Dictionary(rows.map { ($0[0] as String, $0[1] as Int64) }, uniquingKeysWith: { first, _ in first })
  }

  private func store(_ artifact: Artifact, of build: Int64, _ digest: Digest) throws {
    let id = try things.id("artifact", "\(digest)/\(artifact.path)")
    let insert = try db.cachedStatement(
      sql: """
        INSERT INTO artifact (thing_id, build_id, path, size, sha256, git_blob, kind) VALUES (?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT DO NOTHING
        """)
    try insert.execute(arguments: [
      id, build, artifact.path, Int64(bitPattern: artifact.size), Data(artifact.sha256.bytes), artifact.gitoid,
      artifact.kind.rawValue,
    ])
    for source in Set(artifact.sources) { try link(id, to: try revision(source)) }
  }

  private func revision(_ revision: SourceRevision) throws -> Int64 {
    let key = "\(revision.repository.utf8.count):\(revision.repository)/\(revision.path)"
    let source = try things.id("source", key)
    let insertSource = try db.cachedStatement(
      sql: "INSERT INTO source (thing_id, repository, path, created) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING")
    try insertSource.execute(arguments: [
      source, revision.repository, revision.path, revision.created.map(milliseconds),
    ])
    let state = "\(revision.revision ?? "-") \(revision.blob)\(revision.uncommitted ? " uncommitted" : "")"
    let id = try things.id("revision", "\(state) \(key)")
    let insert = try db.cachedStatement(
      sql: """
        INSERT INTO revision (thing_id, source_id, revision_commit, blob, author, revised, earlier, uncommitted)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
        """)
    try insert.execute(arguments: [
      id, source, revision.revision, revision.blob, revision.author, revision.revised.map(milliseconds),
      revision.revisions, revision.uncommitted ? 1 : 0,
    ])
    return id
  }

  /// The signature says so, which needs no claim of its own.
  private func link(_ artifact: Int64, to revision: Int64) throws {
    let insert = try db.cachedStatement(
      sql: """
        INSERT INTO link (from_id, to_id, valid_from, valid_to, origin, confidence, evidence_group)
        VALUES (?, ?, 0, ?, 1, 1, 0) ON CONFLICT DO NOTHING
        """)
    try insert.execute(arguments: [artifact, revision, Dialect.forever])
  }
}

/// A release is as old as the earliest report of it.
func setReleased(_ db: Database, _ release: Int64, at: Int64) throws {
  let update = try db.cachedStatement(
    sql: "UPDATE application_release SET released = ? WHERE thing_id = ? AND (released IS NULL OR released > ?)")
  try update.run([at, release, at])
}
