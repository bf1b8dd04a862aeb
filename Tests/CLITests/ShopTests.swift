import Foundation
import TestSupport
import Testing

@Suite struct ShopTests {
  @Test func `finds both releases of lz4, and nothing else, though nothing was recorded`() async throws {
    let image = try await SharedScan.value.image("shop.vhdx")
    #expect(image.status == "scanned" && image.format == "vhdx")
    #expect(Set(image.applications.map { "\($0.name) \($0.version)" }) == ["lz4 1.9.4", "lz4 1.10.0"])
    #expect(image.applications.count == 2)
    for release in image.applications {
      #expect(release.kind == "release" && release.origin == "inferred")
      #expect(release.claims.allSatisfy { $0.origin == "inferred" })
      #expect(release.alternatives.isEmpty && release.confidence > 0.9)
    }
    #expect(image.operatingSystems.map(\.hostname) == ["shop-07"])
  }

  @Test(arguments: ["1.9.4", "1.10.0"])
  func `recognises each file as much as it is what was built`(_ version: String) async throws {
    let image = try await SharedScan.value.image("shop.vhdx")
    let release = try #require(image.applications.first { $0.version == version })
    let (built, installed) = (try builtFiles(version), try trueFiles("shop.files"))
    #expect(Set(release.files.compactMap(\.artifact)) == Set(built.keys))
    for file in release.files {
      let original = try #require(built[file.artifact ?? ""])
      let isEqual = try #require(installed[file.path]).sha256 == original
      #expect(file.level == (isEqual ? "same-file" : "same-code"), "\(file)")
    }
    let changed = release.files.count { $0.level == "same-code" }
    #expect(release.match == (changed == 0 ? "exact" : "modified"))
    // Only what was stripped differs.
    #expect(changed == (version == "1.10.0" ? 2 : 0))
    #expect(release.artifacts == ["expected": 4, "found": 4, "modified": changed, "missing": 0])
  }

  @Test(arguments: ["1.9.4", "1.10.0"])
  func `names sources and revisions as git does`(_ version: String) async throws {
    let image = try await SharedScan.value.image("shop.vhdx")
    let release = try #require(image.applications.first { $0.version == version })
    #expect(!release.sources.isEmpty)
    for source in release.sources {
      let last = try git("log", "-1", "--format=%H%n%an <%ae>%n%at", "v\(version)", "--", source.path)
        .components(separatedBy: "\n")
      #expect(source.revision == last[0], "\(source.path)")
      #expect(source.author == last[1])
      #expect(source.revised.map { "\(Int($0.timeIntervalSince1970))" } == last[2])
      #expect(source.blob == (try git("rev-parse", "v\(version):\(source.path)")))
      #expect(source.repository == "https://git.shop.example/lz4.git" && !source.uncommitted)
    }
  }

  @Test(arguments: ["1.9.4", "1.10.0"])
  func `names for each file what went into it`(_ version: String) async throws {
    let image = try await SharedScan.value.image("shop.vhdx")
    let release = try #require(image.applications.first { $0.version == version })
    func sources(of artifact: String) -> Set<String> {
      let file = release.files.first { $0.artifact == artifact }
      return Set(
        (file?.sources ?? []).compactMap { release.sources.indices.contains($0) ? release.sources[$0].path : nil })
    }
    #expect(sources(of: "bin/archive-shop") == ["shop/archive-shop"])
    #expect(sources(of: "etc/archive-shop.conf") == ["shop/archive-shop.conf"])
    // Upstream's library is made of lib/*.c; its program also of programs/*.c. What lz4io.c needs, lz4 needs.
    let compiled = try git("ls-tree", "--name-only", "v\(version)", "lib/").split(separator: "\n").map(String.init)
      .filter { ["lib/lz4.c", "lib/lz4hc.c", "lib/lz4frame.c", "lib/xxhash.c"].contains($0) }
    let library = sources(of: "lib/liblz4.so.1.\(version.dropFirst(2))")
    #expect(compiled.count == 4 && library.isSuperset(of: compiled))
    #expect(library.allSatisfy { !$0.hasPrefix("shop/") && !$0.hasSuffix("lz4io.c") })
    #expect(sources(of: "bin/lz4").isSuperset(of: compiled + ["programs/lz4io.c", "programs/lz4cli.c"]))
  }

  /// SHA-256 of what a release shipped, by path below its folder, by sha256sum.
  private func builtFiles(_ version: String) throws -> [String: String] {
    let folder = Program.fixtures.appending(path: "shop/\(version)")
    let sums = try run(["find", ".", "-type", "f", "-exec", "sha256sum", "{}", "+"], in: folder).text
    return Dictionary(
      sums.split(separator: "\n").map { (String($0.dropFirst(68)), String($0.prefix(64))) }, uniquingKeysWith: { $1 })
  }

  private func git(_ arguments: String...) throws -> String {
    let finished = try run(["git", "-C", Program.fixtures.appending(path: "shop/source").path] + arguments)
    guard finished.status == 0 else { throw Unusable(reason: finished.errorText) }
    return finished.text.trimmingCharacters(in: .newlines)
  }
}
