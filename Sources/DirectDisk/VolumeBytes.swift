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
