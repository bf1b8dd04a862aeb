internal import Foundation
package import Inventory

/// Says which package managers, container engines and packed files are there whose contents are not read, so that nothing
/// is left out without a word. What is looked for is in `unreadTraces`.
package struct UnreadManagersReader: PackageReader {
  package let name = "unread"

  /// Those below the folders that may be volumes of their own.
  package let places = unreadTraces.flatMap(\.places).filter(Self.isRecord)

  /// The others: what links to them lead to is not followed, for it may be anything.
  static let otherPlaces = unreadTraces.flatMap(\.places).filter { !isRecord($0) }

  private static func isRecord(_ place: String) -> Bool { ["var/", "usr/"].contains(where: place.hasPrefix) }

  private static let all = TraceIndex(unreadTraces)
  /// Those whose files are read to count what they list.
  private static let marked = TraceIndex(unreadTraces.filter { $0.mark != nil })

  package init() {}

  package func wants(_ path: GuestPath, size: UInt64) -> Bool {
    size <= 64 << 20 && !Self.marked.traces(of: path).isEmpty
  }

  package func read(_ files: SystemFiles) -> PackageReading {
    var found = FoundTraces()
    for path in files.list {
      for trace in Self.all.traces(of: path) { found.add(trace, path, files.contents[path]) }
    }
    return PackageReading(remarks: found.remarks)
  }

  /// That the list is there is said in any case, if without a number.
  package func missing(_ unread: [GuestPath: String]) -> PackageReading { PackageReading() }
}

/// The traces by what a path must have for them: every file is held to them.
private struct TraceIndex: Sendable {
  private var byEnd: [PathEnd: [Trace]] = [:]
  /// Those whose last name may end in anything.
  private var open: [Trace] = []

  init(_ traces: [Trace]) {
    for trace in traces {
      if let end = trace.pattern.end { byEnd[end, default: []].append(trace) } else { open.append(trace) }
    }
  }

  func traces(of path: GuestPath) -> [Trace] {
    let likely = PathEnd(path.bytes).flatMap { byEnd[$0] } ?? []
    let possible = open.contains { $0.pattern.mayMatch(path.bytes) }
    if likely.isEmpty && !possible { return [] }
    let (names, isOpen) = (path.bytes.split(separator: UInt8(ascii: "/")), isLookedInto(path))
    return (likely + (possible ? open : [])).filter { ($0.pattern.isAnchored || isOpen) && $0.pattern.matches(names) }
  }

  /// Whether traces that may be anywhere count here. What a distribution ships below `usr` its packages tell, and what
  /// stores and containers hold was said with these.
  private func isLookedInto(_ path: GuestPath) -> Bool {
    if path.hasPrefix("usr/") { return path.hasPrefix("usr/local/") }
    return !closedFolders.contains(where: path.hasPrefix)
  }
}

private let closedFolders = [
  "nix/store/", "gnu/store/", "snap/", "var/lib/snapd/", "var/cache/", "boot/", "Windows/", "var/lib/docker/",
  "var/lib/containers/storage/overlay/", "var/lib/containers/storage/vfs/",
  "var/lib/containerd/io.containerd.snapshotter",
]

/// What was found of each manager and engine, and the archives.
private struct FoundTraces {
  private struct Holding {
    var places: Set<GuestPath> = []
    /// By what is counted: those that paths tell apart, and how many lists say there are; nil where one does not say.
    var items: [String: Set<GuestPath>] = [:]
    var listed: [String: Int?] = [:]
  }

  /// How many archives are named; of more only the number is said.
  private static let namedArchives = 16

  private var managers: [String: Holding] = [:]
  private var engines: [String: Holding] = [:]
  private var archives: [GuestPath: String] = [:]

  mutating func add(_ trace: Trace, _ path: GuestPath, _ contents: Data?) {
    switch trace.kind {
    case .manager(let name, let what): add(trace, path, contents, what, to: &managers[name, default: Holding()])
    case .containers(let name, let what): add(trace, path, contents, what, to: &engines[name, default: Holding()])
    case .archive(let what): archives[path] = archives[path] ?? what
    }
  }

  private func add(_ trace: Trace, _ path: GuestPath, _ contents: Data?, _ what: String, to holding: inout Holding) {
    if trace.counted > 0 {
      holding.places.insert(path.dropping(trace.depth))
      holding.items[what, default: []].insert(path.dropping(trace.depth - trace.counted))
    } else {
      holding.places.insert(path)
      let count = trace.mark.flatMap { mark in contents.map { occurrences(of: mark, in: $0) } }
      let known = holding.listed[what] ?? 0
      holding.listed[what] = .some(known.flatMap { known in count.map { known + $0 } })
    }
  }

  private func occurrences(of mark: String, in data: Data) -> Int {
    var (count, rest) = (0, (Data("\n".utf8) + data)[...])
    let mark = Data(mark.utf8)
    while let place = rest.range(of: mark) {
      count += 1
      rest = rest[place.upperBound...]
    }
    return count
  }

  var remarks: [Problem] {
    managers.sorted { $0.key < $1.key }.compactMap { remark("package-manager-not-read", $0, $1) }
      + engines.sorted { $0.key < $1.key }.compactMap { remark("containers-not-read", $0, $1) } + archiveRemarks
  }

  private func remark(_ code: String, _ name: String, _ holding: Holding) -> Problem? {
    guard let first = holding.places.min() else { return nil }
    let counts = Set(holding.items.keys).union(holding.listed.keys).sorted().map { what in
      let items = holding.items[what]?.count ?? 0
      guard let listed = holding.listed[what] ?? 0 else { return what }
      let count = items + listed
      return "\(count) \(count == 1 && what.hasSuffix("s") ? String(what.dropLast()) : what)"
    }
    let others = holding.places.count - 1
    let more = others == 0 ? "" : others == 1 ? "and 1 other place " : "and \(others) other places "
    let verb = counts.count == 1 && counts[0].hasPrefix("1 ") ? "is" : "are"
    let reason =
      "\(more)\(others == 0 ? "holds" : "hold") \(counts.joined(separator: " and ")) of \(name), which \(verb) not read"
    return Problem(code: code, operation: "read packages", subject: first.description, reason: reason)
  }

  private var archiveRemarks: [Problem] {
    let sorted = archives.sorted { $0.key < $1.key }
    let named = sorted.prefix(Self.namedArchives).map { Problem.unreadArchive($0, "it is \($1), which is not read") }
    guard let next = sorted.dropFirst(Self.namedArchives).first else { return named }
    let more = sorted.count - Self.namedArchives
    return named + [
      .unreadArchive(next.key, "this and others, \(more) more in all, are packed files that are not read")
    ]
  }
}

extension GuestPath {
  /// All but the last names.
  fileprivate func dropping(_ count: Int) -> GuestPath {
    (0..<count).reduce(self) { path, _ in path.parent }
  }
}
