internal import Foundation

/// Numbers of 4 bytes each, little-endian, in one column.
enum PackedNumbers {
  static func pack(_ numbers: some Sequence<Int>) -> Data {
    numbers.reduce(into: Data()) { data, number in
      for shift in [0, 8, 16, 24] { data.append(UInt8(truncatingIfNeeded: number >> shift)) }
    }
  }

  /// A rest of less than 4 bytes is left out.
  static func unpack(_ data: Data) -> [Int] {
    let bytes = Array(data)
    return stride(from: 0, to: bytes.count / 4 * 4, by: 4).map { start in
      (0..<4).reduce(0) { $0 | Int(bytes[start + $1]) << (8 * $1) }
    }
  }
}
