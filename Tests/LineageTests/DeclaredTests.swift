import Fingerprints
import Foundation
import Inventory
import Lineage
import Signatures
import Testing

/// What an image declares, alone and together with its contents.
struct DeclaredTests {
  private func nginx(_ version: String) -> Signature {
    Signature(
      application: "nginx", release: version,
      artifacts: [artifact("usr/sbin/nginx", "nginx \(version)"), artifact("usr/lib/nginx/mod.so", "mod \(version)")])
  }
  private let paths = ["usr/sbin/nginx", "usr/lib/nginx/mod.so"]

  @Test func `every package is an application with a declared claim`() {
    var world = World()
    world.packages = PackageKind.allCases.map { package("p-\($0)", "1", kind: $0) }
    let found = world.findings.applications
    #expect(found.map(\.kind).sorted() == PackageKind.allCases.map(\.rawValue).sorted())
    #expect(found.allSatisfy { $0.origin == .declared && $0.match == nil && $0.claims.map(\.rule) == ["declared"] })
    #expect(found.allSatisfy { $0.confidence >= 0.5 && $0.confidence < 1 })
  }

  @Test(arguments: ["1.22.1", "1.22.1-9+deb12u1", "1:1.22.1-9", "1.22.1+dfsg-2"])
  func `declared and shown is one application with two claims`(version: String) throws {
    var world = World()
    world.signatures = [nginx("1.22.1")]
    world.packages = [package("Nginx", version, files: paths), package("nginx-common", version, source: "nginx")]
    world.install(world.signatures[0], at: "")
    let found = world.findings.applications
    #expect(found.map(\.name) == ["Nginx", "nginx-common"])
    let joined = try #require(found.first)
    #expect(joined.claims.map(\.origin) == [.declared, .inferred] && joined.origin == .declared)
    #expect(joined.version == version && joined.kind == "deb" && joined.match == .exact && joined.conflicts.isEmpty)
    #expect(joined.artifacts.found == 2 && joined.files.count == 2)
  }

  @Test func `a package of another name joins where it lists the files`() throws {
    var world = World()
    world.signatures = [nginx("1.22.1")]
    world.packages = [package("webserver", "1.22.1-1", files: paths)]
    world.install(world.signatures[0], at: "")
    #expect(world.findings.applications.map(\.name) == ["webserver"])
    #expect(world.findings.applications.first?.claims.count == 2)
  }

  @Test func `what the package declares settles what contents cannot tell apart`() throws {
    var world = World()
    world.signatures = ["1.22.0", "1.22.1"].map { release("nginx", $0, ["a", "b"]) }
    world.packages = [package("nginx", "1.22.0-1")]
    world.install(world.signatures[0], at: "usr")
    let found = world.findings["nginx"]
    #expect(found.map(\.version) == ["1.22.0-1"] && found.first?.alternatives == [])
    #expect(found.first?.claims.count == 2)
  }

  @Test func `one name with two versions is a conflict on both sides`() {
    var world = World()
    world.signatures = [nginx("1.24.0")]
    world.packages = [package("nginx", "1.22.1-9", files: paths)]
    world.install(world.signatures[0], at: "")
    let found = world.findings["nginx"]
    #expect(found.map(\.kind) == ["release", "deb"])
    let words = "deb declares nginx 1.22.1-9, the contents of its files are those of nginx 1.24.0"
    #expect(found.allSatisfy { $0.conflicts == [words] })
  }

  @Test func `files of a package do not show another application that embeds them`() {
    var world = World()
    let libraries = ["usr/lib/libz.so", "usr/lib/libpng.so"]
    world.signatures = [
      Signature(
        application: "embedder", release: "1",
        artifacts: libraries.map { artifact($0, $0) } + [artifact("bin/e", "e"), artifact("bin/f", "f")])
    ]
    for path in libraries { world.add(path, path) }
    #expect(world.findings["embedder"].count == 1)
    world.packages = [package("zlib1g", "1", files: libraries)]
    #expect(world.findings.applications.map(\.name) == ["zlib1g"])
    #expect(world.findings.explained == 2)
  }

  @Test func `what binaries say of themselves does not take them from their release`() throws {
    var world = World()
    let programs = ["shop.exe", "till.exe", "stock.exe"]
    world.signatures = [
      Signature(application: "shop", release: "2.1", artifacts: programs.map { artifact($0, $0) })
    ]
    for name in programs.dropLast() {
      world.add("Program Files/Shop/\(name)", name)
      var described = package("Shop Suite \(name)", "2.1.0.0", kind: .windows)
      described.location = GuestPath("Program Files/Shop/\(name)")
      world.packages.append(described)
    }
    #expect(world.findings["shop"].first?.artifacts.found == 2)
    // Four numbers are the same version.
    world.packages[0].name = "Shop"
    #expect(world.findings["shop"].isEmpty && world.findings["Shop"].first?.claims.count == 2)
  }

  @Test func `files are found through links at the top and on mounted volumes`() throws {
    var world = World()
    world.volumes = [
      Volume(id: "/dev/sda1", fileSystem: "ext4", status: .read, system: "/dev/sda1", mountPoint: ""),
      Volume(id: "/dev/sda2", fileSystem: "ext4", status: .read, system: "/dev/sda1", mountPoint: "srv/data"),
    ]
    world.files = [
      FileRecord(volume: "/dev/sda1", path: "lib", kind: .link, size: 7, target: "usr/lib"),
      record("usr/lib/libc.so", "libc"), record("site/index.html", "html", volume: "/dev/sda2"),
      record("site/own.html", "own", volume: "/dev/sda2"),
    ]
    world.packages = [package("p", "1", files: ["lib/libc.so", "srv/data/site/index.html", "usr/gone"])]
    let found = try #require(world.findings.applications.first)
    #expect(found.artifacts == ArtifactCounts(expected: 3, found: 2, modified: 0, missing: 1))
    #expect(world.findings.explained == 2 && world.findings.unexplained == 1)
  }

  @Test func `a file that its package's digest denies is not explained by it`() {
    var world = World()
    world.add("bin/a", "a")
    world.add("etc/a.conf", "b")
    world.packages = [package("p", "1")]
    world.packages[0].files = [
      PackageFile(path: "bin/a", algorithm: .md5, digest: "another"),
      PackageFile(path: "etc/a.conf", algorithm: .md5, digest: "another", isConfiguration: true),
    ]
    #expect(world.findings.applications.first?.artifacts.modified == 2)
    #expect(world.findings.explained == 1 && world.findings.unexplained == 1)
  }

  @Test func `nothing found in a whole scan is unrecognised, in a partial one it stays partial`() {
    var inventory = Inventory(image: ImageFacts(), status: .scanned)
    #expect(status(of: inventory, Findings()) == .unrecognised)
    inventory.status = .partial
    #expect(status(of: inventory, Findings()) == .partial)
    inventory.status = .scanned
    inventory.systems = [OperatingSystem(family: "linux", distribution: "debian", version: "12", product: "")]
    #expect(status(of: inventory, Findings()) == .scanned)
  }
}
