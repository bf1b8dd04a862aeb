internal import Fingerprints
internal import Foundation
internal import GRDB

/// Fills a new index file, one signature at a time.
final class IndexWriter {
  private let queue: DatabaseQueue
  private var artifacts: Int64 = 0
  private var sources: Int64 = 0
  private(set) var builds: Int64 = 0

  /// Creates the file at `path`, which must not be there.
  init(path: String) throws {
    queue = try DatabaseQueue(path: path)
    try queue.writeWithoutTransaction { db in
      // A file that is not finished is thrown away, so no journal is needed.
      try db.execute(
        sql: """
          PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -65536;
          PRAGMA application_id = \(IndexSchema.applicationID); PRAGMA user_version = \(IndexSchema.version);
          """)
      for statement in IndexSchema.statements { try db.execute(sql: statement) }
    }
  }

  /// Adds a build whose id was checked; false where it is there already.
  func add(_ signature: Signature, build: Digest) throws -> Bool {
    try queue.write { db in
      let digest = Data(build.bytes)
      if try Int.fetchOne(db, sql: "SELECT 1 FROM builds WHERE digest = ?", arguments: [digest]) != nil { return false }
      builds += 1
      let environment = signature.environment
      let command = try environment?.command.map { String(decoding: try JSONEncoder().encode($0), as: UTF8.self) }
      try db.execute(
        sql: "INSERT INTO builds VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        arguments: [
          builds, digest, signature.application, signature.release, environment?.platform, environment?.compiler,
          environment?.builder, command, signature.built?.formatted(.iso8601),
        ])
      try add(signature.artifacts, db)
      return true
    }
  }

  private func add(_ list: [Artifact], _ db: Database) throws {
    let insert = try db.makeStatement(sql: "INSERT INTO artifacts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
    let mark = try db.makeStatement(sql: "INSERT INTO marks VALUES (?, ?, ?, ?)")
    let link = try db.makeStatement(sql: "INSERT INTO artifact_sources VALUES (?, ?, ?)")
    var known: [ExactSource: Int64] = [:]
    for (position, artifact) in list.enumerated() {
      artifacts += 1
      let isText = artifact.marks.contains { $0.kind == .text }
      let name = isText ? artifact.path.split(separator: "/").last.map(String.init) : nil
      try insert.execute(arguments: [
        artifacts, builds, position, artifact.path, Int64(clamping: artifact.size), Data(artifact.sha256.bytes),
        artifact.gitoid, artifact.kind.rawValue, name,
      ])
      for (position, each) in artifact.marks.enumerated() {
        try mark.execute(arguments: [artifacts, position, each.kind.rawValue, each.value])
      }
      for (position, source) in artifact.sources.enumerated() {
        let id = try known[ExactSource(source)] ?? add(source, db)
        known[ExactSource(source)] = id
        try link.execute(arguments: [artifacts, position, id])
      }
    }
  }

  private func add(_ source: SourceRevision, _ db: Database) throws -> Int64 {
    sources += 1
    try db.cachedStatement(sql: "INSERT INTO sources VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)").execute(arguments: [
      sources, source.path, source.repository, source.revision, source.blob, source.author,
      source.created?.formatted(.iso8601), source.revised?.formatted(.iso8601), source.revisions, source.uncommitted,
    ])
    return sources
  }

  /// Makes the indexes and counts, and closes the file.
  func finish() throws {
    try queue.writeWithoutTransaction { db in
      for statement in IndexSchema.indexes + IndexSchema.summaries { try db.execute(sql: statement) }
    }
    try queue.close()
  }
}

/// A source that is equal to another only where its bytes are: Swift's strings are also equal where one letter is
/// spelled in two ways, and those are two files.
private struct ExactSource: Hashable {
  var source: SourceRevision
  var texts: [[UInt8]]

  init(_ source: SourceRevision) {
    self.source = source
    texts = [source.path, source.repository, source.author ?? ""].map { Array($0.utf8) }
  }
}
