/// Where a volume's bytes lie on the image's disk, for volumes that stand on it plainly: the whole disk, a partition, a
/// linear logical volume. Encrypted, striped and mirrored ones have none.
package struct BlockMap: Sendable, Equatable {
  /// A run of bytes of the volume, in order, without gaps.
  private struct Segment: Sendable, Equatable {
    var start: UInt64
    var length: UInt64
    var disk: UInt64
  }

  private var segments: [Segment] = []
  /// Bytes of the volume.
  package private(set) var size: UInt64 = 0

  /// A volume of pieces of the disk in their order, whose lengths together are below 2^64.
  package init(joining pieces: [(disk: UInt64, count: UInt64)]) {
    for piece in pieces {
      segments.append(Segment(start: size, length: piece.count, disk: piece.disk))
      size += piece.count
    }
  }

  /// Where a run of the volume's bytes lies on the disk; nil where that is not one piece inside the volume.
  package func place(of offset: UInt64, count: UInt64) -> UInt64? {
    for segment in segments where offset >= segment.start && offset - segment.start < segment.length {
      let inside = offset - segment.start
      return count <= segment.length - inside ? segment.disk + inside : nil
    }
    return nil
  }

  /// The pieces of the disk that a run of the volume's bytes lies on; nil where it is not all inside the volume.
  package func pieces(at offset: UInt64, count: UInt64) -> [(disk: UInt64, count: UInt64)]? {
    var pieces: [(disk: UInt64, count: UInt64)] = []
    var position = offset
    var left = count
    for segment in segments where left > 0 && position >= segment.start && position - segment.start < segment.length {
      let inside = position - segment.start
      let length = min(left, segment.length - inside)
      pieces.append((segment.disk + inside, length))
      position += length
      left -= length
    }
    return left == 0 ? pieces : nil
  }
}
