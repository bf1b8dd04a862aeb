import Fingerprints
import Foundation
import Inventory
import TestSupport

/// Makes the files of a family, package by package.
struct FamilyMaker {
  private var random: SeededGenerator
  private let digested: Double
  private var made: [GuestPath: FileRecord] = [:]
  private var inode: UInt64 = 131_073

  init(_ family: Int, digested: Double) {
    random = SeededGenerator(seed: UInt64(family) &* 7919 + 1)
    self.digested = digested
  }

  mutating func files(_ count: Int) -> [FileRecord] {
    var seen: Set<Int> = []
    while made.count < count {
      let number = Int.random(in: 0..<4000, using: &random)
      guard seen.insert(number).inserted else { continue }
      let package = MadePackage(number, version: Int.random(in: 0..<5, using: &random))
      for (path, size, target) in package.files where made.count < count {
        add(path, size, target, package.built, most: count)
      }
    }
    return made.values.sorted { $0.path < $1.path }
  }

  private mutating func add(_ text: String, _ size: UInt64, _ target: String?, _ built: Int64, most: Int) {
    let path = GuestPath(text)
    addFolders(of: path, most: most)
    guard made[path] == nil, made.count < most else { return }
    let own = text.hasPrefix("var/lib/dpkg")
    let known = target == nil && Double.random(in: 0..<1, using: &random) < digested
    made[path] = FileRecord(
      volume: "/dev/sda1", path: path, kind: target == nil ? .regular : .link, size: size,
      modified: own ? installed() : built, inode: nextInode(), mode: text.contains("bin/") ? 0o755 : 0o644,
      target: target.map { GuestPath(verbatim: $0.utf8) },
      digests: known ? madeUpDigests("\(text) \(size) \(built)") : nil)
  }

  private mutating func addFolders(of path: GuestPath, most: Int) {
    let parent = path.parent
    guard !parent.bytes.isEmpty, made[parent] == nil else { return }
    addFolders(of: parent, most: most)
    guard made.count < most else { return }
    made[parent] = FileRecord(
      volume: "/dev/sda1", path: parent, kind: .directory, size: 4096, modified: installed(), inode: nextInode(),
      mode: 0o755, links: UInt32.random(in: 2..<6, using: &random))
  }

  private mutating func installed() -> Int64 { 1_750_000_000 + Int64(inode) / 50 }

  /// Inodes are handed out in turn, with gaps where others came between.
  private mutating func nextInode() -> UInt64 {
    inode += Int.random(in: 0..<8, using: &random) == 0 ? UInt64.random(in: 2..<300, using: &random) : 1
    return inode
  }
}

/// A package of the pool: equal for all families that have it in this version.
struct MadePackage {
  let built: Int64
  private(set) var files: [(path: String, size: UInt64, target: String?)] = []
  private var random: SeededGenerator
  private let version: Int

  init(_ number: Int, version: Int) {
    self.version = version
    built = 1_650_000_000 + Int64(number) * 7001 + Int64(version) * 9_000_000
    random = SeededGenerator(seed: UInt64(number) + 99)
    let name = word(2) + (number % 3 == 0 ? "-\(word(1))" : "")
    addOwn(name)
    switch number % 10 {
    case 0...2: addLibrary(name)
    case 3...5: addPython(name)
    case 6: addTree("usr/include/\(name)", [".h", "_types.h", "-inl.h"], 40)
    case 7: addTree("usr/share/\(name)", [".svg", ".png", ".html", ".conf", ".json"], 90)
    case 8: addTree("usr/lib/modules/6.1.0-\(20 + version)-amd64/kernel/drivers/\(word(1))", [".ko"], 60)
    default: addPrograms()
    }
  }

  private mutating func addOwn(_ name: String) {
    for ending in ["list", "md5sums", "postinst", "triggers"].prefix(pick(2..<5)) {
      add("var/lib/dpkg/info/\(name).\(ending)")
    }
    for text in ["copyright", "changelog.Debian.gz", "changelog.gz", "NEWS.Debian.gz"].prefix(pick(1..<4)) {
      add("usr/share/doc/\(name)/\(text)")
    }
    if pick(0..<4) == 0 {
      for language in ["de", "fr", "es", "pt_BR", "ja", "zh_CN", "ru", "it", "pl", "sv"].prefix(pick(2..<11)) {
        add("usr/share/locale/\(language)/LC_MESSAGES/\(name).mo")
      }
    }
  }

  private mutating func addLibrary(_ name: String) {
    for _ in 0..<pick(1..<9) {
      let library = "lib\(name)-\(word(1)).so"
      add("usr/lib/x86_64-linux-gnu/\(library).\(1 + version).\(pick(0..<20)).0")
      add("usr/lib/x86_64-linux-gnu/\(library).\(1 + version)", target: "\(library).\(1 + version).4.0")
    }
    addTree("usr/share/perl5/\(word(1).capitalized)/\(word(1).capitalized)", [".pm", ".pod"], 24)
  }

  private mutating func addPython(_ name: String) {
    let root = "usr/lib/python3/dist-packages/\(name.replacing("-", with: "_"))"
    addTree(root, [".py", "_test.py", "_utils.py"], 60)
    add("\(root)-\(version).\(pick(0..<9)).0.egg-info/PKG-INFO")
    add("\(root)/__init__.py")
  }

  private mutating func addPrograms() {
    for _ in 0..<pick(1..<30) {
      let name = word(2)
      add("usr/bin/\(name)")
      add("usr/share/man/man\(pick(1..<9))/\(name).1.gz")
    }
  }

  /// Files of several folders below one.
  private mutating func addTree(_ root: String, _ endings: [String], _ most: Int) {
    var folder = root
    for _ in 0..<pick(most / 3..<most) {
      if pick(0..<9) == 0 { folder = pick(0..<2) == 0 ? "\(root)/\(word(1))" : "\(root)/\(word(1))/\(word(1))" }
      add("\(folder)/\(word(pick(1..<4)))\(endings[pick(0..<endings.count)])")
    }
  }

  private mutating func add(_ path: String, target: String? = nil) {
    // Sizes are those of a log-normal spread; another version is another size.
    let bits = pick(5..<10) + pick(0..<8)
    let size = target.map { UInt64($0.utf8.count) } ?? UInt64(1 << bits + pick(0..<1 << bits) + version * 3)
    files.append((path, size, target))
  }

  private mutating func pick(_ range: Range<Int>) -> Int { Int.random(in: range, using: &random) }

  private mutating func word(_ parts: Int) -> String {
    let syllables = [
      "net", "gro", "lib", "core", "plug", "ser", "conf", "data", "view", "xml", "auth", "mod", "term", "pro", "util",
      "sys", "graph", "kit", "base", "form", "event", "stor", "man", "tor", "ra", "ti", "on", "er", "al", "in",
    ]
    return (0..<parts).map { _ in
      (0..<pick(1..<4)).map { _ in syllables[pick(0..<syllables.count)] }.joined()
    }.joined(separator: "_")
  }
}
