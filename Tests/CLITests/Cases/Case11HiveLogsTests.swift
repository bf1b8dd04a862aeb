import Foundation
import TestSupport
import Testing

/// A disk of a running Windows: the last program is in SOFTWARE.LOG1 only (Fixtures/cases/11-hive-logs).
@Suite struct Case11HiveLogsTests {
  /// The names that regipy lists with the log applied, of the 64-bit view.
  private func recovered() throws -> [String] {
    let text = try String(
      contentsOf: Program.fixtures.appending(path: "cases/11-hive-logs/regipy.truth"), encoding: .utf8)
    let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("with LOG1") })
    return line.matches(of: /'([^']*)'/).map { String($0.1) }
  }

  @Test func `programs that are in the log only are listed`() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "vmlineage-case-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let (finished, document) = try await Program.scan([
      Program.image("cases/11-hive-logs/live.vhd"), "--reader", "direct", "--catalog",
      folder.appending(path: "db").path,
    ])
    let image = try #require(document.images.first)
    #expect(finished.status == 0 && image.status == "scanned")
    let known = try recovered()
    #expect(known.contains("Remote Helper"))
    let found = image.packages("windows").map(\.name)
    #expect(Set(found) == Set(known + ["Contoso Legacy"]) && found.count == known.count + 1)
    #expect(image.names("windows").contains("Remote Helper 6.6.6"))
    #expect(finished.text.contains("registry-log-applied"))
  }
}
