internal import Fingerprints
internal import Foundation
internal import GRDB
internal import Lineage
internal import Signatures

/// Stores what a signature says: its build, the artifacts, and the revisions that went into each. Captured once, kept for
/// good.
struct BuildWriter {
  private let db: Database
  private let links: LinkWriter
  private static let captured = Claim(origin: .captured, confidence: 1, rule: "signature", ruleVersion: 1)

  init(_ db: Database, _ links: LinkWriter) {
    self.db = db
    self.links = links
  }

  /// The build's row; nothing is written where it is stored already.
  func store(_ signature: Signature, _ digest: Digest) throws -> Int64 {
    let known = try Int64.fetchOne(
      db, sql: "SELECT thing_id FROM build WHERE digest = ?", arguments: [Data(digest.bytes)])
    if let known { return known }
    let release = try links.release("release", signature.application, signature.release)
    let build = try thing(db, "build", digest.description)
    let environment = signature.environment
    try db.execute(
      sql: """
        INSERT INTO build (thing_id, digest, release_id, platform, compiler, builder, built) VALUES (?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        build, Data(digest.bytes), release, environment?.platform, environment?.compiler, environment?.builder,
        signature.built.map(timestamp),
      ])
    try capture(release, build)
    for artifact in signature.artifacts { try store(artifact, of: build, digest) }
    return build
  }

  /// Rows of a build's artifacts by path.
  func artifacts(of build: Int64) throws -> [String: Int64] {
    let rows = try Row.fetchAll(db, sql: "SELECT path, thing_id FROM artifact WHERE build_id = ?", arguments: [build])
    return Dictionary(rows.map { ($0[0] as String, $0[1] as Int64) }, uniquingKeysWith: { first, _ in first })
  }

  private func store(_ artifact: Artifact, of build: Int64, _ digest: Digest) throws {
    let id = try thing(db, "artifact", "\(digest)/\(artifact.path)")
    let insert = try db.cachedStatement(
      sql: """
        INSERT INTO artifact (thing_id, build_id, path, size, sha256, git_blob, kind) VALUES (?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT DO NOTHING
        """)
    try insert.execute(arguments: [
      id, build, artifact.path, Int64(bitPattern: artifact.size), Data(artifact.sha256.bytes), artifact.gitoid,
      artifact.kind.rawValue,
    ])
    try capture(build, id)
    for source in Set(artifact.sources) { try capture(id, try revision(source)) }
  }

  private func revision(_ revision: SourceRevision) throws -> Int64 {
    let key = "\(revision.repository.utf8.count):\(revision.repository)/\(revision.path)"
    let source = try thing(db, "source", key)
    let insertSource = try db.cachedStatement(
      sql: "INSERT INTO source (thing_id, repository, path, created) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING")
    try insertSource.execute(arguments: [
      source, revision.repository, revision.path, revision.created.map(timestamp),
    ])
    let state = "\(revision.revision ?? "-") \(revision.blob)\(revision.uncommitted ? " uncommitted" : "")"
    let id = try thing(db, "revision", "\(state) \(key)")
    let insert = try db.cachedStatement(
      sql: """
        INSERT INTO revision (thing_id, source_id, revision_commit, blob, author, revised, earlier, uncommitted)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
        """)
    try insert.execute(arguments: [
      id, source, revision.revision, revision.blob, revision.author, revision.revised.map(timestamp),
      revision.revisions, revision.uncommitted ? 1 : 0,
    ])
    return id
  }

  private func capture(_ from: Int64, _ to: Int64) throws {
    let link = try links.link(from, to)
    let known = try db.cachedStatement(sql: "SELECT 1 FROM claim WHERE link_id = ? AND inventory_id IS NULL LIMIT 1")
    if try Int64.fetchOne(known, arguments: [link]) != nil { return }
    _ = try links.claim(link, Self.captured, inventory: nil, evidence: "{}")
  }
}
