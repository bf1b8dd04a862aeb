import Foundation
import Inventory
import Packages
import TestSupport

/// The files of a folder as a system: all regular files, and the contents of those that the reader asks for.
func systemFiles(_ root: URL, for reader: any PackageReader) throws -> SystemFiles {
  var files = SystemFiles()
  let found = try run(["find", ".", "-type", "f", "-printf", "%s %P\\0"], in: root).output
  for entry in found.split(separator: 0) {
    guard let space = entry.firstIndex(of: UInt8(ascii: " ")),
      let size = UInt64(String(decoding: entry[..<space], as: UTF8.self))
    else { continue }
    let path = GuestPath(bytes: entry[(space + 1)...])
    files.list.insert(path)
    if reader.wants(path, size: size) { files.contents[path] = try Data(contentsOf: root.appending(path: path.lossy)) }
  }
  return files
}

/// A root made by `Fixtures/rpm/make-rpm-root`, kept between runs until one of its scripts changes.
struct RPMFixture {
  let root: URL
  var database: URL { root.appending(path: "var/lib/rpm") }

  static let sqlite = Result { try RPMFixture("sqlite", 210) }
  static let berkeley = Result { try RPMFixture("bdb", 210) }
  static let ndb = Result { try RPMFixture("ndb", 210) }
  static let smallSQLite = Result { try RPMFixture("sqlite", 5) }
  static let smallBerkeley = Result { try RPMFixture("bdb", 5) }
  static let smallNDB = Result { try RPMFixture("ndb", 5) }
  static let swapped = Result { try RPMFixture("bdb", 12, "--swapped") }

  init(_ form: String, _ count: Int, _ options: String...) throws {
    let folder = packageFolder.appending(path: "Fixtures/rpm")
    let scripts = ["make-rpm-root", "write-ndb.py"].map { folder.appending(path: $0).path }
    let key = try run(["cat"] + scripts).output
    let digest = try run(["sha256sum"], input: key).text.prefix(12)
    let cache = packageFolder.appending(path: "Fixtures/.cache")
    root = cache.appending(path: "rpm-\(form)-\(count)\(options.joined())-\(digest)")
    if FileManager.default.fileExists(atPath: root.path) { return }
    try FileManager.default.createDirectory(at: cache, withIntermediateDirectories: true)
    let work = cache.appending(path: "rpm-\(UUID().uuidString)")
    let made = try run([scripts[0], work.path, form, "\(count)"] + options)
    guard made.status == 0 else { throw FixtureFailure(description: made.errorText) }
    do { try FileManager.default.moveItem(at: work, to: root) } catch {
      // Another run was faster.
      try FileManager.default.removeItem(at: work)
    }
  }

  /// What rpm itself says, one line a package or a file.
  func query(_ format: String, backend: String = "sqlite") throws -> [String] {
    let answer = try run(
      ["rpm", "--dbpath", database.path, "--define", "_db_backend \(backend)", "-qa", "--qf", format])
    guard answer.status == 0 else { throw FixtureFailure(description: answer.errorText) }
    return answer.text.split(separator: "\n").map(String.init)
  }
}

struct FixtureFailure: Error, CustomStringConvertible { var description: String }
