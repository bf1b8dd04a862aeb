import Catalog
import Foundation
import Inventory
import Lineage
import Signatures
import TestSupport
import Testing

struct ClaimsTests {
  /// All that an image comes from, by following links.
  private let lineage = """
    WITH RECURSIVE reached (id) AS (
      SELECT thing_id FROM image UNION SELECT s.to_id FROM reached r JOIN (
        SELECT from_id, to_id FROM link UNION ALL SELECT release_id, thing_id FROM build
        UNION ALL SELECT build_id, thing_id FROM artifact) s ON s.from_id = r.id)
    SELECT t.kind FROM reached r JOIN thing t ON t.id = r.id ORDER BY t.kind
    """

  @Test func `links lead from an image to the revisions it came from, and claims can be made anew`() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "c.db").path
      let catalog = try Catalog(path: path)
      let inventory = Shop.inventory("/a")
      let image = try catalog.imageID(host: "h", file: inventory.image.files[0])
      let findings = infer(inventory, Shop.matches)
      try catalog.store(inventory, findings, builds: Shop.matches.builds, image: image)
      let all = "artifact\nbuild\nimage\nrelease\nrelease\nrevision"
      #expect(try sqlite(path, lineage) == all)
      let revision =
        "SELECT s.path, r.revision_commit, r.author, r.revised FROM revision r "
        + "JOIN source s ON s.thing_id = r.source_id"
      #expect(try sqlite(path, revision) == "src/cart.c|c0ffee|Ann <a@x>|1769860800000")
      let evidence =
        "SELECT path, level FROM sighting_file JOIN v_files USING (inventory_id, folder_id, name)"
      #expect(try sqlite(path, evidence) == "usr/bin/shop|same-file")

      // Without the signature only what is declared is left of the image; what the build said stays.
      try catalog.replaceClaims(infer(inventory, .init()), of: inventory, builds: [:], image: image, role: .deployed)
      #expect(try sqlite(path, lineage) == "image\nrelease")
      #expect(
        try sqlite(path, "SELECT count(*), min(origin) FROM link WHERE from_id IN (SELECT thing_id FROM artifact)")
          == "1|1")
      try catalog.replaceClaims(findings, of: inventory, builds: Shop.matches.builds, image: image)
      #expect(try sqlite(path, lineage) == all)
      #expect(try sqlite(path, "SELECT count(*) FROM claim WHERE origin > 1") == "2")
      #expect(try catalog.storedScan(host: "h", path: "/a")?.role == .deployed)
      #expect(try sqlite(path, "PRAGMA foreign_key_check") == "")
    }
  }

  @Test func `an application that is declared and shown is one link with two claims`() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "c.db").path
      let catalog = try Catalog(path: path)
      var inventory = Shop.inventory("/a")
      inventory.packages[0].name = "shop"
      inventory.packages[0].version = "2.1-1"
      let image = try catalog.imageID(host: "h", file: inventory.image.files[0])
      try catalog.store(inventory, infer(inventory, Shop.matches), builds: Shop.matches.builds, image: image)
      let claims =
        "SELECT c.origin FROM link l JOIN claim c ON c.link_id = l.id JOIN image i ON i.thing_id = l.from_id "
        + "ORDER BY c.origin"
      #expect(try sqlite(path, claims) == "2\n3")
      #expect(try sqlite(path, lineage).hasSuffix("revision"))
    }
  }

  @Test func `a refused disk is stored with a link to the parent that it names`() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "c.db").path
      let catalog = try Catalog(path: path)
      func store(_ place: String, parent: ParentReference?, inode: UInt64) throws {
        var facts = Shop.inventory(place).image
        facts.files[0].inode = inode
        facts.parent = parent
        let problem = Problem(code: "differencing", operation: "open", subject: place, reason: "needs its parent")
        let image = try catalog.imageID(host: "h", file: facts.files[0])
        let refused = Inventory(image: facts, status: .failed, problem: problem)
        try catalog.store(refused, Findings(), builds: [:], image: image)
        #expect(try catalog.storedScan(host: "h", path: place)?.inventory == refused)
      }
      try store("/images/unseen.vhd", parent: ParentReference(name: "gone.vhd", formatID: "11"), inode: 1)
      try store("/images/base.vhd", parent: nil, inode: 2)
      try store("/images/child.vhd", parent: ParentReference(name: "base.vhd"), inode: 3)
      let links = """
        SELECT f.path, t.kind, coalesce(p.path, t.key) FROM link l JOIN image f ON f.thing_id = l.from_id
        JOIN thing t ON t.id = l.to_id LEFT JOIN image p ON p.thing_id = l.to_id ORDER BY f.path
        """
      #expect(
        try sqlite(path, links) == "/images/child.vhd|image|/images/base.vhd\n/images/unseen.vhd|parent|11")
    }
  }
}
