import Catalog
import Fingerprints
import Foundation
import Inventory
import Lineage
import Signatures
import TestSupport
import Testing

struct StoreTests {
  private func with(_ body: (Catalog, String) throws -> Void) throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "sub/catalog.db").path
      try body(try Catalog(path: path), path)
    }
  }

  @Test(arguments: 1...12 as ClosedRange<UInt64>)
  func `an inventory comes back as it was stored`(seed: UInt64) throws {
    try with { catalog, path in
      var samples = Samples(seed: seed)
      let inventory = samples.inventory()
      let image = try catalog.imageID(host: "h", file: inventory.image.files[0])
      let now = Date(timeIntervalSince1970: 1_769_860_800.125)
      try catalog.store(inventory, Findings(), builds: [:], image: image, role: .golden, at: now)
      let stored = try #require(try catalog.storedScan(host: "h", path: "/images/a.qcow2"))
      #expect(stored.inventory == inventory)
      #expect(stored.id == image && stored.role == .golden && stored.received == now)
      #expect(try catalog.storedScan(host: "h", path: "/other") == nil)
      #expect(try sqlite(path, "PRAGMA integrity_check; PRAGMA foreign_key_check") == "ok")
    }
  }

  @Test func `what images share is stored once`() throws {
    try with { catalog, path in
      var samples = Samples(seed: 1)
      let inventory = samples.inventory(files: 300)
      let dictionaries =
        "SELECT (SELECT count(*) FROM folder), (SELECT count(*) FROM file), (SELECT count(*) FROM content), "
        + "(SELECT count(*) FROM fingerprint), (SELECT count(*) FROM package), (SELECT count(*) FROM package_file)"
      var sizes: [String] = []
      for number in 0..<2 {
        var clone = inventory
        clone.image.files[0] = samples.imageFile("/images/\(number)")
        let image = try catalog.imageID(host: "h", file: clone.image.files[0])
        try catalog.store(clone, Findings(), builds: [:], image: image)
        sizes.append(try sqlite(path, dictionaries))
        #expect(try catalog.storedScan(host: "h", path: "/images/\(number)")?.inventory == clone)
      }
      #expect(sizes[0] == sizes[1])
      #expect(try sqlite(path, "SELECT count(*) FROM v_files") == "600")
    }
  }

  @Test func `an image keeps its id where it stays and where it is moved`() throws {
    try with { catalog, _ in
      func file(_ path: String, _ inode: UInt64) -> ImageFile {
        ImageFile(path: path, format: "raw", size: 1, modified: 1, changed: 1, device: 9, inode: inode)
      }
      let id = try catalog.imageID(host: "h", file: file("/a", 1))
      #expect(try catalog.imageID(host: "h", file: file("/a", 1)) == id)
      // Made anew at its place.
      #expect(try catalog.imageID(host: "h", file: file("/a", 2)) == id)
      // Moved.
      #expect(try catalog.imageID(host: "h", file: file("/b", 2)) == id)
      let others = [
        try catalog.imageID(host: "h", file: file("/a", 3)), try catalog.imageID(host: "other", file: file("/b", 2)),
      ]
      #expect(Set(others + [id]).count == 3)
      #expect(UUID(uuidString: id) != nil)
    }
  }

  @Test func `unchanged is equal size, times and inode of every file, and today's version`() throws {
    try with { catalog, _ in
      let inventory = Shop.inventory("/a")
      let image = try catalog.imageID(host: "h", file: inventory.image.files[0])
      try catalog.store(inventory, Findings(), builds: [:], image: image)
      var stored = try #require(try catalog.storedScan(host: "h", path: "/a"))
      let files = inventory.image.files
      #expect(stored.isUnchanged(files))
      let changes: [(inout ImageFile) -> Void] = [
        { $0.size += 1 }, { $0.modified += 1 }, { $0.changed += 1 }, { $0.inode += 1 }, { $0.path += "x" },
      ]
      for change in changes {
        var other = files
        change(&other[0])
        #expect(!stored.isUnchanged(other))
      }
      var rebooted = files
      rebooted[0].device += 1
      #expect(stored.isUnchanged(rebooted))
      #expect(!stored.isUnchanged(files + files) && !stored.isUnchanged([]))
      stored.inventory.version -= 1
      #expect(!stored.isUnchanged(files))
    }
  }

  @Test func `a supplement is merged and the facts stay as they were`() throws {
    try with { catalog, path in
      let inventory = Shop.inventory("/a")
      let image = try catalog.imageID(host: "h", file: inventory.image.files[0])
      try catalog.store(inventory, Findings(), builds: [:], image: image)
      let digest = Digest(of: Data("later".utf8))
      let digests = FileDigests(sha256: digest, gitBlob: "91", gitoid: digest, md5: "5d")
      let fingerprint = Fingerprint(kind: .elf, marks: [Mark(.buildID, "1")])
      try catalog.addSupplement([Supplement(file: 1, digests: digests, fingerprint: fingerprint)], image: image)
      var expected = inventory
      expected.files[1].digests = digests
      expected.files[1].fingerprint = fingerprint
      expected.counts.digested += 1
      #expect(try catalog.storedScan(host: "h", path: "/a")?.inventory == expected)
      #expect(try sqlite(path, "SELECT content_id IS NULL FROM file WHERE name = 'unread'") == "1")
      #expect(throws: Problem.self) {
        try catalog.addSupplement([Supplement(file: 99, digests: digests)], image: image)
      }
    }
  }

  @Test func `the newest scan is the one that comes back`() throws {
    try with { catalog, path in
      var inventory = Shop.inventory("/a")
      let image = try catalog.imageID(host: "h", file: inventory.image.files[0])
      try catalog.store(inventory, Findings(), builds: [:], image: image)
      inventory.files.removeLast()
      try catalog.store(inventory, Findings(), builds: [:], image: image)
      #expect(try catalog.storedScan(host: "h", path: "/a")?.inventory == inventory)
      #expect(try sqlite(path, "SELECT count(*) FROM inventory") == "2")
    }
  }

  @Test func `an unknown image is said so`() throws {
    try with { catalog, _ in
      #expect(throws: Problem.self) {
        try catalog.store(Shop.inventory("/a"), Findings(), builds: [:], image: "no such image")
      }
    }
  }
}
