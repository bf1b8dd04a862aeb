import Catalog
import Fingerprints
import Foundation
import Glibc
import Inventory
import Lineage

/// `FileListBench CATALOG FAMILIES IMAGES FILES DIGESTED`: stores made-up families of file lists in a new catalog and
/// prints what they take; DIGESTED is the share of files whose digests are known. scripts/bench-filelists runs it.
@main
struct FileListBench {
  static func main() throws {
    let arguments = CommandLine.arguments
    guard arguments.count == 6, let families = Int(arguments[2]), let images = Int(arguments[3]),
      let files = Int(arguments[4]), let digested = Double(arguments[5])
    else {
      print("usage: FileListBench CATALOG FAMILIES IMAGES FILES DIGESTED")
      exit(64)
    }
    let catalog = try Catalog(path: arguments[1])
    var (firsts, clones) = (Tally(), Tally())
    for family in 0..<families {
      let made = Family(family, files: files, digested: digested)
      if family == 0 { describe(made.files) }
      for image in 0..<images / families {
        let list = image == 0 ? made.files : made.clone(image)
        let path = "/images/\(family)/\(image).qcow2"
        let facts = inventory(list, path: path, inode: family * 100_000 + image)
        let id = try catalog.imageID(host: "h\(image % 7)", file: facts.image.files[0])
        let before = try size(arguments[1])
        let time = try ContinuousClock().measure {
          try catalog.store(facts, image: id) { (Findings(), [:]) }
        }
        let tally = (bytes: try size(arguments[1]) - before, files: list.count, time: time)
        if image == 0 { firsts.add(tally) } else { clones.add(tally) }
        if family == 0, image < 2 { print(image == 0 ? "very first:" : "its first clone:", Tally(tally)) }
      }
    }
    print("firsts of \(families) families:", firsts)
    print("clones:", clones)
    try Questions(catalog: catalog).ask(about: Family(families / 2, files: files, digested: digested).files)
    // proc(5): the largest resident set.
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    print("peak memory:", status.firstMatch(of: /VmHWM:\s*(.*)/)?.1 ?? "?")
  }

  /// What the lists are like, to be held against real ones.
  private static func describe(_ files: [FileRecord]) {
    let folders = Set(files.map(\.path.parent))
    let names = files.reduce(0) { $0 + $1.path.name.utf8.count }
    print(
      "a list: \(files.count) files, names of \(names / files.count) bytes, \(folders.count) folders of "
        + "\(folders.reduce(0) { $0 + $1.bytes.count } / max(1, folders.count)) bytes")
  }

  /// Bytes of the catalog, its log written back.
  private static func size(_ path: String) throws -> Int {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["sqlite3", path, "PRAGMA wal_checkpoint(TRUNCATE)"]
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
  }
}

/// Sums of several lists.
struct Tally: CustomStringConvertible {
  var lists = 0
  var bytes = 0
  var files = 0
  var time = Duration.zero
  var longest = Duration.zero

  init() {}
  init(_ one: (bytes: Int, files: Int, time: Duration)) { add(one) }

  mutating func add(_ one: (bytes: Int, files: Int, time: Duration)) {
    lists += 1
    bytes += one.bytes
    files += one.files
    time += one.time
    longest = max(longest, one.time)
  }

  var description: String {
    let perFile = (Double(bytes) / Double(max(1, files))).formatted(.number.precision(.fractionLength(2)))
    let each = (time / max(1, lists)).formatted(.units(allowed: [.milliseconds]))
    return "\(lists) lists, \(perFile) bytes a file, \(each) to store one, "
      + "\(longest.formatted(.units(allowed: [.milliseconds]))) at most"
  }
}
