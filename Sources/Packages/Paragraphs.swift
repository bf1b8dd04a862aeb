/// The paragraphs of a package database in text, one for each package, as lines. What is broken takes no more than its own
/// package with it.
struct Paragraphs {
  private(set) var all: [[ArraySlice<UInt8>]] = []
  /// What is wrong with the file as a whole.
  private(set) var damage: String?

  /// `first` begins the line that every package has once: `Package:`. Where the empty line between two packages is gone, it
  /// parts them.
  init(_ bytes: [UInt8], first: String) {
    // After a power failure a file may hold zeros: at its end, or a block of them in its midst.
    let parts = bytes.split(separator: 0)
    for part in parts {
      let begins = part.startIndex == 0 ? part.startIndex : part.firstIndex(of: 0x0A) ?? part.endIndex
      let ends = part.last == 0x0A ? part.endIndex : part.lastIndex(of: 0x0A).map { $0 + 1 } ?? part.startIndex
      // Lines that zeros or the file's end may have cut are left out: half a version is a wrong one.
      if begins < ends { add(lines(of: Array(part[begins..<ends])), first: Array(first.utf8)) }
    }
    if parts.count > 1 || parts.first?.count != bytes.count, !bytes.isEmpty { note("it holds zeros") }
    if let last = parts.last, last.last != 0x0A { note("it ends in the middle of a line") }
  }

  mutating func note(_ reason: String) { damage = damage ?? reason }

  private mutating func add(_ lines: [ArraySlice<UInt8>], first: [UInt8]) {
    for group in lines.split(whereSeparator: \.isEmpty) {
      let starts = group.indices.filter { group[$0].starts(with: first) }.dropFirst()
      if !starts.isEmpty { note("two packages have no empty line between them") }
      for (start, end) in zip([group.startIndex] + starts, starts + [group.endIndex]) {
        all.append(Array(group[start..<end]))
      }
    }
  }
}

/// Packages of one database that could not be read: one problem tells them all.
struct BrokenPackages {
  private var count = 0
  private var first: String?

  /// `name` where it has one, `before` where not: the package before it.
  mutating func add(_ reason: String, name: String?, before: String?) {
    count += 1
    let place = name.map { "\($0)" } ?? before.map { "the one after \($0)" } ?? "the first one"
    first = first ?? "\(place) \(reason)"
  }

  /// Nil where nothing is broken.
  func reason(_ damage: String?) -> String? {
    let broken = first.map {
      count == 1 ? "1 package could not be read: \($0)" : "\(count) packages could not be read: \($0), …"
    }
    let reasons = [damage, broken].compactMap(\.self)
    return reasons.isEmpty ? nil : reasons.joined(separator: "; ") + "; all others are listed"
  }
}
