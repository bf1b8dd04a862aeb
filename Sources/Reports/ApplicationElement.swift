internal import Fingerprints
internal import Foundation
internal import Inventory
internal import Lineage
internal import Signatures

/// One application of the scan document.
struct ApplicationElement: Encodable {
  var name: String
  var version: String
  var kind: String
  var volume: String
  var origin: String
  var match: String?
  var between: [String]
  var confidence: Double
  var alternatives: [String]
  var builds: [String]
  var claims: [ClaimElement]
  var conflicts: [String]
  var artifacts: ArtifactCounts
  var files: [FileElement]
  var sources: [SourceElement]

  init(_ application: Application, files withFiles: Bool) {
    name = application.name
    version = application.version
    kind = application.kind
    volume = application.volume
    origin = application.origin.rawValue
    match = application.match?.rawValue
    between = application.between
    confidence = rounded(application.confidence)
    alternatives = application.alternatives
    builds = application.builds.map(\.description)
    claims = application.claims.map {
      ClaimElement(
        origin: $0.origin.rawValue, confidence: rounded($0.confidence), rule: $0.rule, ruleVersion: $0.ruleVersion)
    }
    conflicts = application.conflicts
    artifacts = application.artifacts
    files = application.files.map { FileElement($0) }
    // A file that contents show is listed once, with what they show.
    let shown = Set(application.files.map(\.path))
    for file in withFiles ? application.package?.files ?? [] : [] where !shown.contains(file.path) {
      files.append(FileElement(file.path))
    }
    sources = application.sources.map { SourceElement($0) }
  }
}

struct ClaimElement: Encodable {
  var origin: String
  var confidence: Double
  var rule: String
  var ruleVersion: Int
}

struct FileElement: Encodable {
  var path: String
  /// Base64, where the path is not UTF-8.
  var pathBytes: Data?
  var artifact: String?
  var level: String
  var weight: Double
  var changedKeys: [String]
  var sources: [Int]

  init(_ evidence: FileEvidence) {
    self.init(evidence.path)
    artifact = evidence.artifact
    level = evidence.level.rawValue
    weight = rounded(evidence.weight)
    changedKeys = evidence.changedKeys
    sources = evidence.sources
  }

  /// A file that a package lists.
  init(_ guest: GuestPath) {
    path = guest.utf8 ?? guest.description
    pathBytes = guest.utf8 == nil ? Data(guest.bytes) : nil
    level = MatchLevel.declared.rawValue
    weight = 0
    changedKeys = []
    sources = []
  }
}

struct SourceElement: Encodable {
  var path: String
  var repository: String
  var revision: String?
  var blob: String
  var author: String?
  var created: Date?
  var revised: Date?
  var revisions: Int?
  var uncommitted: Bool

  init(_ source: SourceRevision) {
    path = source.path
    repository = source.repository
    revision = source.revision
    blob = source.blob
    author = source.author
    created = source.created
    revised = source.revised
    revisions = source.revisions
    uncommitted = source.uncommitted
  }
}

/// Four places: more would claim to know more than the formula does.
private func rounded(_ number: Double) -> Double { (number * 10_000).rounded() / 10_000 }
