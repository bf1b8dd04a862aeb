import Catalog
import Fingerprints
import Foundation
import Inventory
import TestSupport

/// Times of questions for 100 answers, warm, and of the same question written by hand in the sqlite3 shell.
struct Questions {
  let catalog: Catalog
  private let runs = 15

  func ask(about files: [FileRecord]) throws {
    let known = files.compactMap(\.digests?.sha256)
    if let digest = known.first {
      try compare("a digest of one family", .digest(digest), "c.sha256 = x'\(digest)'", byContent: true)
    }
    try compare(
      "a digest that nothing has", .digest(Digest(of: Data())), "c.sha256 = x'\(Digest(of: Data()))'", byContent: true)
    let own = files[files.count / 2].path
    try path("a path", own)
    if let common = files.first(where: { $0.path.lossy == "usr/bin" })?.path {
      try path("a path that all have", common)
    }
    try path("a path in a large folder that nothing has", "var/lib/dpkg/info/none.list")
    try compare("files below usr/share/doc", .below("usr/share/doc"), "d.parent_id = \(folder("usr/share/doc/"))")
  }

  private func path(_ title: String, _ path: GuestPath) throws {
    let folder = path.parent.bytes.isEmpty ? "" : path.parent.lossy + "/"
    try compare("\(title) (\(path))", .path(path), "d.id = \(self.folder(folder)) AND f.name = '\(path.name)'")
  }

  private func compare(
    _ title: String, _ question: FileQuestion, _ condition: String, byContent: Bool = false
  ) throws {
    var answers = 0
    let times = try (0..<runs).map { _ in
      try ContinuousClock().measure { answers = try catalog.images(havingFile: question, limit: 100).count }
    }
    let ours = times.sorted()[runs / 2]
    let hand = try shell(handWritten(condition, byContent: byContent))
    print(
      "\(title): \(answers) answers in \(milliseconds(ours)) ms, by hand in the shell \(milliseconds(hand)) ms")
  }

  /// Written without the views, as someone would who knows the tables: rows of lists by their indexes, the inventories
  /// made of these lists, those left out whose own rows say otherwise.
  private func handWritten(_ condition: String, byContent: Bool) -> String {
    let rows =
      byContent
      ? "content c JOIN file f ON f.content_id = c.id JOIN folder d ON d.id = f.folder_id"
      : """
      folder d JOIN place p ON p.folder_id = d.id JOIN file f ON f.list_id = p.list_id AND f.folder_id = d.id
      LEFT JOIN content c ON c.id = f.content_id
      """
    return """
      SELECT t.key, i.host, i.path, a.volume, d.name, f.name, f.size, c.sha256 FROM \(rows)
      JOIN attributes a ON a.id = f.attributes_id JOIN inventory_list l ON l.list_id = f.list_id
      JOIN inventory n ON n.id = l.inventory_id JOIN image i ON i.thing_id = n.image_id
      JOIN thing t ON t.id = i.thing_id
      WHERE \(condition) AND (l.inventory_id = l.list_id OR NOT EXISTS (SELECT 1 FROM file o
        WHERE o.list_id = l.inventory_id AND o.folder_id = f.folder_id AND o.name = f.name))
        AND n.id = (SELECT max(id) FROM inventory WHERE image_id = n.image_id) LIMIT 100;
      """
  }

  /// A folder by its names, from the root down.
  private func folder(_ path: String) -> String {
    path.split(separator: "/").reduce("(SELECT id FROM folder WHERE name = '' AND parent_id = 0)") { parent, name in
      "(SELECT id FROM folder WHERE name = '\(name)/' AND parent_id = \(parent))"
    }
  }

  /// What one run of many takes, the start of the shell left out: its own timer shows whole milliseconds.
  private func shell(_ sql: String) throws -> Duration {
    let count = 300
    func time(_ script: String) throws -> Duration {
      try ContinuousClock().measure {
        _ = try run(["sqlite3", "-batch", catalog.path], input: Data(script.utf8))
      }
    }
    let start = try time(sql)
    return max(.zero, try time(String(repeating: sql + "\n", count: count + 1)) - start) / count
  }

  private func milliseconds(_ time: Duration) -> String {
    (time / .milliseconds(1)).formatted(.number.precision(.fractionLength(2)))
  }
}
