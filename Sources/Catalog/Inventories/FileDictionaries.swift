internal import Fingerprints
internal import Foundation
internal import GRDB
internal import Inventory

/// Numbers of what many files have in common: folders, attributes, contents, fingerprints. Each is stored once and
/// remembered while this lives, which is one transaction, up to a bound.
final class FileDictionaries {
  private let db: Database
  private var folders: [FolderKey: Int64] = [:]
  private var attributes: [Attributes: Int64] = [:]
  private var contents: [ContentKey: Int64] = [:]
  private var fingerprints: [Fingerprint: Int64] = [:]
  private let encoder = JSONEncoder()

  private struct FolderKey: Hashable {
    var path: GuestPath
    var copy: Int
  }
  private struct Attributes: Hashable {
    var volume: String
    var kind: FileRecord.Kind
    var mode: UInt16
    var uid: UInt32
    var gid: UInt32
    var links: UInt32
    var unreadable: String?
  }
  private struct ContentKey: Hashable {
    var digests: FileDigests?
    var fingerprint: Int64?
  }

  init(_ db: Database) {
    self.db = db
    encoder.outputFormatting = .sortedKeys
  }

  /// The folder of a path; `copy` tells apart the files of one list that have one path. Folders above it are made first,
  /// from the root down.
  func folder(of path: GuestPath, copy: Int = 0) throws -> Int64 {
    let folder = path.folder
    if let known = folders[FolderKey(path: folder, copy: copy)] { return known }
    var id = try folderRow([], below: -Int64(copy))
    var end = 0
    for name in folder.folderNames {
      end += name.count
      let key = FolderKey(path: GuestPath(verbatim: folder.bytes.prefix(end)), copy: copy)
      id = try folders[key] ?? folderRow(name, below: id)
      remember(id, as: key, in: &folders)
    }
    remember(id, as: FolderKey(path: folder, copy: copy), in: &folders)
    return id
  }

  /// Most come again soon or never.
  private func remember<Key>(_ id: Int64, as key: Key, in known: inout [Key: Int64]) {
    if known.count >= 10_000 { known.removeAll() }
    known[key] = id
  }

  private func folderRow(_ name: some Collection<UInt8>, below parent: Int64) throws -> Int64 {
    let arguments: [any Bindable] = [Data(name), parent]
    let select = try db.cachedStatement(
      sql: "SELECT id FROM folder WHERE name = CAST(? AS \(Dialect.name)) AND parent_id = ?")
    let insert = try db.cachedStatement(
      sql: "INSERT INTO folder (name, parent_id) VALUES (CAST(? AS \(Dialect.name)), ?)")
    return try found(select.integer(arguments) ?? insert.insert(arguments))
  }

  /// What is left of a record beside its path, contents and numbers of its own.
  func attributes(of file: FileRecord) throws -> Int64 {
    let key = Attributes(
      volume: file.volume, kind: file.kind, mode: file.mode, uid: file.uid, gid: file.gid, links: file.links,
      unreadable: file.unreadable)
    if let known = attributes[key] { return known }
    let arguments: [any Bindable] = [
      key.volume, key.kind.rawValue, Int64(key.mode), Int64(key.uid), Int64(key.gid), Int64(key.links), key.unreadable,
    ]
    let select = try db.cachedStatement(
      sql: """
        SELECT id FROM attributes WHERE volume = ? AND kind = ? AND mode = ? AND uid = ? AND gid = ? AND links = ?
          AND unreadable IS NOT DISTINCT FROM ?
        """)
    let insert = try db.cachedStatement(
      sql: """
        INSERT INTO attributes (volume, kind, mode, uid, gid, links, unreadable) VALUES (?, ?, ?, ?, ?, ?, ?)
        """)
    let id = try found(select.integer(arguments) ?? insert.insert(arguments))
    remember(id, as: key, in: &attributes)
    return id
  }

  /// What was read of a file; nil where nothing was.
  func content(_ digests: FileDigests?, fingerprint: Int64?) throws -> Int64? {
    if digests == nil, fingerprint == nil { return nil }
    let key = ContentKey(digests: digests, fingerprint: fingerprint)
    if let known = contents[key] { return known }
    let arguments: [any Bindable] = [
      digests.map { Data($0.sha256.bytes) }, try digests?.gitBlob.map(bytes),
      digests?.gitoid.map { Data($0.bytes) }, try digests?.md5.map(bytes), fingerprint,
    ]
    let insert = try db.cachedStatement(
      sql: "INSERT INTO content (sha256, git_blob, gitoid, md5, fingerprint_id) VALUES (?, ?, ?, ?, ?)")
    let id = try found(storedContent(key, arguments) ?? insert.insert(arguments))
    remember(id, as: key, in: &contents)
    return id
  }

  private func storedContent(_ key: ContentKey, _ arguments: [any Bindable]) throws -> Int64? {
    if key.digests == nil {
      let select = try db.cachedStatement(sql: "SELECT id FROM content WHERE sha256 IS NULL AND fingerprint_id = ?")
      return try select.integer([key.fingerprint])
    }
    let select = try db.cachedStatement(
      sql: """
        SELECT id FROM content WHERE sha256 = ? AND git_blob IS NOT DISTINCT FROM ?
          AND gitoid IS NOT DISTINCT FROM ? AND md5 IS NOT DISTINCT FROM ? AND fingerprint_id IS NOT DISTINCT FROM ?
        """)
    return try select.integer(arguments)
  }

  private func bytes(_ hex: String) throws -> Data {
    guard let bytes = [UInt8](hex: hex), bytes.hex == hex else {
      throw Problem(
        code: "bad-digest", operation: "store file list", subject: hex, reason: "not lower-case hexadecimal")
    }
    return Data(bytes)
  }

  func fingerprint(_ fingerprint: Fingerprint) throws -> Int64 {
    if let known = fingerprints[fingerprint] { return known }
    let descriptions =
      fingerprint.descriptions.isEmpty
      ? "[]" : String(decoding: try encoder.encode(fingerprint.descriptions), as: UTF8.self)
    let digest = Data(Digest(of: Data(keyText(fingerprint, descriptions).utf8)).bytes)
    let select = try db.cachedStatement(sql: "SELECT id FROM fingerprint WHERE digest = ?")
    if let known = try select.integer([digest]) {
      remember(known, as: fingerprint, in: &fingerprints)
      return known
    }
    let insert = try db.cachedStatement(
      sql: "INSERT INTO fingerprint (digest, kind, descriptions, problem) VALUES (?, ?, ?, ?)")
    let new = try found(insert.insert([digest, fingerprint.kind.rawValue, descriptions, fingerprint.problem]))
    let mark = try db.cachedStatement(sql: "INSERT INTO mark VALUES (?, ?, ?, ?)")
    for (position, one) in fingerprint.marks.enumerated() {
      try mark.run([new, Int64(position), one.kind.rawValue, one.value])
    }
    remember(new, as: fingerprint, in: &fingerprints)
    return new
  }

  /// Each part behind its length, so that no two fingerprints have one text.
  private func keyText(_ fingerprint: Fingerprint, _ descriptions: String) -> String {
    let parts =
      [fingerprint.kind.rawValue, fingerprint.problem.map { "1" + $0 } ?? "0", descriptions]
      + fingerprint.marks.flatMap { [$0.kind.rawValue, $0.value] }
    return parts.map { "\($0.utf8.count):\($0)" }.joined()
  }

  private func found(_ id: Int64?) throws -> Int64 {
    guard let id else { throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "a new row has no number") }
    return id
  }
}
