import Fingerprints
import Inventory
import Lineage
import Signatures
import Testing

// What a program's note says is the word of whoever built the package, not of another application.
struct NoteTests {
  private func applications(_ packages: [Package]) -> [Application] {
    let inventory = Inventory(image: ImageFacts(), status: .scanned, packages: packages)
    return infer(inventory, MatchSet()).applications
  }

  @Test func `a note of a package that the database has is a claim for it`() throws {
    let found = applications([
      Package(kind: .deb, name: "libsystemd0", version: "252.1-1", sourceName: "systemd", location: "status"),
      Package(kind: .deb, name: "systemd", version: "252.1-1", location: "status"),
      Package(kind: .note, name: "systemd", version: "252.1-1", location: "usr/lib/systemd/systemd"),
    ])
    #expect(found.map(\.kind) == ["deb", "deb"])
    #expect(found.first { $0.name == "systemd" }?.claims.count == 2)
    #expect(found.first { $0.name == "libsystemd0" }?.claims.count == 1)
  }

  @Test func `a note of another version stands for itself`() {
    let found = applications([
      Package(kind: .deb, name: "systemd", version: "252.1-1", location: "status"),
      Package(kind: .note, name: "systemd", version: "254.1-1", location: "opt/systemd"),
    ])
    #expect(found.map(\.kind) == ["deb", "note"])
  }
}
