import Foundation

/// `vmlineage.scan/1` as a script reads it: written from the published contract, not from the program's own types.
struct ScanResult: Decodable, Sendable {
  var schema: String
  var images: [Image]
  var skipped: Skipped

  struct Skipped: Decodable, Sendable {
    struct File: Decodable, Sendable {
      var path: String
      var reason: String
      var message: String
    }

    var count: Int
    var byReason: [String: Int]
    var files: [File]
  }

  struct Image: Decodable, Sendable {
    var id: String?
    var path: String
    var format: String?
    var virtualSize: UInt64?
    var status: String
    var unchanged: Bool
    var error: Trouble?
    var remarks: [Remark]
    var volumes: [Volume]
    var operatingSystems: [System]
    var applications: [Application]
    var counts: [String: Int]

    var name: String { URL(fileURLWithPath: path).lastPathComponent }

    func packages(_ kind: String, on volume: String? = nil) -> [Application] {
      applications.filter { $0.kind == kind && (volume == nil || $0.volume == volume) }
    }

    /// `name version` of each package, sorted.
    func names(_ kind: String, on volume: String? = nil) -> [String] {
      packages(kind, on: volume).map { "\($0.name) \($0.version)" }.sorted()
    }
  }

  struct Trouble: Decodable, Sendable {
    var code: String
    var message: String
  }

  struct Remark: Decodable, Equatable, Sendable {
    var code: String
    var subject: String
    var message: String
  }

  struct Volume: Decodable, Sendable {
    var id: String
    var fileSystem: String
    var reader: String
    var status: String
    var journal: String?
    var error: Trouble?
  }

  struct System: Decodable, Equatable, Sendable {
    var volume: String
    var family: String
    var distribution: String
    var version: String
    var architecture: String?
    var hostname: String?
    var states: [State]
  }

  struct State: Decodable, Equatable, Sendable {
    var volume: String
    var kind: String
    var version: String?
    var created: Date?
  }

  struct Application: Decodable, Equatable, Sendable {
    var name: String
    var version: String
    var kind: String
    var volume: String
    var origin: String
    var match: String?
    var confidence: Double
    var alternatives: [String]
    var claims: [Claim]
    var artifacts: [String: Int]
    var files: [File]
    var sources: [Source]
  }

  struct Claim: Decodable, Equatable, Sendable {
    var origin: String
    var rule: String
  }

  struct File: Decodable, Equatable, Sendable {
    var path: String
    var pathBytes: Data?
    var artifact: String?
    var level: String
    var sources: [Int]
  }

  struct Source: Decodable, Equatable, Sendable {
    var path: String
    var repository: String
    var revision: String?
    var blob: String
    var author: String?
    var revised: Date?
    var uncommitted: Bool
  }
}
