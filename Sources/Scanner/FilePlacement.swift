internal import DirectDisk
internal import DiskFormats
internal import Foundation
internal import Guestfs
internal import Inventory

/// One file's bytes on the image's disk.
struct FilePlacement {
  /// A run of the file's bytes; what lies between two runs reads as zeros.
  private struct Run {
    var logical: UInt64
    var disk: UInt64
    var count: UInt64
  }

  let file: FileRecord
  private let runs: [Run]
  private let blocks: DiskBlocks

  /// Nil where an extent is out of order or not wholly on the volume: such a file is for the guest's kernel to judge.
  init?(_ file: FileRecord, extents: [Extent], map: BlockMap, blocks: DiskBlocks) {
    var runs: [Run] = []
    var end: UInt64 = 0
    for extent in extents {
      guard extent.logical >= end else { return nil }
      if extent.logical >= file.size { break }
      let count = min(extent.length, file.size - extent.logical)
      guard let pieces = map.pieces(at: extent.physical, count: count) else { return nil }
      var logical = extent.logical
      for piece in pieces {
        runs.append(Run(logical: logical, disk: piece.disk, count: piece.count))
        logical += piece.count
      }
      end = logical
    }
    self.file = file
    self.runs = runs
    self.blocks = blocks
  }

  /// Where its first byte lies on the disk.
  var start: UInt64 { runs.first?.disk ?? 0 }

  /// Some of its bytes; nil where they are beyond its end or the disk gives an error.
  func bytes(from start: UInt64, count: UInt64) -> Data? {
    guard start <= file.size, count <= file.size - start else { return nil }
    var data = Data(capacity: Int(count))
    var position = start
    let end = start + count
    for run in runs where run.logical < end && run.logical + run.count > position {
      if run.logical > position { zeros(until: run.logical, &position, &data) }
      let inside = position - run.logical
      let length = min(run.count - inside, end - position)
      guard (try? blocks.append(Int(length), at: run.disk + inside, to: &data)) != nil else { return nil }
      position += length
    }
    zeros(until: end, &position, &data)
    return data
  }

  private func zeros(until end: UInt64, _ position: inout UInt64, _ data: inout Data) {
    guard end > position else { return }
    data.append(Data(count: Int(end - position)))
    position = end
  }
}
