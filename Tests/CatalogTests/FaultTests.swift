import Foundation
import GRDB
import Inventory
import Lineage
import TestSupport
import Testing

@testable import Catalog

/// What happens when a write does not come to its end.
struct FaultTests {
  /// A child stores images one after another and kills itself without warning; the parent looks at what is left.
  @Test(arguments: [30, 90, 170, 260])
  func `a killed writer leaves whole images and no halves`(milliseconds: Int) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "vmlineage-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: "c.db").path
    await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String, milliseconds = milliseconds as Int] in
      let catalog = try Catalog(path: path)
      var samples = Samples(seed: 7)
      for number in 0..<10_000 {
        var inventory = samples.inventory("/images/\(number)", files: 200)
        inventory.packages = (0..<20).map { _ in samples.package() }
        let image = try catalog.imageID(host: "h", file: inventory.image.files[0])
        try catalog.store(inventory, Findings(), builds: [:], image: image)
        if number == 0 {
          Thread.detachNewThread {
            Thread.sleep(forTimeInterval: Double(milliseconds) / 1000)
            kill(getpid(), SIGKILL)
          }
        }
      }
    }
    #expect(try sqlite(path, "PRAGMA integrity_check; PRAGMA foreign_key_check") == "ok")
    let whole = try Int(sqlite(path, "SELECT count(*) FROM inventory")) ?? 0
    #expect(whole >= 1)
    let halves = """
      SELECT count(*) FROM inventory i
      WHERE (SELECT count(*) FROM v_files WHERE inventory_id = i.id) <> 200
        OR (SELECT count(*) FROM inventory_package WHERE inventory_id = i.id) <> 20
        OR (SELECT count(*) FROM image_file WHERE inventory_id = i.id) <> 2
      """
    #expect(try sqlite(path, halves) == "0")
    // And it can be written again.
    let catalog = try Catalog(path: path)
    var samples = Samples(seed: 7)
    let inventory = samples.inventory("/images/0", files: 200)
    let image = try catalog.imageID(host: "h", file: inventory.image.files[0])
    try catalog.store(inventory, Findings(), builds: [:], image: image)
    #expect(try catalog.storedScan(host: "h", path: "/images/0")?.inventory == inventory)
  }

  @Test func `no space left is said so and loses nothing that was stored`() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "c.db").path
      let catalog = try Catalog(path: path)
      let first = Shop.inventory("/a")
      let image = try catalog.imageID(host: "h", file: first.image.files[0])
      try catalog.store(first, Findings(), builds: [:], image: image)
      try catalog.database.writeWithoutTransaction { db in
        let pages = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
        _ = try Int.fetchOne(db, sql: "PRAGMA max_page_count = \(pages + 4)")
      }
      var samples = Samples(seed: 1)
      let large = samples.inventory("/a", files: 5000)
      let problem = #expect(throws: Problem.self) {
        try catalog.store(large, Findings(), builds: [:], image: image)
      }
      #expect(problem?.code == "catalog-full" && problem?.remedy?.contains("make room") == true)
      #expect(try catalog.storedScan(host: "h", path: "/a")?.inventory == first)
      _ = try catalog.database.writeWithoutTransaction { try Int.fetchOne($0, sql: "PRAGMA max_page_count = 1000000") }
      try catalog.store(large, Findings(), builds: [:], image: image)
      #expect(try catalog.storedScan(host: "h", path: "/a")?.inventory == large)
    }
  }

  @Test func `many writers wait for each other, from the first moment on`() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "c.db").path
      let writers = 8
      DispatchQueue.concurrentPerform(iterations: writers) { writer in
        do {
          let catalog = try Catalog(path: path)
          var samples = Samples(seed: UInt64(writer))
          for number in 0..<5 {
            let inventory = samples.inventory("/images/\(writer)/\(number)")
            let image = try catalog.imageID(host: "h", file: inventory.image.files[0])
            try catalog.store(inventory, Findings(), builds: [:], image: image)
          }
        } catch {
          Issue.record("\(error)")
        }
      }
      let state = try sqlite(path, "SELECT count(*) FROM inventory; PRAGMA integrity_check")
      #expect(state == "\(writers * 5)\nok")
    }
  }
}
