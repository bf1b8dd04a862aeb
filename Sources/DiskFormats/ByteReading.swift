/// Sums and products of numbers that strangers wrote. They stop at the largest number, which every bound refuses.
extension UInt64 {
  func plus(_ other: UInt64) -> UInt64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }

  func times(_ other: UInt64) -> UInt64 {
    let (product, overflow) = multipliedReportingOverflow(by: other)
    return overflow ? .max : product
  }

  /// Division that rounds up; 0 where the divisor is 0.
  func dividedUp(by divisor: UInt64) -> UInt64 {
    divisor == 0 ? 0 : self / divisor + (self % divisor == 0 ? 0 : 1)
  }

  var isPowerOfTwo: Bool { nonzeroBitCount == 1 }
}

enum ByteOrder { case little, big }

/// A piece of a header in memory.
struct ByteView {
  let bytes: [UInt8]
  let order: ByteOrder
  /// The image that it comes from, for errors.
  let subject: String

  func integer<Integer: FixedWidthInteger & UnsignedInteger>(
    _ type: Integer.Type, at offset: Int
  ) throws(DiskFormatError) -> Integer {
    let piece = try slice(at: offset, count: Integer.bitWidth / 8)
    var value: Integer = 0
    for byte in order == .big ? Array(piece) : piece.reversed() { value = value << 8 | Integer(byte) }
    return value
  }

  func u16(_ offset: Int) throws(DiskFormatError) -> UInt16 { try integer(UInt16.self, at: offset) }
  func u32(_ offset: Int) throws(DiskFormatError) -> UInt32 { try integer(UInt32.self, at: offset) }
  func u64(_ offset: Int) throws(DiskFormatError) -> UInt64 { try integer(UInt64.self, at: offset) }

  func slice(at offset: Int, count: Int) throws(DiskFormatError) -> ArraySlice<UInt8> {
    guard offset >= 0, count >= 0, offset <= bytes.count, count <= bytes.count - offset else {
      throw DiskFormatError(.damaged, subject: subject, reason: "a field lies outside the header")
    }
    return bytes[offset..<offset + count]
  }

  /// UTF-16 text up to the first zero unit; what is not valid becomes U+FFFD.
  func utf16(at offset: Int, bytes count: Int) throws(DiskFormatError) -> String {
    var units: [UInt16] = []
    for position in stride(from: 0, to: count - 1, by: 2) {
      let unit = try u16(offset + position)
      if unit == 0 { break }
      units.append(unit)
    }
    return String(decoding: units, as: UTF16.self)
  }

  /// A UUID in the byte order of RFC 4122, or with its first three fields little-endian (GUID). Nil where it is zero.
  func uuid(at offset: Int, mixedEndian: Bool) throws(DiskFormatError) -> String? {
    uuidText(try slice(at: offset, count: 16), mixedEndian: mixedEndian)
  }
}

/// 16 bytes as a UUID in the byte order of RFC 4122, or with its first three fields little-endian (GUID). Nil where they
/// are zero, or not 16.
package func uuidText(_ bytes: ArraySlice<UInt8>, mixedEndian: Bool) -> String? {
  let raw = Array(bytes)
  guard raw.count == 16, raw.contains(where: { $0 != 0 }) else { return nil }
  let positions = mixedEndian ? [3, 2, 1, 0, 5, 4, 7, 6] + Array(8...15) : Array(0...15)
  let digits = positions.map { position in
    let digits = String(raw[position], radix: 16)
    return digits.count == 1 ? "0" + digits : digits
  }
  return [digits[0..<4], digits[4..<6], digits[6..<8], digits[8..<10], digits[10..<16]]
    .map { $0.joined() }.joined(separator: "-")
}
