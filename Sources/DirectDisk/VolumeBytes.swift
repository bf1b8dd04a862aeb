internal import DiskFormats
internal import Foundation

/// The bytes of one volume: of the whole disk, a partition or a logical volume. Used from one thread only.
final class VolumeBytes {
  private let blocks: DiskBlocks
  private let map: BlockMap
  /// The last error of a read whose caller had no means to tell one: the C libraries pass over some.
  var failure: DirectDiskError?

  init(_ blocks: DiskBlocks, _ map: BlockMap) {
    self.blocks = blocks
    self.map = map
  }

  var size: UInt64 { map.size }

  /// Where it lies: a part of it as a volume of its own; nil where that is not all inside.
  func part(from start: UInt64, count: UInt64) -> VolumeBytes? {
    map.pieces(at: start, count: count).map { VolumeBytes(blocks, BlockMap(joining: $0)) }
  }

  /// Parts of one disk as one volume; nil where there are none, or too many bytes.
  convenience init?(joining parts: [VolumeBytes]) {
    guard let blocks = parts.first?.blocks else { return nil }
    var size: UInt64 = 0
    for part in parts {
      let (sum, overflow) = size.addingReportingOverflow(part.size)
      if overflow { return nil }
      size = sum
    }
    self.init(blocks, BlockMap(joining: parts.flatMap { $0.map.pieces(at: 0, count: $0.size) ?? [] }))
  }

  /// Fills a buffer from `offset` on; less at the end.
  /// - Returns: how many bytes.
  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(DirectDiskError) -> Int {
    guard offset < size else { return 0 }
    let count = min(UInt64(buffer.count), size - offset)
    do throws(DirectDiskError) {
      if let place = map.place(of: offset, count: count) {
        try blocks.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<Int(count)]), at: place)
        return Int(count)
      }
      var filled = 0
      for piece in map.pieces(at: offset, count: count) ?? [] {
        let end = filled + Int(piece.count)
        try blocks.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled..<end]), at: piece.disk)
        filled = end
      }
      return filled
    } catch {
      failure = error
      throw error
    }
  }

  /// The bytes from `offset` on: `count`, or fewer where the volume ends first.
  func bytes(at offset: UInt64, count: Int) throws(DirectDiskError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    let result = bytes.withUnsafeMutableBytes { buffer in
      Result { () throws(DirectDiskError) in try read(into: buffer, at: offset) }
    }
    bytes.removeLast(count - (try result.get()))
    return bytes
  }
}

extension [UInt8] {
  /// The little-endian number of so many bytes, at most 8; zero where they are not all there.
  func number(_ offset: Int, _ width: Int) -> UInt64 {
    guard offset >= 0, offset <= count - width else { return 0 }
    return self[offset..<offset + width].reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// The big-endian number of so many bytes, at most 8; zero where they are not all there.
  func bigNumber(_ offset: Int, _ width: Int) -> UInt64 {
    guard offset >= 0, offset <= count - width else { return 0 }
    return self[offset..<offset + width].reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// Whether this text stands there.
  func has(_ text: String, at offset: Int) -> Bool { has(Array(text.utf8), at: offset) }

  func has(_ bytes: [UInt8], at offset: Int) -> Bool {
    offset <= count - bytes.count && self[offset..<offset + bytes.count].elementsEqual(bytes)
  }

  /// A text of fixed length that ends at its first zero byte, without blanks behind it; nil where nothing is left.
  func text(_ offset: Int, _ length: Int) -> String? {
    guard offset <= count - length else { return nil }
    var text = self[offset..<offset + length].prefix { $0 != 0 }
    while text.last == UInt8(ascii: " ") { text.removeLast() }
    return text.isEmpty ? nil : String(decoding: text, as: UTF8.self)
  }

  /// A text of UTF-16 units, up to its first zero unit.
  func utf16(_ offset: Int, units: Int) -> String? {
    let all = (0..<units).map { UInt16(truncatingIfNeeded: number(offset + 2 * $0, 2)) }
    let text = String(decoding: all.prefix { $0 != 0 }, as: UTF16.self)
    return text.isEmpty ? nil : text
  }

  /// A UUID as it is printed; with its first three fields little-endian where it is a GUID.
  func uuid(_ offset: Int, isGUID: Bool = false) -> String? {
    guard offset <= count - 16 else { return nil }
    return uuidText(self[offset..<offset + 16], mixedEndian: isGUID)
  }
}

/// At least so many lower-case digits.
func hexadecimal(_ number: UInt64, digits: Int) -> String {
  let text = String(number, radix: 16)
  return String(repeating: "0", count: max(0, digits - text.count)) + text
}
