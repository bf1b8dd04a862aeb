import Fingerprints
import Foundation
import GRDB
import Inventory
import Lineage
import TestSupport
import Testing

@testable import Catalog

/// File lists against the plain inventories kept in memory, and against what the sqlite3 shell counts.
struct FileListTests {
  private struct Image {
    var id: String
    var inventory: Inventory
  }

  private func store(_ inventory: Inventory, _ catalog: Catalog) throws -> Image {
    let id = try catalog.imageID(host: "h", file: inventory.image.files[0])
    try catalog.store(inventory, Findings(), builds: [:], image: id)
    return Image(id: id, inventory: inventory)
  }

  /// Files with some paths twice, in the order of a listing or in none.
  private func list(_ samples: inout Samples, _ count: Int) -> [FileRecord] {
    var files = (0..<count).map { _ in samples.file() }
    for position in files.indices.dropFirst() where samples.number(0..<10) == 0 {
      files[position].path = files[position - 1].path
    }
    return files
  }

  /// What a clone does to a list.
  private func change(_ files: inout FileList, _ samples: inout Samples) {
    for _ in 0..<samples.number(0..<max(2, files.count / 12)) {
      let place = samples.number(0..<files.count)
      switch samples.number(0..<5) {
      case 0: files.remove(at: place)
      case 1: files.insert(samples.file(), at: place)
      case 2: files.append(files[place])
      case 3: files[place].inode &+= 1
      default:
        let path = files[place].path
        files[place] = samples.file()
        files[place].path = path
      }
      if files.isEmpty { files = [samples.file()] }
    }
    if samples.number(0..<6) == 0 { files.shuffle(using: &samples.generator) }
  }

  @Test(arguments: 1...8 as ClosedRange<UInt64>)
  func `clones of clones come back as they were stored, and so do their supplements`(seed: UInt64) throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "c.db").path
      let catalog = try Catalog(path: path)
      var samples = Samples(seed: seed)
      var images: [Image] = []
      for number in 0..<12 {
        var inventory = samples.inventory("/\(number)", files: 0)
        inventory.image.files[0].inode = UInt64(number)
        if number % 5 == 0 {
          inventory.files = FileList(list(&samples, 120))
          if samples.number(0..<2) == 0 { inventory.files.sort { $0.path < $1.path } }
        } else {
          let parent = samples.one(of: images).inventory
          (inventory.files, inventory.volumes) = (parent.files, parent.volumes)
          change(&inventory.files, &samples)
        }
        images.append(try store(inventory, catalog))
        if samples.number(0..<3) == 0 { try supplement(&images[number], catalog, &samples) }
      }
      for (number, image) in images.enumerated() {
        #expect(try catalog.storedScan(host: "h", path: "/\(number)")?.inventory == image.inventory)
      }
      try compareQuestions(images, catalog, path)
      #expect(try sqlite(path, "PRAGMA integrity_check; PRAGMA foreign_key_check") == "ok")
    }
  }

  private func supplement(_ image: inout Image, _ catalog: Catalog, _ samples: inout Samples) throws {
    var supplements: [Int: Supplement] = [:]
    for _ in 0..<5 {
      let file = samples.number(0..<image.inventory.files.count)
      supplements[file] = Supplement(
        file: file, digests: samples.digests(), fingerprint: samples.maybe { $0.fingerprint() })
    }
    try catalog.addSupplement(Array(supplements.values), image: image.id)
    for (file, supplement) in supplements {
      if image.inventory.files[file].digests == nil { image.inventory.counts.digested += 1 }
      image.inventory.files[file].digests = supplement.digests
      if let fingerprint = supplement.fingerprint { image.inventory.files[file].fingerprint = fingerprint }
    }
  }

  /// Counts of the view by the shell, and answers of the catalog, against the inventories in memory.
  private func compareQuestions(_ images: [Image], _ catalog: Catalog, _ path: String) throws {
    let all = images.flatMap { image in image.inventory.files.map { (image: image.id, file: $0) } }
    let counts = try sqlite(path, "SELECT count(*) FROM v_files GROUP BY inventory_id ORDER BY inventory_id")
    #expect(counts == images.map { "\($0.inventory.files.count)" }.joined(separator: "\n"))
    let known = all.compactMap(\.file.digests?.sha256)
    #expect(try sqlite(path, "SELECT count(*) FROM v_files WHERE digest IS NOT NULL") == "\(known.count)")
    for digest in known.prefix(20) {
      let truth = all.filter { $0.file.digests?.sha256 == digest }
      let found = try catalog.images(havingFile: .digest(digest), limit: 10_000)
      #expect(found.map(\.image).sorted() == truth.map(\.image).sorted())
      #expect(try sqlite(path, "SELECT count(*) FROM v_files WHERE sha256 = x'\(digest)'") == "\(truth.count)")
    }
    for place in stride(from: 0, to: all.count, by: 40) {
      let wanted = all[place].file.path
      let truth = all.filter { $0.file.path == wanted }
      let found = try catalog.images(havingFile: .path(wanted), limit: 10_000)
      #expect(found.map(\.image).sorted() == truth.map(\.image).sorted())
      #expect(found.allSatisfy { $0.path == wanted })
      let below = all.filter { $0.file.path.bytes.starts(with: wanted.parent.bytes + [UInt8(ascii: "/")]) }
      if !wanted.parent.bytes.isEmpty {
        #expect(try catalog.images(havingFile: .below(wanted.parent), limit: 10_000).count == below.count)
      }
    }
    #expect(try catalog.images(havingFile: .below(""), limit: 100_000).count == all.count)
    #expect(try catalog.images(havingFile: .below(""), limit: 7).count == 7)
  }

  @Test func `a clone takes rows for what differs only`() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "c.db").path
      let catalog = try Catalog(path: path)
      var first = Shop.inventory("/first")
      first.files = FileList(
        (0..<1000).map { number in
          FileRecord(
            volume: "/dev/sda1", path: GuestPath("usr/lib/\(number % 7)/\(number)"), kind: .regular,
            size: UInt64(number), modified: Int64(number / 7), inode: UInt64(number))
        })
      first.files.sort { $0.path < $1.path }
      _ = try store(first, catalog)
      let rows = "SELECT count(*) FROM file WHERE list_id = (SELECT max(id) FROM inventory)"
      #expect(try sqlite(path, rows) == "1000")

      var clone = first
      clone.image.files[0].path = "/clone"
      clone.image.files[0].inode = 99
      clone.files[10].size += 1
      clone.files.remove(at: 20)
      clone.files.append(FileRecord(volume: "/dev/sda1", path: "var/new", kind: .regular, size: 1))
      _ = try store(clone, catalog)
      #expect(try sqlite(path, rows) == "3")
      #expect(try catalog.storedScan(host: "h", path: "/clone")?.inventory == clone)
      // A clone of the clone, which is a difference from the first all the same; then a scan of it that sees no change.
      for _ in 0..<2 {
        var second = clone
        second.image.files[0].path = "/second"
        second.image.files[0].inode = 100
        second.files.remove(at: 500)
        _ = try store(second, catalog)
        #expect(try sqlite(path, rows) == "4")
        #expect(try catalog.storedScan(host: "h", path: "/second")?.inventory == second)
      }
      #expect(try sqlite(path, "SELECT count(DISTINCT list_id) FROM list_sketch") == "1")
      #expect(try sqlite(path, "SELECT count(*) FROM list_order") == "0")
      // Too much of it is new: a base of its own.
      var far = clone
      far.files = FileList(
        far.files.map { file in
          var file = file
          if file.size.isMultiple(of: 3) { file.modified += 1 }
          return file
        })
      _ = try store(far, catalog)
      #expect(try sqlite(path, rows) == "1000")
      #expect(try sqlite(path, "SELECT count(DISTINCT list_id) FROM list_sketch") == "2")
      #expect(try catalog.storedScan(host: "h", path: "/clone")?.inventory == far)
    }
  }

  @Test func `names are kept whatever bytes they are`() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "c.db").path
      let catalog = try Catalog(path: path)
      var inventory = Shop.inventory("/a")
      let names: [[UInt8]] = [
        [], [0x2F], [0x61, 0x2F], [0x61, 0x2F, 0x2F, 0x62], [0x2F, 0x2F], [0xFF], [0xC3, 0x2F, 0xA4], [0x00],
        [0x61, 0x00],
        Array("a\nb/'; --/\u{202E}/é".utf8), Array(repeating: 0x2F, count: 3000),
        Array(repeating: [0x78, 0x2F], count: 2000).flatMap { $0 } + [0xFE],
      ]
      inventory.files = FileList(
        names.flatMap { name in
          [
            FileRecord(volume: "a", path: GuestPath(verbatim: name), kind: .regular, size: 1),
            FileRecord(
              volume: "b", path: GuestPath(verbatim: name), kind: .link, size: 2, target: GuestPath(verbatim: name)),
          ]
        })
      _ = try store(inventory, catalog)
      #expect(try catalog.storedScan(host: "h", path: "/a")?.inventory == inventory)
      for name in names {
        let found = try catalog.images(havingFile: .path(GuestPath(verbatim: name)), limit: 9)
        #expect(found.map(\.volume).sorted() == ["a", "b"])
        #expect(found.allSatisfy { $0.path.bytes == name })
      }
      let counted = "SELECT count(*) FROM v_files WHERE folder = CAST(x'C32F' AS TEXT) AND name = CAST(x'A4' AS TEXT)"
      #expect(try sqlite(path, counted) == "2")
    }
  }

  @Test func `a digest that is no hexadecimal is refused`() throws {
    try withTemporaryFolder { folder in
      let catalog = try Catalog(path: folder.appending(path: "c.db").path)
      for digest in ["AB", "xyz", "abc"] {
        var inventory = Shop.inventory("/a")
        inventory.files[0].digests?.md5 = digest
        #expect(throws: Problem.self) { try store(inventory, catalog) }
      }
    }
  }

  @Test func `an image answers by its newest scan`() throws {
    try withTemporaryFolder { folder in
      let catalog = try Catalog(path: folder.appending(path: "c.db").path)
      var inventory = Shop.inventory("/a")
      let image = try store(inventory, catalog)
      let found = try catalog.images(havingFile: .path("usr/bin/shop"), limit: 9)
      #expect(
        found == [
          FoundFile(
            image: image.id, host: "h", imagePath: "/a", volume: "/dev/sda1", path: "usr/bin/shop", size: 5000,
            digest: Shop.digest)
        ])
      #expect(try catalog.images(havingFile: .digest(Shop.digest), limit: 9) == found)
      #expect(try catalog.images(havingFile: .below("usr"), limit: 9).count == 2)
      #expect(try catalog.images(havingFile: .below("usr/bi"), limit: 9).isEmpty)
      inventory.files.removeFirst()
      _ = try store(inventory, catalog)
      #expect(try catalog.images(havingFile: .path("usr/bin/shop"), limit: 9).isEmpty)
      #expect(try catalog.images(havingFile: .digest(Shop.digest), limit: 9).isEmpty)
      #expect(try catalog.images(havingFile: .path("usr/bin/unread"), limit: 9).map(\.digest) == [nil])
    }
  }

  @Test(arguments: [
    "folder = 'bin/' AND name = 'shop' AND path = 'usr/bin/shop'", "sha256 = x'00'", "inventory_id = 1",
    FileQuestion.path("usr/bin/shop").condition.sql, FileQuestion.below("usr/lib").condition.sql,
    FileQuestion.digest(Shop.digest).condition.sql,
  ])
  func `the view answers through indexes`(condition: String) throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "c.db").path
      _ = try Catalog(path: path)
      let sql = "EXPLAIN QUERY PLAN SELECT path, digest FROM v_files f WHERE \(condition)"
      let plan = try sqlite(path, sql.replacing("?", with: "'x'"))
      // What a recursion has found so far, and the names of a path, are read from end to end; no table is.
      let scanned = plan.matches(of: /SCAN ([a-z]\w*)/).map { String($0.1) }
      #expect(Set(scanned).isSubset(of: ["up", "below", "walk", "part"]), "\(plan)")
      #expect(plan.contains("SEARCH f USING") && !plan.contains("AUTOMATIC"), "\(plan)")
    }
  }
}
