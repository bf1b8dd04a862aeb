internal import GRDB

/// What links join, found or made by name. Numbers are kept while they are sure to stay: one object lives as long as the
/// transaction.
final class Things {
  private let db: Database
  private var known: [String: Int64] = [:]
  /// Asked for and not there.
  private var unknown: Set<String> = []
  private var names: [Int64: (kind: String, key: String)] = [:]
  private var firstSeen: [Int64: Int64] = [:]
  /// Vms that are there from the earliest fact on, and of which nothing was copied.
  private(set) var plain: Set<Int64> = []
  let endings: Endings

  init(_ db: Database) {
    self.db = db
    endings = Endings(db)
  }

  func id(_ kind: String, _ key: String) throws -> Int64 {
    let name = "\(kind) \(key)"
    if let id = known[name] { return id }
    let id = try thing(db, kind, key)
    known[name] = id
    names[id] = (kind, key)
    return id
  }

  /// A host, vm or image that a fact of `at` names; its first life begins with the earliest such fact.
  func host(_ name: String, at: Int64) throws -> Int64 { try named(.host, name, at) }
  func vm(_ uuid: String, at: Int64) throws -> Int64 { try named(.vm, uuid, at) }
  func image(_ key: String, at: Int64) throws -> Int64 { try named(.image, key, at) }

  /// Nil where no fact named it yet.
  func existing(_ kind: NamedKind, _ key: String) throws -> Int64? { try find(kind, key, "\(kind.name) \(key)") }

  /// When the earliest fact that names it was.
  func firstSeen(_ thing: Int64, _ kind: NamedKind) throws -> Int64 {
    if firstSeen[thing] == nil { _ = try existing(kind, key(of: thing)) }
    return firstSeen[thing] ?? 0
  }

  func release(_ kind: String, _ name: String, _ version: String) throws -> Int64 {
    // Lengths keep names with any character in them apart.
    let key = "\(kind):\(name.utf8.count):\(name)@\(version)"
    if let id = known["release \(key)"] { return id }
    let id = try id("release", key)
    let insert = try db.cachedStatement(
      sql: "INSERT INTO application_release (thing_id, kind, name, version) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING")
    try insert.run([id, kind, name, version])
    return id
  }

  func key(of thing: Int64) throws -> String { try name(thing).key }

  func kind(of thing: Int64) throws -> String { try name(thing).kind }

  private func name(_ thing: Int64) throws -> (kind: String, key: String) {
    if let name = names[thing] { return name }
    let select = try db.cachedStatement(sql: "SELECT kind, key FROM thing WHERE id = ?")
    guard let name = try select.all([thing], { ($0.text(0) ?? "", $0.text(1) ?? "") }).first else {
      throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "a thing is there and is not")
    }
    names[thing] = name
    return name
  }

  /// The dependent's history holds a copy of what the other's was at `at`.
  func inherit(_ dependent: Int64, from other: Int64, at: Int64) throws {
    let insert = try db.cachedStatement(sql: "INSERT INTO inheritance VALUES (?, ?, ?) ON CONFLICT DO NOTHING")
    let history = try history(of: other)
    plain.remove(history)
    try insert.run([history, at, dependent])
  }

  /// It was deleted.
  func ended(_ vm: Int64) { plain.remove(vm) }

  /// What is known of a vm: when its latest event was, and its own image.
  func latestEvent(ofVM vm: Int64) throws -> (at: Int64?, ownImage: Int64?) {
    let key = try ownImageKey(of: vm)
    let select = try db.cachedStatement(
      sql: """
        SELECT (SELECT at FROM event_subject WHERE thing_id = ?1 ORDER BY at DESC LIMIT 1),
          (SELECT id FROM thing WHERE kind = 'image' AND key = ?2),
          (SELECT valid_to FROM life WHERE thing_id = ?1 ORDER BY valid_from LIMIT 1),
          EXISTS (SELECT 1 FROM inheritance WHERE on_id = ?1)
        """)
    let row = try select.all([vm, key]) {
      (at: $0.optional(0), image: $0.optional(1), life: $0.integer(2), isCopied: $0.integer(3) == 1)
    }.first
    if row?.image == nil { unknown.insert("image \(key)") }
    if row?.life == Dialect.forever, row?.isCopied == false { plain.insert(vm) }
    return (row?.at, row?.image)
  }

  /// Whose history a thing's is part of: that of a vm's own image belongs to the vm.
  func history(of thing: Int64) throws -> Int64 {
    guard let owner = try owner(of: thing) else { return thing }
    return try existing(.vm, owner) ?? thing
  }

  /// What the image is called that a vm has of its own.
  func ownImageKey(of vm: Int64) throws -> String { Self.own + (try key(of: vm)) }

  /// That image, where there is one.
  func ownImage(of vm: Int64) throws -> Int64? { try existing(.image, ownImageKey(of: vm)) }

  /// The vm, known or not, that a thing called so is the own image of.
  private func owner(of thing: Int64) throws -> String? {
    let key = try key(of: thing)
    return key.hasPrefix(Self.own) ? String(key.dropFirst(Self.own.count)) : nil
  }

  private static let own = "vm:"

  /// Whether it is the one disk of the vms that it is linked to, by what was reported. What is made of a vm's own image is a
  /// copy of it.
  func isDeployed(_ image: Int64) throws -> Bool {
    if try owner(of: image) != nil { return false }
    let select = try db.cachedStatement(sql: "SELECT role = 'deployed' FROM image WHERE thing_id = ?")
    return try select.integer([image]) == 1
  }

  /// Takes back a vm's own image, which is made again as its history is told.
  func forget(image: Int64) throws {
    for statement in [
      "DELETE FROM link WHERE from_id = ?", "DELETE FROM image_place WHERE image_id = ?",
      "DELETE FROM life WHERE thing_id = ?", "DELETE FROM image WHERE thing_id = ?",
    ] { try db.cachedStatement(sql: statement).run([image]) }
    firstSeen[image] = nil
  }

  private func named(_ kind: NamedKind, _ key: String, _ at: Int64) throws -> Int64 {
    let name = "\(kind.name) \(key)"
    let known = try find(kind, key, name)
    if let known, let seen = firstSeen[known] {
      if seen > at { try begin(known, kind, at: at, not: seen) }
      return known
    }
    let id = try known ?? insert(kind, key, name)
    if kind.name == "vm" { plain.insert(id) }
    try db.cachedStatement(sql: kind.insert).run(kind.hasKey ? [id, at, key] : [id, at])
    let life = try db.cachedStatement(sql: "INSERT INTO life (thing_id, valid_from, valid_to) VALUES (?, ?, ?)")
    try life.run([id, at, Dialect.forever])
    firstSeen[id] = at
    if kind.name == "vm" { try adopt(by: id) }
    return id
  }

  /// Whoever copied a vm's own image before the vm was known depends on the vm from now on.
  private func adopt(by vm: Int64) throws {
    let update = try db.cachedStatement(
      sql: "UPDATE inheritance SET on_id = ? WHERE on_id = (SELECT id FROM thing WHERE kind = 'image' AND key = ?)")
    try update.run([vm, ownImageKey(of: vm)])
    if db.changesCount > 0 { plain.remove(vm) }
  }

  private func begin(_ id: Int64, _ kind: NamedKind, at: Int64, not old: Int64) throws {
    try db.cachedStatement(sql: kind.update).run([at, id])
    let life = try db.cachedStatement(sql: "UPDATE life SET valid_from = ? WHERE thing_id = ? AND valid_from = ?")
    try life.run([at, id, old])
    firstSeen[id] = at
  }

  private func insert(_ kind: NamedKind, _ key: String, _ name: String) throws -> Int64 {
    let insert = try db.cachedStatement(sql: "INSERT INTO thing (kind, key) VALUES (?, ?)")
    let id = try found(insert.insert([kind.name, key]))
    (known[name], names[id]) = (id, (kind.name, key))
    return id
  }

  /// `name`: kind and key as `known` has them.
  private func find(_ kind: NamedKind, _ key: String, _ name: String) throws -> Int64? {
    if let id = known[name], firstSeen[id] != nil { return id }
    if unknown.contains(name) { return known[name] }
    let select = try db.cachedStatement(sql: kind.find)
    guard let (id, seen) = try select.all([kind.name, key], { ($0.integer(0), $0.optional(1)) }).first else {
      unknown.insert(name)
      return nil
    }
    (known[name], names[id], firstSeen[id]) = (id, (kind.name, key), seen)
    return id
  }
}

/// The id of `thing`, made where it is new.
func thing(_ db: Database, _ kind: String, _ key: String) throws -> Int64 {
  let select = try db.cachedStatement(sql: "SELECT id FROM thing WHERE kind = ? AND key = ?")
  if let known = try select.integer([kind, key]) { return known }
  let insert = try db.cachedStatement(sql: "INSERT INTO thing (kind, key) VALUES (?, ?)")
  return try found(insert.insert([kind, key]))
}
