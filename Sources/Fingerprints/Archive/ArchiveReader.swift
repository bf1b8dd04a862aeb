internal import CArchive
package import Foundation

/// Reads tar, zip and ar, plain or packed by gzip, bzip2, xz or zstd, entry by entry and in order, by libarchive.
package struct ArchiveReader {
  /// Which entries of a zip count.
  package enum ZipEntries {
    /// Those of its central directory.
    case listed
    /// Those that are found one after the other: what is left where the directory is damaged.
    case found
  }

  /// Gives each entry of the archive in `data` to `body`, with its contents, which are valid until `body` returns. Where
  /// `body` catches what reading an entry throws, the next ones are given all the same.
  /// Throws ArchiveError, or what `body` throws.
  package static func entries(
    of data: Data, limits: ArchiveLimits = ArchiveLimits(), zip: ZipEntries = .listed,
    _ body: (ArchiveEntry, ArchiveContents) throws -> Void
  ) throws {
    try data.withUnsafeBytes { raw in
      let archive = OpenArchive(limits: limits, size: raw.count, formats: zip == .listed ? .all : .foundZip)
      try archive.check("open", archive_read_open_memory(archive.handle, raw.baseAddress, raw.count))
      try walk(archive, body)
    }
  }

  /// The same of the file at `path`, which is read as a stream: memory does not grow with its size.
  package static func entries(
    at path: String, limits: ArchiveLimits = ArchiveLimits(),
    _ body: (ArchiveEntry, ArchiveContents) throws -> Void
  ) throws {
    let size = try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
    let archive = OpenArchive(limits: limits, size: size ?? 0)
    try archive.check("open", archive_read_open_filename(archive.handle, path, 1 << 18))
    try walk(archive, body)
  }

  /// What a file packed by gzip, bzip2, xz, lzma, lz4 or zstd holds, `limit` bytes at most.
  /// Throws ArchiveError.
  package static func unpacked(_ data: Data, limit: Int) throws -> Data {
    try data.withUnsafeBytes { raw in
      let limits = ArchiveLimits(entries: 1, entryBytes: limit, totalBytes: limit)
      let archive = OpenArchive(limits: limits, size: raw.count, formats: .singleFile)
      try archive.check("open", archive_read_open_memory(archive.handle, raw.baseAddress, raw.count))
      guard try archive.next() != nil else { return Data() }
      return try ArchiveContents(archive, size: nil).read()
    }
  }

  private static func walk(
    _ archive: OpenArchive, _ body: (ArchiveEntry, ArchiveContents) throws -> Void
  ) throws {
    let before = uselocale(utf8Locale.value)
    defer { _ = uselocale(before) }
    var count = 0
    while let entry = try archive.next() {
      count += 1
      guard count <= archive.limits.entries else {
        throw ArchiveError(code: .limit, operation: "next entry", reason: "more than \(count - 1) entries")
      }
      let contents = ArchiveContents(archive, size: entry.kind == .file ? entry.size : nil)
      defer { contents.close() }
      try body(entry, contents)
      try archive.skip()
    }
  }
}

/// Made once and never freed; a locale is not changed by use, so that threads may share it.
private struct SharedLocale: @unchecked Sendable { let value: locale_t? }
private let utf8Locale = SharedLocale(value: vml_utf8_locale())

/// The contents of one entry: taken whole or in parts, once.
package final class ArchiveContents {
  private var archive: OpenArchive?
  private let size: Int64?
  /// Where the next bytes belong: holes of sparse files are not stored.
  private var position: Int64 = 0

  fileprivate init(_ archive: OpenArchive, size: Int64?) {
    self.archive = archive
    self.size = size
  }

  fileprivate func close() { archive = nil }

  /// All of it. Throws ArchiveError `entryLimit` or `limit` where it is more than the limits allow.
  package func read() throws -> Data {
    var data = Data()
    // What a header says may be a lie, so that only this much is set aside for it.
    if let size, size > 0 { data.reserveCapacity(Int(min(size, 16 << 20))) }
    try forEachPart { data.append($0) }
    return data
  }

  /// The bytes in order, in parts of some hundred KiB.
  package func forEachPart(_ body: (Data) throws -> Void) throws {
    guard let archive else {
      throw ArchiveError(code: .gone, operation: "read contents", reason: "the entry has gone by")
    }
    while let block = try archive.block() {
      try fillHole(to: block.offset, archive, body)
      try archive.spend(block.data.count, entryTotal: position + Int64(block.data.count))
      position += Int64(block.data.count)
      try body(block.data)
    }
    // A sparse file may end in a hole.
    if let size { try fillHole(to: size, archive, body) }
  }

  private func fillHole(to offset: Int64, _ archive: OpenArchive, _ body: (Data) throws -> Void) throws {
    while position < offset {
      let part = Int(min(offset - position, 1 << 18))
      try archive.spend(part, entryTotal: position + Int64(part))
      position += Int64(part)
      try body(Data(count: part))
    }
  }
}

/// libarchive's handle. Used by one thread, within one call of `ArchiveReader.entries`.
private final class OpenArchive {
  let handle: OpaquePointer?
  let limits: ArchiveLimits
  private var budget: Int
  /// Whether a header was read: the format is known then.
  private var hasBegun = false
  /// Whether the contents of the entry at hand are encrypted.
  private var isEncrypted = false

  enum Formats { case all, foundZip, singleFile }

  init(limits: ArchiveLimits, size: Int, formats: Formats = .all) {
    self.limits = limits
    budget = limits.totalBytes(ofArchive: size)
    handle = archive_read_new()
    let packing = [
      archive_read_support_filter_gzip, archive_read_support_filter_bzip2, archive_read_support_filter_xz,
      archive_read_support_filter_zstd,
    ]
    let supported =
      switch formats {
      case .all:
        packing + [archive_read_support_format_tar, archive_read_support_format_zip, archive_read_support_format_ar]
      case .foundZip: [archive_read_support_format_zip_streamable]
      case .singleFile:
        packing + [archive_read_support_filter_lzma, archive_read_support_filter_lz4, archive_read_support_format_raw]
      }
    // ARCHIVE_WARN would mean that an outside program does it; Debian's libarchive has all of them inside.
    for support in supported { _ = support(handle) }
  }

  deinit { archive_read_free(handle) }

  /// The next header; nil at the end. Warnings, as of a name in no known encoding, do not count.
  func next() throws -> ArchiveEntry? {
    var entry: OpaquePointer?
    let status = archive_read_next_header(handle, &entry)
    if status == ARCHIVE_EOF { return nil }
    try check("next entry", status)
    hasBegun = true
    isEncrypted = entry.map { archive_entry_is_data_encrypted($0) != 0 } ?? false
    return entry.map { ArchiveEntry($0) }
  }

  /// The next stored bytes of the entry and where they belong; nil at its end.
  func block() throws -> (data: Data, offset: Int64)? {
    var (start, count, offset): (UnsafeRawPointer?, Int, Int64) = (nil, 0, 0)
    let status = archive_read_data_block(handle, &start, &count, &offset)
    if status == ARCHIVE_EOF { return nil }
    try check("read contents", status)
    return (start.map { Data(bytes: $0, count: count) } ?? Data(), offset)
  }

  /// Passes over what was not read of the entry. In a packed tar it has to be unpacked for that, so that it counts.
  func skip() throws {
    guard archive_filter_count(handle) > 1 else { return }
    while let block = try block() { try spend(block.data.count, entryTotal: 0) }
  }

  /// Takes `count` bytes from what may be read in all; `entryTotal` is what was then read of the entry.
  func spend(_ count: Int, entryTotal: Int64) throws {
    guard entryTotal <= Int64(limits.entryBytes) else {
      throw ArchiveError(
        code: .entryLimit, operation: "read contents",
        reason: "the entry is larger than the \(limits.entryBytes >> 20) MiB that are read of one")
    }
    guard count <= budget else {
      throw ArchiveError(
        code: .limit, operation: "read contents", reason: "the archive unpacks to more than is allowed")
    }
    budget -= count
  }

  /// Throws unless libarchive succeeded, if with a warning.
  func check(_ operation: String, _ status: CInt) throws {
    if status == ARCHIVE_OK || status == ARCHIVE_WARN { return }
    let reason = archive_error_string(handle).map { String(cString: $0) } ?? "status \(status)"
    // An entry fails with this error where libarchive does not know how it is packed.
    let isUnsupported = status == ARCHIVE_FAILED && (isEncrypted || archive_errno(handle) == EILSEQ)
    let code: ArchiveError.Code = isUnsupported ? .unsupported : hasBegun ? .damaged : .unreadable
    throw ArchiveError(code: code, operation: operation, reason: reason)
  }
}
