internal import Crypto
internal import Foundation

/// SHA-256 over ranges of a file, in which some bytes count as zero.
///
/// Overlapping ranges could make a small file cost hours, so that no more is hashed than twice the file's size.
struct MaskedHasher {
  private static let zeros = Data(count: 1 << 16)
  private var hasher = SHA256()
  private let bytes: Bytes
  private let masks: [Range<UInt64>]
  private var budget: UInt64

  init(_ bytes: Bytes, masks: [Range<UInt64>] = []) {
    self.bytes = bytes
    self.masks = masks.sorted { $0.lowerBound < $1.lowerBound }
    budget = bytes.count * 2
  }

  /// Hashes what is no part of the file, such as a name or a size.
  mutating func update(text: String) { hasher.update(data: Data(text.utf8)) }

  /// Hashes `count` bytes of the file from `offset` on.
  mutating func update(_ offset: UInt64, _ count: UInt64) throws {
    _ = try bytes.slice(offset, count)
    guard count <= budget else { throw Malformed("its parts overlap") }
    budget -= count
    let end = offset + count
    var position = offset
    for mask in masks where mask.upperBound > position && mask.lowerBound < end {
      if mask.lowerBound > position {
        hasher.update(data: try bytes.slice(position, mask.lowerBound - position).data)
        position = mask.lowerBound
      }
      let masked = min(mask.upperBound, end) - position
      update(zeros: masked)
      position += masked
    }
    hasher.update(data: try bytes.slice(position, end - position).data)
  }

  /// Hashes `count` zero bytes.
  mutating func update(zeros count: UInt64) {
    var rest = Int(clamping: count)
    while rest > 0 {
      let part = min(rest, Self.zeros.count)
      hasher.update(data: Self.zeros.prefix(part))
      rest -= part
    }
  }

  func finalize() -> Digest { Digest(hasher.finalize()) }
}
