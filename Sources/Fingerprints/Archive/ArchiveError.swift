/// Why an archive could not be read on.
package struct ArchiveError: Error, Hashable, Sendable, CustomStringConvertible {
  package enum Code: String, Sendable {
    /// It could not be opened, or is none of the formats that are read.
    case unreadable
    /// It is damaged; the entries before were given.
    case damaged
    /// An entry is encrypted, or packed in a way that is not read; the others are not concerned.
    case unsupported
    /// An entry is larger than the limits allow; the others are not concerned.
    case entryLimit
    /// It holds more than the limits allow.
    case limit
    /// Contents were asked for after their entry had gone by.
    case gone
  }
  package var code: Code
  /// What was being done: `open`, `next entry`, `read contents`.
  package var operation: String
  package var reason: String

  package var description: String { "\(operation): \(reason)" }
}

/// How much an archive may hold. It may be made to harm: a few KiB can stand for terabytes.
package struct ArchiveLimits: Hashable, Sendable {
  /// The most entries that are given.
  package var entries: Int
  /// The most bytes that are read of one entry.
  package var entryBytes: Int
  /// The most bytes that are read of all entries.
  package var totalBytes: Int
  /// The most bytes that are read for each byte of the archive, once `ratioFrom` bytes were read.
  package var ratio: Int
  /// Small archives may be packed as well as they like.
  package var ratioFrom: Int

  package init(
    entries: Int = 1_000_000, entryBytes: Int = 256 << 20, totalBytes: Int = 4 << 30, ratio: Int = 200,
    ratioFrom: Int = 64 << 20
  ) {
    self.entries = entries
    self.entryBytes = entryBytes
    self.totalBytes = totalBytes
    self.ratio = ratio
    self.ratioFrom = ratioFrom
  }

  /// How many bytes may be read of an archive of `size` bytes.
  func totalBytes(ofArchive size: Int) -> Int {
    let (byRatio, overflow) = size.multipliedReportingOverflow(by: ratio)
    return min(totalBytes, overflow ? totalBytes : max(byRatio, ratioFrom))
  }
}
