internal import Fingerprints
internal import Foundation
internal import GRDB
internal import Inventory
internal import Lineage
internal import Signatures

/// Stores what follows from an image's newest inventory, in place of what followed before. The links say "this comes
/// from that": image from release, release from build, build from artifacts, artifact from revisions.
final class ClaimWriter {
  private let db: Database
  private let image: Int64
  private let inventory: Int64
  private let links: LinkWriter
  private let encoder = JSONEncoder()

  init(_ db: Database, image: String, inventory: Int64) throws {
    self.db = db
    self.image = try imageRow(db, image)
    self.inventory = inventory
    links = LinkWriter(db)
    encoder.outputFormatting = .sortedKeys
  }

  func store(_ findings: Findings, builds: [Digest: Signature], of facts: Inventory) throws {
    try dropClaims()
    try storeParent(facts)
    let keys = try fileKeys(findings, facts)
    let builder = BuildWriter(db, links)
    for application in findings.applications {
      let release = try links.release(application.kind, application.name, application.version)
      let link = try links.link(image, release)
      var artifacts: [String: Int64] = [:]
      for id in application.builds {
        guard let signature = builds[id] else { continue }
        let build = try builder.store(signature, id)
        artifacts.merge(try builder.artifacts(of: build)) { known, _ in known }
        try join(release, to: build, signature, application)
      }
      for claim in application.claims {
        let id = try links.claim(link, claim, inventory: inventory, evidence: try evidence(application, claim))
        if claim.origin == .inferred { try storeFiles(application, claim, id, artifacts, keys) }
      }
    }
  }

  /// Claims of all the image's inventories: only what its newest one shows is believed.
  private func dropClaims() throws {
    let owned = "inventory_id IN (SELECT id FROM inventory WHERE image_id = ?)"
    let stale = try Int64.fetchAll(db, sql: "SELECT DISTINCT link_id FROM claim WHERE \(owned)", arguments: [image])
    try db.execute(sql: "DELETE FROM claim WHERE \(owned)", arguments: [image])
    let drop = try db.makeStatement(
      sql: "DELETE FROM link WHERE id = ? AND NOT EXISTS (SELECT 1 FROM claim WHERE link_id = link.id)")
    for link in stale { try drop.execute(arguments: [link]) }
  }

  /// A release that a package declares is joined with the build that its contents show: that is inferred, not captured.
  private func join(_ release: Int64, to build: Int64, _ signature: Signature, _ application: Application) throws {
    let own = application.kind == "release" && application.version == signature.release
    if own { return }
    let claim = Claim(
      origin: .inferred, confidence: application.confidence, rule: "joined", ruleVersion: 1)
    _ = try links.claim(try links.link(release, build), claim, inventory: inventory, evidence: "{}")
  }

  /// The header of a differencing disk names what it comes from: a link, whether that image was ever seen or not.
  private func storeParent(_ facts: Inventory) throws {
    guard let parent = facts.image.parent else { return }
    let own = try Row.fetchOne(db, sql: "SELECT host, path FROM image WHERE thing_id = ?", arguments: [image])
    guard let host: String = own?["host"], let path: String = own?["path"] else { return }
    let base = URL(fileURLWithPath: path).deletingLastPathComponent()
    let place = URL(fileURLWithPath: parent.name, relativeTo: base).standardizedFileURL.path
    var target = try Int64.fetchOne(
      db, sql: "SELECT thing_id FROM image WHERE host = ? AND path = ?", arguments: [host, place])
    if target == nil, let id = parent.formatID {
      target = try Int64.fetchOne(
        db, sql: "SELECT max(image_id) FROM inventory WHERE format_id = ? AND image_id <> ?", arguments: [id, image])
    }
    let from = try target ?? thing(db, "parent", parent.formatID ?? "\(host):\(place)")
    // A header can be changed by hand, and a path may since hold another disk.
    let claim = Claim(
      origin: .declared, confidence: parent.formatID == nil ? 0.9 : 0.95, rule: "header", ruleVersion: 1)
    let evidence = String(decoding: try encoder.encode(parent), as: UTF8.self)
    _ = try links.claim(try links.link(image, from), claim, inventory: inventory, evidence: evidence)
  }

  /// What the claim rests on: claims of one group stand and fall together.
  private func evidence(_ application: Application, _ claim: Claim) throws -> String {
    let evidence = Evidence(
      group: claim.origin == .declared ? "declaration \(inventory)" : "contents \(inventory)",
      alternatives: application.alternatives, artifacts: application.artifacts, conflicts: application.conflicts,
      volume: application.volume)
    return String(decoding: try encoder.encode(evidence), as: UTF8.self)
  }

  private struct Evidence: Encodable {
    var group: String
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
        INSERT INTO claim_file VALUES (?, ?, ?, CAST(? AS \(Dialect.name)), ?, ?, ?) ON CONFLICT DO NOTHING
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
    var copies = PathCopies()
    var keys: [String: [GuestPath: Int64]] = [:]
    for file in facts.files where wanted.contains(file.path) {
      let folder = try dictionaries.folder(of: file.path, copy: copies.next(file.path))
      keys[file.volume, default: [:]][file.path] = folder
    }
    return keys
  }
}
