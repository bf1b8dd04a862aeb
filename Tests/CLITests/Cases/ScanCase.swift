import Foundation
import TestSupport
import Testing

/// Scans the image of a case (Fixtures/cases), where nothing else is said without an appliance, into a catalog of its own.
func scanCase(
  _ image: String, _ options: [String] = [], reader: String = "direct"
) async throws -> ScanResult.Image {
  let folder = FileManager.default.temporaryDirectory.appending(path: "vmlineage-test-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  let catalog = folder.appending(path: "catalog.db").path
  let (finished, document) = try await Program.scan(
    [Program.image("cases/\(image)"), "--reader", reader, "--catalog", catalog] + options)
  return try #require(document.images.first, "\(finished.errorText)")
}

/// The lines of a file of truth of a case.
func caseTruth(_ name: String) throws -> [String] { try truth("cases/\(name)").map { $0.joined(separator: "\t") } }

/// `name version` as a scan has them of what `rpm -qa` prints: `name-version-release.architecture`.
func packages(ofRPM lines: [String]) -> [String] {
  lines.map { line in
    let parts = line[..<(line.lastIndex(of: ".") ?? line.endIndex)].split(separator: "-")
    return parts.dropLast(2).joined(separator: "-") + " " + parts.suffix(2).joined(separator: "-")
  }.sorted()
}
