import Capture
import Foundation
import Inventory
import Signatures
import TestSupport
import Testing

@Suite struct SourceMatcherTests {
  @Test func `files that are installed as they are get their revision`() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "vmlineage-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let project = try SampleProject(folder)
    let script = try #require(SampleProject.files["scripts/run.sh"])
    // Longer than the shortest text that has a canonical form.
    let lines = (1...20).map { "setting\($0) = \($0)" }
    try project.write("etc/long.conf", lines.joined(separator: "\n") + "\n")
    try project.commit("Eve <eve@example.org>", "2024-01-01T00:00:00Z")
    var artifacts = [
      Artifact(path: "bin/renamed", contents: Data(script.utf8)),
      Artifact(path: "etc/long.conf", contents: Data((lines.joined(separator: "\r\n") + "\r\n").utf8)),
      Artifact(path: "etc/edited.conf", contents: Data("port = 82\n".utf8)),
      Artifact(path: "empty", contents: Data()),
    ]
    try await SourceMatcher.addSources(to: &artifacts, from: folder)
    #expect(artifacts.map { $0.sources.map(\.path) } == [["scripts/run.sh"], ["etc/long.conf"], [], []])
    let source = try #require(artifacts[0].sources.first)
    #expect(source.revision == (try project.git("log", "-1", "--format=%H", "--", "scripts/run.sh")))
    #expect(source.blob == (try project.git("hash-object", "scripts/run.sh")))
    #expect(!source.uncommitted)
    await #expect(throws: Problem.self) {
      var none: [Artifact] = []
      try await SourceMatcher.addSources(to: &none, from: URL(fileURLWithPath: "/proc"))
    }
  }
}
