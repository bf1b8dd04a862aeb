internal import Foundation

/// What lies beside a hive to recover it: one log (`.LOG`) or two that take turns (`.LOG1`, `.LOG2`).
struct HiveLogs {
  static let suffixes = [".log1", ".log2", ".log"]

  /// Their bytes by suffix, in small letters. An empty one holds nothing and is as good as none.
  var contents: [String: Data] = [:]
  /// Those that are there and could not be read.
  var unreadable: [String] = []
}

/// One log whose base block was looked at.
struct HiveLog {
  enum Kind { case entries, pages, unknown }

  let suffix: String
  let bytes: [UInt8]
  let base: HiveBaseBlock
  let kind: Kind

  /// As its file is named.
  var name: String { suffix.uppercased() }

  /// Nil where it is empty: Windows makes logs before it needs them.
  init?(_ suffix: String, _ bytes: [UInt8]) {
    guard let base = HiveBaseBlock(bytes), bytes.count > HiveBaseBlock.sector else { return nil }
    self.suffix = suffix
    self.bytes = bytes
    self.base = base
    // Before Windows XP the type of a log was 2.
    kind = base.fileType == 6 ? .entries : base.fileType == 1 || base.fileType == 2 ? .pages : .unknown
  }

  /// Why nothing of it may be applied.
  var refusal: String? {
    if !base.isValid { return "the checksum of its base block is wrong" }
    if kind == .unknown { return "it is no log" }
    return base.primary == base.secondary ? nil : "it was itself being written"
  }
}
