/// The clusters of a qcow2 by its two levels of tables (`QCOW2`).
final class QCOW2Blocks: BlockTable {
  let blockSize: UInt64
  let isCompressed = true
  private let source: DiskSource
  private let clusterBits: UInt64
  /// Of version 3; in version 2 that bit means nothing.
  private let knowsZeros: Bool
  private let level1: [UInt64]
  /// Tables of the second level that were read, by their position in the first.
  private var level2: [UInt64: [UInt64]] = [:]

  /// So many are kept; one tells of 512 MiB in clusters of 64 KiB.
  private static let kept = 128

  init(_ source: DiskSource, clusterBits: UInt64, knowsZeros: Bool, level1: [UInt64]) {
    blockSize = 1 << clusterBits
    self.source = source
    self.clusterBits = clusterBits
    self.knowsZeros = knowsZeros
    self.level1 = level1
  }

  func place(of block: UInt64) throws(DiskFormatError) -> BlockPlace {
    let entries = blockSize / 8
    let table = try table(block / entries)
    if table.isEmpty { return .zeros }
    let entry = table[Int(block % entries)]
    if entry & 1 << 62 != 0 {
      let bits = 62 - (clusterBits - 8)
      let offset = entry & (1 << bits - 1)
      // Counted in sectors beyond the one that it begins in.
      let sectors = (entry & (1 << 62 - 1)) >> bits
      return .deflated(offset, count: Int((sectors + 1) * 512 - offset % 512))
    }
    let offset = entry & QCOW2.offsetMask
    if offset == 0 || (knowsZeros && entry & 1 != 0) { return .zeros }
    guard offset % blockSize == 0 else { throw source.error(.damaged, "a cluster does not begin where one can") }
    return .plain(offset)
  }

  /// Empty where there is none.
  private func table(_ index: UInt64) throws(DiskFormatError) -> [UInt64] {
    if let known = level2[index] { return known }
    guard index < UInt64(level1.count) else { throw source.error(.damaged, "its L1 table does not fit its size") }
    let offset = level1[Int(index)] & QCOW2.offsetMask
    var table: [UInt64] = []
    if offset != 0 {
      let view = try source.exactly("L2 table", at: offset, count: Int(blockSize), order: .big)
      table = view.bigNumbers
    }
    if level2.count >= Self.kept { level2.removeAll() }
    level2[index] = table
    return table
  }
}

extension ByteView {
  /// All of it as big-endian numbers of 8 bytes.
  var bigNumbers: [UInt64] {
    stride(from: 0, to: bytes.count - 7, by: 8).map { start in
      var value: UInt64 = 0
      for position in start..<start + 8 { value = value << 8 | UInt64(bytes[position]) }
      return value
    }
  }
}
