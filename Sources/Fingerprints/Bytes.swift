internal import Foundation

/// Why bytes are not what they seem to be.
struct Malformed: Error, Hashable, CustomStringConvertible {
  var description: String
  init(_ description: String) { self.description = description }
}

/// A part of a file, read by offset: every access is checked, none traps.
///
/// The one place outside the wrappers of C libraries that loads from raw memory; each load stands behind `require`.
struct Bytes: Sendable {
  let data: Data
  /// The byte order of the integers.
  var isBigEndian = false

  init(_ data: Data, isBigEndian: Bool = false) {
    self.data = data
    self.isBigEndian = isBigEndian
  }

  var count: UInt64 { UInt64(data.count) }
  var isEmpty: Bool { data.isEmpty }

  func u8(_ offset: UInt64) throws -> UInt8 { try integer(offset) }
  func u16(_ offset: UInt64) throws -> UInt16 { try integer(offset) }
  func u32(_ offset: UInt64) throws -> UInt32 { try integer(offset) }
  func u64(_ offset: UInt64) throws -> UInt64 { try integer(offset) }

  /// An unsigned integer of 4 or 8 bytes, widened.
  func word(_ offset: UInt64, isWide: Bool) throws -> UInt64 {
    isWide ? try u64(offset) : UInt64(try u32(offset))
  }

  /// `count` bytes from `offset` on.
  func slice(_ offset: UInt64, _ count: UInt64) throws -> Bytes {
    try require(offset, count)
    let start = data.startIndex + Int(offset)
    return Bytes(data[start..<start + Int(count)], isBigEndian: isBigEndian)
  }

  /// What follows `offset`.
  func slice(from offset: UInt64) throws -> Bytes {
    try require(offset, 0)
    return try slice(offset, count - offset)
  }

  /// At most `limit` bytes from the start.
  func prefix(_ limit: UInt64) -> Bytes {
    Bytes(data.prefix(Int(min(limit, count))), isBigEndian: isBigEndian)
  }

  /// The bytes from `offset` up to a NUL, at most `limit` of them, as text; what is not UTF-8 is replaced.
  func cString(_ offset: UInt64, limit: UInt64 = 4096) throws -> String {
    String(decoding: try slice(from: offset).prefix(limit).data.prefix { $0 != 0 }, as: UTF8.self)
  }

  func starts(with magic: [UInt8]) -> Bool { data.starts(with: magic) }

  /// Where `pattern` first occurs.
  func firstRange(of pattern: [UInt8]) -> UInt64? {
    data.range(of: Data(pattern)).map { UInt64($0.lowerBound - data.startIndex) }
  }

  /// Whether a NUL byte occurs.
  var hasNUL: Bool {
    data.withUnsafeBytes { raw in
      guard let base = raw.baseAddress else { return false }
      return memchr(base, 0, raw.count) != nil
    }
  }

  /// Whether all of it is valid UTF-8.
  var isUTF8: Bool { data.withUnsafeBytes { String(validating: $0, as: UTF8.self) != nil } }

  private func require(_ offset: UInt64, _ length: UInt64) throws {
    guard offset <= count, length <= count - offset else {
      throw Malformed("\(length) bytes at \(offset) reach beyond the \(count) that are there")
    }
  }

  private func integer<T: FixedWidthInteger & BitwiseCopyable>(_ offset: UInt64) throws -> T {
    try require(offset, UInt64(MemoryLayout<T>.size))
    let value = data.bytes.unsafeLoadUnaligned(fromByteOffset: Int(offset), as: T.self)
    return isBigEndian ? T(bigEndian: value) : T(littleEndian: value)
  }
}

/// `left + right`, refused where it does not fit.
func sum(_ left: UInt64, _ right: UInt64) throws -> UInt64 {
  let (value, overflow) = left.addingReportingOverflow(right)
  if overflow { throw Malformed("an offset does not fit 64 bits") }
  return value
}

/// `left * right`, refused where it does not fit.
func product(_ left: UInt64, _ right: UInt64) throws -> UInt64 {
  let (value, overflow) = left.multipliedReportingOverflow(by: right)
  if overflow { throw Malformed("a size does not fit 64 bits") }
  return value
}

/// The next multiple of `alignment`, a power of two.
func aligned(_ value: UInt64, to alignment: UInt64) throws -> UInt64 {
  try sum(value, alignment - 1) & ~(alignment - 1)
}
