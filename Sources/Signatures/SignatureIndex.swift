package import Fingerprints
internal import Foundation
internal import GRDB

/// Many signatures in one indexed file, opened for looking up. The file may come from a stranger.
///
/// It is opened read-only and as immutable (no journal or write-ahead log beside it is read), with an untrusted schema,
/// and only where its schema is, word for word, the one that this version writes.
package final class SignatureIndex: Sendable {
  let queue: DatabaseQueue
  /// The file, for messages.
  package let path: String

  /// Opens an index that `build` wrote.
  ///
  /// Throws SignatureError where the file is missing, is no index, or is one of another version.
  package init(path: String) throws {
    self.path = path
    var configuration = Configuration()
    configuration.readonly = true
    configuration.label = "signatures"
    configuration.prepareDatabase { db in
      try db.execute(
        sql: """
          PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY;
          PRAGMA cache_size = -65536;
          """)
    }
    do {
      guard FileManager.default.isReadableFile(atPath: path) else {
        throw SignatureError("open signature index", path, "missing, or not readable")
      }
      let absolute = URL(fileURLWithPath: path).path
      let escaped = absolute.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed.subtracting(["?", "#"]))
      queue = try DatabaseQueue(path: "file://\(escaped ?? absolute)?immutable=1", configuration: configuration)
      try queue.read { db in
        let id = try Int.fetchOne(db, sql: "PRAGMA application_id")
        let version = try Int.fetchOne(db, sql: "PRAGMA user_version")
        guard id == IndexSchema.applicationID, version == IndexSchema.version,
          try IndexSchema.description(db) == IndexSchema.expected()
        else {
          throw SignatureError(
            "open signature index", path, "not a signature index of this version",
            remedy: "make it again with: vmlineage signatures index")
        }
      }
    } catch let error as DatabaseError {
      throw SignatureError("open signature index", path, error.message ?? "not a signature index")
    }
  }

  /// Runs a reading whose temporary tables are gone afterwards, and makes errors of the database name the file.
  func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
    do {
      // Not GRDB's `read`, which forbids writing to temporary tables too; the file itself is open for reading only.
      return try queue.writeWithoutTransaction { db in
        var value: Value?
        try db.inTransaction(.deferred) {
          value = try body(db)
          return .rollback
        }
        guard let value else { throw IndexDamage("nothing was read") }
        return value
      }
    } catch let error as DatabaseError {
      throw SignatureError("read signature index", path, error.message ?? "damaged")
    } catch let error as IndexDamage {
      throw SignatureError("read signature index", path, "damaged: \(error.reason)")
    } catch let error as RowDecodingError {
      throw SignatureError("read signature index", path, "damaged: \(error)")
    }
  }

  /// What decides whether a file of an image is worth reading: the sizes and marks that some artifact has.
  package func screen() throws -> Screen {
    try read { db in
      func marks(_ kind: MarkKind) throws -> Set<String> {
        try String.fetchSet(db, sql: "SELECT DISTINCT value FROM marks WHERE kind = ?", arguments: [kind.rawValue])
      }
      let sizes = try Int64.fetchCursor(db, sql: "SELECT DISTINCT size FROM artifacts WHERE size >= 0")
      var screen = Screen(shapes: try marks(.shape), buildIDs: try marks(.buildID))
      while let size = try sizes.next() { screen.sizes.insert(UInt64(clamping: size)) }
      screen.textNames = try String.fetchSet(db, sql: "SELECT DISTINCT name FROM artifacts WHERE name IS NOT NULL")
      return screen
    }
  }

  /// The ids of all builds, in the order in which they were added.
  package func builds() throws -> [Digest] {
    try read { db in
      try Row.fetchAll(db, sql: "SELECT digest FROM builds ORDER BY id").map { try $0.digest(0) }
    }
  }

  /// The build with this id, whole; nil where the index has none.
  package func build(_ id: Digest) throws -> Signature? {
    try read { db in
      guard
        let row = try Int64.fetchOne(db, sql: "SELECT id FROM builds WHERE digest = ?", arguments: [Data(id.bytes)])
      else { return nil }
      return try signature(db, row)
    }
  }
}
