internal import Fingerprints
internal import Foundation
internal import GRDB
internal import Inventory
internal import Lineage
internal import Signatures

/// Stores what inference concluded of an inventory, in place of what it concluded before. What it says of builds holds for
/// good and is linked here; what it says of the image becomes part of the image's history.
final class SightingWriter {
  private let db: Database
  private let image: Int64
  private let inventory: Int64
  private let things: Things
  private let encoder = JSONEncoder()

  init(_ db: Database, _ things: Things, image: Int64, inventory: Int64) {
    self.db = db
    self.image = image
    self.inventory = inventory
    self.things = things
    encoder.outputFormatting = .sortedKeys
  }

  func store(_ findings: Findings, builds: [Digest: Signature], of facts: Inventory) throws {
    try drop()
    try storeParent(facts)
    let keys = try fileKeys(findings, facts)
    let builder = BuildWriter(db, things)
    for application in findings.applications {
      let release = try things.release(application.kind, application.name, application.version)
      var artifacts: [String: Int64] = [:]
      for id in application.builds {
        guard let signature = builds[id] else { continue }
        let build = try builder.store(signature, id)
        artifacts.merge(try builder.artifacts(of: build)) { known, _ in known }
        try join(release, to: build, signature, application)
      }
      for claim in application.claims {
        let id = try sighting(image, release, claim, try evidence(application))
        if claim.origin == .inferred { try storeFiles(application, claim, id, artifacts, keys) }
      }
    }
    try JoinedBuilds(db).link(inventory: inventory)
  }

  /// What was concluded of this inventory before. The image's own links are told anew afterwards.
  private func drop() throws {
    try JoinedBuilds(db).unlink(inventory: inventory)
    let claims = try Int64.fetchAll(
      db, sql: "SELECT id FROM claim WHERE sighting_id IN (SELECT id FROM sighting WHERE inventory_id = ?)",
      arguments: [inventory])
    for claim in claims { try db.execute(sql: "DELETE FROM claim WHERE id = ?", arguments: [claim]) }
    try db.execute(sql: "DELETE FROM sighting WHERE inventory_id = ?", arguments: [inventory])
  }

  private func sighting(_ from: Int64, _ to: Int64, _ claim: Claim, _ evidence: String) throws -> Int64 {
    let insert = try db.cachedStatement(
      sql: """
        INSERT INTO sighting (inventory_id, from_id, to_id, origin, confidence, rule, rule_version, evidence)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id
        """)
    return try found(
      Int64.fetchOne(
        insert,
        arguments: [
          inventory, from, to, claim.origin.number, min(1, max(0, claim.confidence)), claim.rule, claim.ruleVersion,
          evidence,
        ]))
  }

  /// A release that a package declares is joined with the build that its contents show: that is inferred, not captured.
  private func join(_ release: Int64, to build: Int64, _ signature: Signature, _ application: Application) throws {
    let own = application.kind == "release" && application.version == signature.release
    if own { return }
    let claim = Claim(
      origin: .inferred, confidence: application.confidence, rule: "joined", ruleVersion: 1)
    _ = try sighting(release, build, claim, "{}")
  }

  /// The header of a differencing disk names what it comes from: a link, whether that image was ever seen or not.
  private func storeParent(_ facts: Inventory) throws {
    guard let parent = facts.image.parent else { return }
    let own = try Row.fetchOne(db, sql: "SELECT host, path FROM image WHERE thing_id = ?", arguments: [image])
    guard let host: String = own?["host"], let path: String = own?["path"] else { return }
    let base = URL(fileURLWithPath: path).deletingLastPathComponent()
    let place = URL(fileURLWithPath: parent.name, relativeTo: base).standardizedFileURL.path
    var target = try Int64.fetchOne(
      db, sql: "SELECT max(thing_id) FROM image WHERE host = ? AND path = ?", arguments: [host, place])
    if target == nil, let id = parent.formatID {
      target = try Int64.fetchOne(
        db, sql: "SELECT max(image_id) FROM inventory WHERE format_id = ? AND image_id <> ?", arguments: [id, image])
    }
    let from = try target ?? things.id("parent", parent.formatID ?? "\(host):\(place)")
    // A header can be changed by hand, and a path may since hold another disk.
    let claim = Claim(
      origin: .declared, confidence: parent.formatID == nil ? 0.9 : 0.95, rule: "header", ruleVersion: 1)
    _ = try sighting(image, from, claim, String(decoding: try encoder.encode(parent), as: UTF8.self))
  }

  private func evidence(_ application: Application) throws -> String {
    let evidence = Evidence(
      alternatives: application.alternatives, artifacts: application.artifacts, conflicts: application.conflicts,
      volume: application.volume)
    return String(decoding: try encoder.encode(evidence), as: UTF8.self)
  }

  private struct Evidence: Encodable {
    var alternatives: [String]
    var artifacts: ArtifactCounts
    var conflicts: [String]
    var volume: String
  }

  private func storeFiles(
    _ application: Application, _ claim: Claim, _ id: Int64, _ artifacts: [String: Int64],
    _ keys: [String: [GuestPath: Int64]]
  ) throws {
    let level = rules.first { $0.name == claim.rule }?.level
    let insert = try db.cachedStatement(
      sql: """
        INSERT INTO sighting_file VALUES (?, ?, ?, CAST(? AS \(Dialect.name)), ?, ?, ?) ON CONFLICT DO NOTHING
        """)
    for file in application.files where file.level == level {
      guard let artifact = file.artifact.flatMap({ artifacts[$0] }), let folder = keys[file.volume]?[file.path]
      else { continue }
      try insert.execute(arguments: [
        id, inventory, folder, Data(file.path.lastName), artifact, file.level.rawValue, file.weight,
      ])
    }
  }

  /// The folders under which the list has the files that are named.
  private func fileKeys(_ findings: Findings, _ facts: Inventory) throws -> [String: [GuestPath: Int64]] {
    let wanted = Set(findings.applications.flatMap(\.files).map(\.path))
    let dictionaries = FileDictionaries(db)
    let copies = PathIndex(facts.files, acrossVolumes: true) { wanted.contains($0.path) }.copies
    var keys: [String: [GuestPath: Int64]] = [:]
    for position in facts.files.indices {
      let path = facts.files.path(position)
      guard wanted.contains(path) else { continue }
      let folder = try dictionaries.folder(of: path, copy: copies[position] ?? 0)
      keys[facts.files.volume(position), default: [:]][path] = folder
    }
    return keys
  }
}

extension Origin {
  /// As tables have it: the largest is the weakest.
  var number: Int64 { self == .captured ? 1 : self == .declared ? 2 : 3 }
}
