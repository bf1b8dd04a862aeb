/// A file or directory of a search that was left out.
package struct SkippedFile: Equatable, Sendable {
  /// The raw values are the words of the JSON documents.
  package enum Reason: String, Sendable {
    /// Nothing known is in it.
    case notAnImage = "not-an-image"
    /// Packed: what is inside is not looked at.
    case archive
    /// An image in a format of another program.
    case otherFormat = "other-format"
    /// A raw disk whose end is missing.
    case truncated
    /// A raw disk too small to be one by its contents alone.
    case tooSmall = "too-small"
    /// An extent or a parent.
    case part = "part-of-another-image"
    case link
    /// A device, pipe or socket.
    case specialFile = "special-file"
    case unreadable
    /// Beyond the bounds of a search.
    case tooMany = "too-many"
  }

  package var path: String
  /// The path as it is, where it is not valid UTF-8.
  package var bytes: [UInt8]?
  package var reason: Reason
  /// One line. Names inside are as found: whoever prints them escapes them.
  package var message: String
}

/// What a search left out: how much of it, and which files.
package struct SkippedFiles: Equatable, Sendable {
  package private(set) var counts: [SkippedFile.Reason: Int] = [:]
  /// All that look like images or archives, then others.
  package var files: [SkippedFile] { likes + others }

  private var likes: [SkippedFile] = []
  private var others: [SkippedFile] = []
  /// So many others are named; a directory may have any number.
  private static let mostOthers = 1000

  mutating func add(_ file: SkippedFile, isLikeImage: Bool) {
    counts[file.reason, default: 0] += 1
    if isLikeImage {
      likes.append(file)
    } else if others.count < Self.mostOthers {
      others.append(file)
    }
  }

  mutating func sort() {
    likes.sort { $0.path < $1.path }
    others.sort { $0.path < $1.path }
  }
}
