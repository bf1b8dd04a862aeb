import Capture
import Foundation
import Inventory
import Signatures
import TestSupport
import Testing

@Suite struct BuildCaptureTests {
  private func capture(_ project: SampleProject, _ script: String) async throws -> BuildCapture.Outcome {
    try await BuildCapture(
      application: "shop", release: "1", artifacts: project.folder.appending(path: "out"), sources: [project.folder],
      command: ["env", "-C", project.folder.path, "sh", "-c", script]
    ).run()
  }

  /// A signature of the project's build, its warnings, and the sources of each artifact.
  private func built(
    _ project: SampleProject, _ script: String = "make -s -j2 install"
  ) async throws -> (signature: Signature, warnings: [String], sources: [String: Set<String>]) {
    guard case .captured(let signature, let warnings) = try await capture(project, script) else {
      throw Problem(code: "failed", operation: "build", subject: "sample", reason: "the build failed")
    }
    let sources = signature.artifacts.map { ($0.path, Set($0.sources.map(\.path))) }
    return (signature, warnings, Dictionary(uniqueKeysWithValues: sources))
  }

  private func withProject(_ body: (SampleProject) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "vmlineage test \(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try await body(SampleProject(folder))
  }

  /// gcc's own dependency files are the truth; the generated header stands for the generator and what it read.
  @Test func `finds the sources that the compiler names, and no others`() async throws {
    try await withProject { project in
      let (signature, warnings, sources) = try await built(project)
      let library = try project.dependencies("common", from: "lib").union(project.dependencies("more", from: "lib"))
      let generated: Set = ["tools/gen.sh", "data/table.in"]
      var alpha = try project.dependencies("alpha").union(project.dependencies("spaced")).union(library)
      #expect(alpha.remove("build/table.h") != nil)
      alpha.formUnion(generated)
      let beta = try project.dependencies("beta").union(library).union(["src/beta.map"])
      #expect(alpha.isSuperset(of: ["src/alpha.c", "src/with space.c", "include/common.h", "lib/common.c"]))
      #expect(
        sources == [
          "bin/alpha": alpha, "bin/alias": alpha, "bin/alpha-stripped": alpha, "bin/beta": beta,
          "bin/run.sh": ["scripts/run.sh"], "etc/app.conf": ["etc/app.conf"], "etc/other.conf": ["etc/other.conf"],
          "share/new\nline.txt": ["share/new\nline.txt"], "share/plain.txt": ["share/plain.txt"],
        ])
      #expect(warnings.isEmpty, "\(warnings)")
      #expect(try signature.differences().isEmpty)
      let compiler = try run(["cc", "--version"]).text.split(separator: "\n").first.map(String.init)
      #expect(signature.environment?.compiler == compiler)
    }
  }

  /// git is the truth for revisions.
  @Test func `gives each source the revision that git gives it`() async throws {
    try await withProject { project in
      let all = try await built(project).signature.artifacts.flatMap(\.sources)
      #expect(Set(all.map(\.path)) == SampleProject.sources)
      for source in Set(all) {
        let last = try project.git("log", "-1", "--format=%H %ct|%an <%ae>", "--", source.path).split(separator: "|")
        let count = try project.git("rev-list", "--count", "HEAD", "--", source.path)
        let first = try project.git("log", "--format=%ct", "--reverse", "--", source.path).prefix { $0 != "\n" }
        let blob = try project.git("hash-object", "--", source.path)
        #expect(source.repository == "https://example.org/shop.git")
        #expect(source.blob == blob)
        #expect(source.author == last.last.map(String.init))
        #expect(source.revisions.map { "\($0 + 1)" } == count)
        let revised = try #require(source.revised)
        let created = try #require(source.created)
        #expect("\(source.revision ?? "") \(Int(revised.timeIntervalSince1970))" == last[0])
        #expect("\(Int(created.timeIntervalSince1970))" == first)
        #expect(!source.uncommitted)
      }
    }
  }

  @Test func `a source with changes that no commit holds is marked`() async throws {
    try await withProject { project in
      try project.write("src/beta.c", (SampleProject.files["src/beta.c"] ?? "") + "/* not committed */\n")
      try project.write("include/common.h", "#include \"new.h\"\n" + (SampleProject.files["include/common.h"] ?? ""))
      try project.write("include/new.h", "/* not added */\n")
      let (signature, warnings, _) = try await built(project)
      let sources = Set(signature.artifacts.flatMap(\.sources))
      let uncommitted = sources.filter(\.uncommitted)
      #expect(Set(uncommitted.map(\.path)) == ["src/beta.c", "include/common.h", "include/new.h"])
      for source in uncommitted { #expect(source.blob == (try project.git("hash-object", "--", source.path))) }
      #expect(uncommitted.first { $0.path == "include/new.h" }?.revision == nil)
      #expect(warnings.count == 3)
    }
  }

  @Test func `a failing build has its status and no signature`() async throws {
    try await withProject { project in
      guard case .failed(let status) = try await capture(project, "make -s install && exit 7") else {
        Issue.record("a signature was made of a failed build")
        return
      }
      #expect(status == 7)
      guard case .failed(let killed) = try await capture(project, "kill -TERM $$") else {
        Issue.record("a signature was made of a killed build")
        return
      }
      #expect(killed == 128 + 15)
    }
  }

  @Test func `what an earlier build left is no artifact and no source`() async throws {
    try await withProject { project in
      try project.write("out/bin/old", "left by an earlier build")
      try #require(try run(["make", "-s", "build/libcommon.a"], in: project.folder).status == 0)
      let (_, warnings, sources) = try await built(project)
      #expect(sources["bin/old"] == nil)
      #expect(sources["bin/beta"] == ["src/beta.c", "src/beta.map", "include/common.h"])
      #expect(warnings.contains { $0.hasPrefix("1 files in") })
      #expect(warnings.contains { $0.hasPrefix("build/libcommon.a is ignored by git") })
    }
  }

  @Test func `a build that makes nothing is an error`() async throws {
    try await withProject { project in
      try project.write("out/bin/old", "left by an earlier build")
      await #expect(throws: Problem.self) { try await capture(project, "true") }
    }
  }

  /// `git log` for the one file is the truth where branches were merged.
  @Test func `merged branches`() async throws {
    try await withProject { project in
      try project.git("checkout", "-q", "-b", "side", "HEAD~1")
      try project.write("etc/app.conf", "port = 8080\n")
      try project.commit("Cid <cid@example.org>", "2023-01-01T00:00:00Z")
      try project.git("checkout", "-q", "-")
      try project.write("etc/other.conf", "port = 8181\n")
      try project.commit("Dan <dan@example.org>", "2023-01-02T00:00:00Z")
      try project.git("-c", "user.name=m", "-c", "user.email=m@m", "merge", "-q", "--no-edit", "side")
      let sources = Set(try await built(project).signature.artifacts.flatMap(\.sources))
      for source in sources {
        let last = try project.git("log", "-1", "--format=%H", "--", source.path)
        let count = try project.git("rev-list", "--count", "HEAD", "--", source.path)
        #expect(source.revision == last)
        #expect(source.revisions.map { "\($0 + 1)" } == count)
      }
      #expect(sources.first { $0.path == "etc/app.conf" }?.author == "Cid <cid@example.org>")
    }
  }

  @Test func `a source folder outside of git`() async throws {
    try await withProject { project in
      try FileManager.default.removeItem(at: project.folder.appending(path: ".git"))
      let sources = Set(try await built(project).signature.artifacts.flatMap(\.sources))
      #expect(Set(sources.map(\.path)) == SampleProject.sources)
      #expect(sources.allSatisfy { $0.revision == nil && $0.repository == project.folder.lastPathComponent })
    }
  }
}
