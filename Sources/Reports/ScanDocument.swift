internal import Catalog
internal import Fingerprints
package import Foundation
internal import Inventory
internal import Lineage
internal import Signatures

/// The JSON of `scan`, `vmlineage.scan/1`: Signatures/schemas/vmlineage.scan-1.json says what may stand in it.
///
/// Lists are always there, empty where there is nothing; other keys are left out where there is no value. Strings of a
/// guest are given as they are: JSON escapes what is not printable.
package struct ScanDocument: Encodable, Sendable {
  package static let schema = "vmlineage.scan/1"

  private let schema = ScanDocument.schema
  private let images: [ImageElement]
  private let skipped: SkippedElement

  private enum CodingKeys: CodingKey { case schema, images, skipped }

  /// `files`: whether declared packages come with the files that they list.
  package init(images: [ImageReport], skipped: SkippedReport = SkippedReport(), files: Bool = false) {
    self.images = images.map { ImageElement($0, files: files) }
    self.skipped = SkippedElement(skipped)
  }

  package func data() throws -> Data { try jsonDocument(self) }
}

struct ImageElement: Encodable {
  struct File: Encodable {
    var path: String
    var format: String
    var size: UInt64
  }

  var id: String?
  var host: String
  var path: String
  var files: [File]
  var format: String?
  var virtualSize: UInt64?
  var role: String
  var status: String
  var unchanged: Bool
  var error: ErrorElement?
  var remarks: [RemarkElement]
  var volumes: [VolumeElement]
  var operatingSystems: [SystemElement]
  var applications: [ApplicationElement]
  var counts: CountsElement

  init(_ report: ImageReport, files withFiles: Bool) {
    let (image, inventory) = (report.inventory.image, report.inventory)
    id = report.id
    host = report.host
    path = report.path
    files = image.files.map { File(path: $0.path, format: $0.format, size: $0.size) }
    format = image.format
    virtualSize = image.virtualSize
    role = report.role.rawValue
    status = report.status.rawValue
    unchanged = report.unchanged
    error = report.reason.map { ErrorElement($0) }
    remarks = inventory.remarks.map { RemarkElement($0) }
    volumes = inventory.volumes.map { VolumeElement($0) }
    operatingSystems = inventory.systems.map { SystemElement($0) }
    applications = report.findings.applications.map { ApplicationElement($0, files: withFiles) }
    counts = CountsElement(
      files: inventory.counts.files, read: inventory.counts.read, digested: inventory.counts.digested,
      explained: report.findings.explained, unexplained: report.findings.unexplained,
      unreadable: inventory.counts.unreadable)
  }
}

/// What a search of directories left out.
struct SkippedElement: Encodable {
  struct File: Encodable {
    var path: String
    var pathBytes: Data?
    var reason: String
    var message: String
  }

  var count: Int
  var byReason: [String: Int]
  var files: [File]

  init(_ report: SkippedReport) {
    count = report.count
    byReason = report.counts
    files = report.files.map { file in
      let isText = String(validating: file.path, as: UTF8.self) != nil
      return File(
        path: isText ? String(decoding: file.path, as: UTF8.self) : printable(file.path),
        pathBytes: isText ? nil : Data(file.path), reason: file.reason, message: printable(file.message))
    }
  }
}

struct ErrorElement: Encodable {
  var code: String
  var message: String

  init(_ problem: Problem) {
    code = problem.code
    message = problem.description
  }
}

/// What was seen and not understood, or left out.
struct RemarkElement: Encodable {
  var code: String
  var subject: String
  var message: String

  init(_ remark: Problem) {
    code = remark.code
    subject = remark.subject
    message = printable(remark.reason + (remark.remedy.map { " (\($0))" } ?? ""))
  }
}

struct VolumeElement: Encodable {
  var id: String
  var fileSystem: String
  var reader: String
  var status: String
  var journal: String?
  var error: ErrorElement?

  init(_ volume: Volume) {
    id = volume.id
    fileSystem = volume.fileSystem
    reader = volume.reader
    status = volume.status.rawValue
    journal = volume.journal?.rawValue
    error = volume.problem.map { ErrorElement($0) }
  }
}

struct SystemElement: Encodable {
  var volume: String
  var family: String
  var distribution: String
  var version: String
  var architecture: String?
  var hostname: String?
  var states: [StateElement]

  init(_ system: OperatingSystem) {
    volume = system.volume
    family = system.family
    distribution = system.distribution
    version = system.version
    architecture = system.architecture
    hostname = system.hostname
    states = system.states.map { StateElement($0) }
  }
}

struct StateElement: Encodable {
  var volume: String
  var kind: String
  var version: String?
  var created: String?

  init(_ state: SystemState) {
    volume = state.volume
    kind = state.kind.rawValue
    version = state.version
    created = state.created.map { Date(timeIntervalSince1970: TimeInterval($0)).formatted(.iso8601) }
  }
}

struct CountsElement: Encodable {
  var files: Int
  var read: Int
  var digested: Int
  var explained: Int
  var unexplained: Int
  var unreadable: Int
}
