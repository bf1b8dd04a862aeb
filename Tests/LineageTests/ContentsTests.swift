import Fingerprints
import Foundation
import Inventory
import Lineage
import Signatures
import Testing

/// What the contents alone show.
struct ContentsTests {
  @Test func `a release of one binary is found by that binary`() throws {
    var world = World()
    world.signatures = [release("shop", "2.1", ["shop 2.1"])]
    world.add("usr/local/bin/shop-renamed", "shop 2.1")
    let shop = try #require(world.findings["shop"].first)
    #expect(shop.version == "2.1" && shop.match == .exact && shop.origin == .inferred && shop.kind == "release")
    #expect(shop.artifacts == ArtifactCounts(expected: 1, found: 1))
    #expect(shop.confidence > 0.9 && shop.confidence < 1)
    #expect(shop.claims.map(\.rule) == ["exact"])
    #expect(world.findings.explained == 1 && world.findings.unexplained == 0)
  }

  @Test func `the same binary is found in an index that holds nothing else`() {
    var world = World()
    world.strangers = 0
    world.signatures = [release("shop", "2.1", ["shop 2.1"])]
    world.add("opt/shop", "shop 2.1")
    #expect(world.findings["shop"].count == 1)
  }

  @Test func `a library that a product embeds does not make the library's own release appear`() {
    var world = World()
    let product = Signature(
      application: "product", release: "1", artifacts: [artifact("bin/p", "p"), artifact("lib/libz.so", "libz")])
    let library = Signature(
      application: "zlib", release: "1.3",
      artifacts: [artifact("lib/libz.so", "libz"), artifact("include/zlib.h", "zlib.h")])
    world.signatures = [product, library]
    world.install(product, at: "opt/product")
    #expect(world.findings.applications.map(\.name) == ["product"])
    // The product is one that no signature knows.
    world.signatures = [library]
    #expect(world.findings.applications.isEmpty)
  }

  @Test func `one program of several shows a release, one library of several does not`() throws {
    var world = World()
    let artifacts = [artifact("bin/a", "a"), artifact("bin/b", "b"), artifact("lib/c.so.1", "c")]
    world.signatures = [Signature(application: "tools", release: "1", artifacts: artifacts)]
    world.add("home/me/a", "a")
    let tools = try #require(world.findings["tools"].first)
    // A third of it: a greedy cover was measured to be right in seven of eight such cases.
    #expect(tools.match == .modified && tools.artifacts.missing == 2 && tools.confidence < 0.9)
    world.files = [record("opt/other/lib/c.so.1", "c")]
    #expect(world.findings.applications.isEmpty)
  }

  @Test(arguments: ["empty", "tiny script", "licence"])
  func `what many share does not make an application appear`(content: String) {
    var world = World()
    let path = content == "licence" ? "share/doc/shop/LICENSE" : "bin/shop"
    world.signatures = [Signature(application: "shop", release: "1", artifacts: [artifact(path, content)])]
    for number in 0..<20 { world.add("usr/share/\(number)/\(content)", content) }
    #expect(world.findings.applications.isEmpty)
    #expect(world.findings.unexplained == 20)
  }

  @Test func `two releases side by side are both found whole though they share most files`() {
    var world = World()
    let shared = (0..<8).map { "shared \($0)" }
    let (old, new) = (release("shop", "1.9", ["main 1.9"] + shared), release("shop", "1.10", ["main 1.10"] + shared))
    world.signatures = [old, new]
    world.install(old, at: "opt/old")
    world.install(new, at: "srv/new")
    let found = world.findings["shop"]
    #expect(found.map(\.version).sorted() == ["1.10", "1.9"])
    #expect(found.allSatisfy { $0.match == .exact && $0.artifacts.found == 9 && $0.alternatives.isEmpty })
    for (version, folder) in [("1.9", "opt/old/"), ("1.10", "srv/new/")] {
      let files = found.first { $0.version == version }?.files.map(\.path.lossy) ?? []
      #expect(files.allSatisfy { $0.hasPrefix(folder) })
    }
  }

  @Test func `releases with the same files are alternatives and the newest is named`() throws {
    var world = World()
    world.signatures = ["1.9", "1.10", "1.10~rc1"].map { release("shop", $0, ["a", "b", "c"]) }
    world.install(world.signatures[0], at: "opt/shop")
    let shop = try #require(world.findings["shop"].first)
    #expect(world.findings["shop"].count == 1)
    #expect(shop.version == "1.10" && shop.alternatives == ["1.10~rc1", "1.9"])
    #expect(shop.builds == [id(world.signatures[1])])
  }

  @Test func `two builds of a release that ship the same are both listed`() throws {
    var world = World()
    let one = release("shop", "1", ["a", "b"])
    var two = one
    two.build = Digest(of: Data("another builder".utf8))
    world.signatures = [one, two]
    world.install(one, at: "opt/shop")
    let shop = try #require(world.findings["shop"].first)
    #expect(Set(shop.builds) == [id(one), id(two)] && shop.alternatives.isEmpty)
  }

  @Test func `a file that only another release has tells them apart`() throws {
    var world = World()
    let base = (0..<30).map { "base \($0)" }
    let (small, large) = (release("shop", "1", base), release("shop", "2", base + ["new in 2"]))
    world.signatures = [small, large]
    world.install(large, at: "opt/shop")
    var shop = try #require(world.findings["shop"].first)
    #expect(shop.version == "2" && shop.alternatives.isEmpty)
    // Where 30 of 30 are there, one that is absent was never there: (0+1)/(31+2) is less than one in twenty.
    world.files.removeAll { $0.path == "opt/shop/lib/shop-30.so" }
    shop = try #require(world.findings["shop"].first)
    #expect(shop.version == "1" && shop.alternatives.isEmpty)
  }

  @Test func `absent files lower the confidence, absent manuals do not`() throws {
    var world = World()
    var signature = release("shop", "1", (0..<10).map { "file \($0)" })
    signature.artifacts.append(artifact("share/man/man1/shop.1", "manual"))
    world.signatures = [signature]
    world.install(signature, at: "usr")
    let whole = try #require(world.findings["shop"].first)
    world.files.removeAll { $0.path.name == "shop.1" }
    let slim = try #require(world.findings["shop"].first)
    #expect(slim.match == .exact && slim.artifacts.missing == 1)
    world.files.removeLast(4)
    let rest = try #require(world.findings["shop"].first)
    #expect(rest.match == .modified && rest.artifacts.missing == 5)
    #expect(whole.confidence == slim.confidence && rest.confidence < slim.confidence)
    #expect(rest.conflicts == ["4 of 10 files that it needs are not there as it has them"])
    // Of ten files two are no release: below 30 % a greedy cover errs too often.
    world.files.removeLast(4)
    #expect(world.findings.applications.isEmpty)
  }

  @Test func `files of another release among those of one are told with it`() throws {
    var world = World()
    let contents = (0..<10).map { "file \($0)" }
    let (old, new) = (release("shop", "1.0", contents), release("shop", "1.1", contents.dropLast() + ["file 9 anew"]))
    world.signatures = [old, new]
    world.install(old, at: "opt/shop")
    world.add("opt/shop/lib/shop-9.so.new", "file 9 anew")
    // A copy of a file that both have speaks for neither.
    world.add("opt/shop/lib/shop-5.so.old", "file 5")
    let shop = try #require(world.findings["shop"].first)
    #expect(world.findings["shop"].map(\.version) == ["1.0"])
    #expect(shop.match == .exact && shop.conflicts == ["1 more of its files is of release 1.1"])
  }

  @Test func `a changed file at its place is modified, not missing`() throws {
    var world = World()
    let signature = release("shop", "1", (0..<5).map { "file \($0)" })
    world.signatures = [signature]
    world.install(signature, at: "opt/shop")
    world.files.removeAll { $0.path == "opt/shop/lib/shop-3.so" }
    world.add("opt/shop/lib/shop-3.so", "patched")
    let shop = try #require(world.findings["shop"].first)
    #expect(shop.artifacts == ArtifactCounts(expected: 5, found: 4, modified: 1, missing: 0))
  }

  @Test func `one release in two volumes is two applications`() {
    var world = World()
    let signature = release("shop", "1", ["a", "b"])
    world.signatures = [signature]
    world.install(signature, at: "opt/shop", volume: "/dev/sda1")
    world.install(signature, at: "opt/shop", volume: "/dev/sda2")
    #expect(world.findings["shop"].map(\.volume) == ["/dev/sda1", "/dev/sda2"])
    #expect(world.findings["shop"].allSatisfy { $0.artifacts.found == 2 })
  }

  @Test func `a release spread over two volumes is one application`() throws {
    var world = World()
    let signature = release("shop", "1", ["a", "b", "c"])
    world.signatures = [signature]
    world.add("bin/shop", "a", volume: "/dev/sda1")
    world.add("lib/shop-1.so", "b", volume: "/dev/sda1")
    world.add("shop-2.so", "c", volume: "/dev/sda2")
    #expect(world.findings["shop"].count == 1)
    #expect(world.findings["shop"].first?.artifacts.found == 3)
  }

  @Test func `hard links are one file and count once`() throws {
    var world = World()
    world.signatures = [release("shop", "1", ["a"])]
    world.add("bin/shop", "a")
    let alone = try #require(world.findings["shop"].first)
    world.add("sbin/shop", "a")
    for position in 0..<2 {
      world.files[position].inode = 7
      world.files[position].links = 2
    }
    let linked = try #require(world.findings["shop"].first)
    #expect(linked.confidence == alone.confidence && linked.files.count == 1)
    #expect(world.findings.explained == 1 && world.findings.unexplained == 0)
  }

  @Test func `sources of what was found come with it, each once`() throws {
    var world = World()
    let main = SourceRevision(path: "main.c", repository: "r", revision: "c1", blob: "b1")
    let common = SourceRevision(path: "common.h", repository: "r", revision: "c2", blob: "b2")
    let lost = SourceRevision(path: "lost.c", repository: "r", revision: "c3", blob: "b3")
    let artifacts = [
      artifact("bin/a", "a", sources: [main, common]), artifact("bin/b", "b", sources: [common]),
      artifact("bin/c", "c", sources: [lost]),
    ]
    world.signatures = [Signature(application: "shop", release: "1", artifacts: artifacts)]
    world.add("bin/a", "a")
    world.add("bin/b", "b")
    let shop = try #require(world.findings["shop"].first)
    #expect(shop.sources == [main, common])
    #expect(shop.files.map(\.sources) == [[0, 1], [1]])
  }

  @Test func `hits that name nothing are passed over`() {
    var world = World()
    world.signatures = [release("shop", "1", ["a"])]
    world.add("bin/shop", "a")
    var matches = world.matches
    let build = id(world.signatures[0])
    matches.hits = [
      MatchHit(file: -1, build: build, artifact: 0, mark: nil), MatchHit(file: 9, build: build, artifact: 0, mark: nil),
      MatchHit(file: 0, build: build, artifact: .max, mark: nil),
      MatchHit(file: 0, build: Digest(of: Data()), artifact: 0, mark: nil),
    ]
    #expect(infer(world.inventory, matches).applications.isEmpty)
  }
}
