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
    var revisions = Revisions(db, things)
    for artifact in signature.artifacts { try store(artifact, of: build, digest, &revisions) }
    return build
  }

  /// Rows of a build's artifacts by path.
  func artifacts(of build: Int64) throws -> [String: Int64] {
    let rows = try Row.fetchAll(db, sql: "SELECT path, thing_id FROM artifact WHERE build_id = ?", arguments: [build])
    return Dictionary(rows.map { ($0[0] as String, $0[1] as Int64) }, uniquingKeysWith: { first, _ in first })
  }

  private func store(_ artifact: Artifact, of build: Int64, _ digest: Digest, _ revisions: inout Revisions) throws {
    let id = try thing(db, "artifact", "\(digest)/\(artifact.path)")
    let insert = try db.cachedStatement(
      sql: "INSERT INTO artifact (thing_id, build_id, path, size, sha256, git_blob, kind) VALUES (?, ?, ?, ?, ?, ?, ?)")
    try insert.run([
      id, build, artifact.path, Int64(bitPattern: artifact.size), Data(artifact.sha256.bytes), artifact.gitoid,
      artifact.kind.rawValue,
    ])
    // The signature says so, which needs no claim of its own.
    let link = try db.cachedStatement(
      sql: """
        INSERT INTO link (from_id, to_id, valid_from, valid_to, origin, confidence, evidence_group)
        VALUES (?, ?, 0, ?, 1, 1, 0)
        """)
    // In their order: pages of the index are met once.
    for revision in try Set(artifact.sources.map { try revisions.row($0) }).sorted() {
      try link.run([id, revision, Dialect.forever])
    }
  }
}

/// Rows of the source revisions of one signature, which has most of them many times.
private struct Revisions {
  let db: Database
  let things: Things
  private var known: [SourceRevision: Int64] = [:]

  init(_ db: Database, _ things: Things) {
    self.db = db
    self.things = things
  }

  mutating func row(_ revision: SourceRevision) throws -> Int64 {
    if let row = known[revision] { return row }
    let key = "\(revision.repository.utf8.count):\(revision.repository)/\(revision.path)"
    let source = try thing(db, "source", key)
    let insertSource = try db.cachedStatement(
      sql: "INSERT INTO source (thing_id, repository, path, created) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING")
    try insertSource.run([source, revision.repository, revision.path, revision.created.map(milliseconds)])
    let state = "\(revision.revision ?? "-") \(revision.blob)\(revision.uncommitted ? " uncommitted" : "")"
    let row = try thing(db, "revision", "\(state) \(key)")
    let insert = try db.cachedStatement(
      sql: """
        INSERT INTO revision (thing_id, source_id, revision_commit, blob, author, revised, earlier, uncommitted)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
        """)
    try insert.run([
      row, source, revision.revision, revision.blob, revision.author, revision.revised.map(milliseconds),
      revision.revisions.map(Int64.init), Int64(revision.uncommitted ? 1 : 0),
    ])
    if let author = revision.author {
      try db.cachedStatement(sql: "INSERT INTO author (name) VALUES (?) ON CONFLICT DO NOTHING").run([author])
    }
    known[revision] = row
    return row
  }
}

/// A release is as old as the earliest report of it.
func setReleased(_ db: Database, _ release: Int64, at: Int64) throws {
  let update = try db.cachedStatement(
    sql: "UPDATE application_release SET released = ? WHERE thing_id = ? AND (released IS NULL OR released > ?)")
  try update.run([at, release, at])
}
