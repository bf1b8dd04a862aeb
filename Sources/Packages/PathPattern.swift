internal import Inventory

/// A path whose names may hold one `*` each; letters of ASCII in any case. Of one that does not begin with a slash only the
/// end of a path has to be like it.
struct PathPattern: Sendable {
  private struct Name: Sendable {
    let head: [UInt8]
    /// Nil where there is no `*`.
    let tail: [UInt8]?

    init(_ text: Substring) {
      let parts = text.split(separator: "*", maxSplits: 1, omittingEmptySubsequences: false).map {
        $0.utf8.map(lowercase)
      }
      head = parts[0]
      tail = parts.count > 1 ? parts[1] : nil
    }

    func matches(_ name: ArraySlice<UInt8>) -> Bool {
      guard let tail else { return name.count == head.count && zip(name, head).allSatisfy { lowercase($0) == $1 } }
      return name.count >= head.count + tail.count && zip(name, head).allSatisfy { lowercase($0) == $1 }
        && zip(name.suffix(tail.count), tail).allSatisfy { lowercase($0) == $1 }
    }
  }

  private let names: [Name]
  /// What the path begins with, up to the first `*`, as it is written.
  private let prefix: [UInt8]
  let isAnchored: Bool

  init(_ text: String) {
    isAnchored = text.hasPrefix("/")
    names = text.split(separator: "/").map(Name.init)
    prefix = isAnchored ? text.dropFirst().prefix { $0 != "*" }.utf8.map(\.self) : []
  }

  /// What every path that matches has at the end of its last name; nil where that may be anything.
  var end: PathEnd? {
    guard let last = names.last else { return nil }
    return PathEnd(last.tail ?? last.head)
  }

  /// Whether a path begins with the names before the first `*`: a quick answer to what does not match.
  func mayMatch(_ path: [UInt8]) -> Bool { path.starts(with: prefix) }

  func matches(_ path: [ArraySlice<UInt8>]) -> Bool {
    guard isAnchored ? path.count == names.count : path.count >= names.count else { return false }
    return zip(names, path.suffix(names.count)).allSatisfy { $0.matches($1) }
  }
}

/// The last four bytes of a path, in small letters: a quick way to the few patterns that it may match.
struct PathEnd: Hashable, Sendable {
  private let value: UInt32

  /// Nil where there are fewer.
  init?(_ bytes: [UInt8]) {
    guard bytes.count >= 4 else { return nil }
    var value: UInt32 = 0
    for byte in bytes[(bytes.count - 4)...] { value = value << 8 | UInt32(lowercase(byte)) }
    self.value = value
  }
}

private func lowercase(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }
