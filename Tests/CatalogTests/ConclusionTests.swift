import Fingerprints
import Foundation
import Inventory
import Lineage
import Signatures
import TestSupport
import Testing

@testable import Catalog

struct ConclusionTests {
  private let basis = Digest(of: Data("these signatures".utf8))

  private func with(_ body: (Catalog, Inventory, Findings, String) throws -> Void) throws {
    try withTemporaryFolder { folder in
      let catalog = try Catalog(path: folder.appending(path: "catalog.db").path)
      let inventory = Shop.inventory("/images/a")
      let image = try catalog.imageID(host: "h", file: inventory.image.files[0])
      let findings = infer(inventory, Shop.matches)
      #expect(!findings.applications.isEmpty)
      try catalog.store(inventory, findings, builds: Shop.matches.builds, image: image, basis: basis)
      try body(catalog, inventory, findings, image)
    }
  }

  private func bare(_ findings: Findings) -> [Application] {
    findings.applications.map { application in
      var application = application
      application.package?.files = []
      return application
    }
  }

  @Test func `what was concluded is told again on the same basis and on no other`() throws {
    try with { catalog, inventory, findings, image in
      let known = try #require(try catalog.storedConclusion(host: "h", path: "/images/a", basis: basis))
      let told = try #require(known.findings)
      #expect(told.applications == bare(findings))
      #expect((told.explained, told.unexplained) == (findings.explained, findings.unexplained))
      #expect(known.scan.id == image && known.scan.inventory.files.isEmpty && known.scan.inventory.packages.isEmpty)
      #expect(known.scan.inventory.systems == inventory.systems && known.scan.inventory.counts == inventory.counts)
      #expect(known.scan.isUnchanged(inventory.image.files))

      let other = Digest(of: Data("others".utf8))
      #expect(try catalog.storedConclusion(host: "h", path: "/images/a", basis: other)?.findings == nil)
      #expect(try catalog.storedConclusion(host: "h", path: "/images/b", basis: basis) == nil)
    }
  }

  @Test func `new claims and new scans take the place of what was concluded`() throws {
    try with { catalog, inventory, _, image in
      let other = Digest(of: Data("others".utf8))
      try catalog.replaceClaims(Findings(), of: inventory, builds: [:], image: image, basis: other)
      #expect(try catalog.storedConclusion(host: "h", path: "/images/a", basis: basis)?.findings == nil)
      #expect(try catalog.storedConclusion(host: "h", path: "/images/a", basis: other)?.findings?.applications == [])
      try catalog.store(inventory, Findings(explained: 7), builds: [:], image: image, basis: basis)
      #expect(try catalog.storedConclusion(host: "h", path: "/images/a", basis: basis)?.findings?.explained == 7)
      try catalog.rebuild()
      #expect(try catalog.storedConclusion(host: "h", path: "/images/a", basis: basis)?.findings == nil)
    }
  }

  @Test func `how much was looked at is remembered`() throws {
    try with { catalog, inventory, _, image in
      #expect(try catalog.storedScan(host: "h", path: "/images/a")?.inventory.extent == .whole)
      var declared = inventory
      declared.extent = .declared
      declared.files = []
      try catalog.store(declared, Findings(), builds: [:], image: image)
      #expect(try catalog.storedScan(host: "h", path: "/images/a")?.inventory.extent == .declared)
    }
  }
}
