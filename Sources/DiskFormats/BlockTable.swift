/// Where a block of the guest's disk lies in the image's file.
package enum BlockPlace: Equatable, Sendable {
  /// Nowhere: it reads as zeros.
  case zeros
  /// As it is, from this offset on.
  case plain(UInt64)
  /// As a raw deflate stream (RFC 1951) within so many bytes from this offset on.
  case deflated(UInt64, count: Int)
}

/// Where the blocks of an image lie, in formats that are simple enough to be read without qemu-nbd. Used from one thread
/// only.
package protocol BlockTable {
  /// Bytes of a block.
  var blockSize: UInt64 { get }
  /// Whether blocks may be deflated.
  var isCompressed: Bool { get }

  /// - Throws: where the table is damaged there, or the file cannot be read.
  func place(of block: UInt64) throws(DiskFormatError) -> BlockPlace
}

extension BlockTable {
  package var isCompressed: Bool { false }
}

/// The table of an image that is one file, closed as it should be, in a form that is read here; nil for any other.
package func readBlockTable(_ chain: DiskChain) throws(DiskFormatError) -> (any BlockTable)? {
  guard chain.layers.count == 1, chain.files.count == 1, chain.header.warnings.isEmpty, !chain.header.encrypted,
    chain.header.references.isEmpty
  else { return nil }
  let (file, format) = (chain.layers[0].file, chain.header.format)
  let isPlain = format == .raw || (format == .vhd && chain.header.subformat == "fixed")
  if isPlain { return chain.header.virtualSize <= file.size ? PlainBlocks() : nil }
  guard let type = diskHeaderReaders.first(where: { $0.format == format }) else { return nil }
  var header = DiskHeader(format: format)
  var reader = type.init(try DiskSource(bytes: file, name: file.path))
  try reader.read(into: &header)
  guard header == chain.header.unmeasured else { return nil }
  return try reader.blockTable(of: header)
}

extension DiskHeader {
  fileprivate var unmeasured: DiskHeader {
    var header = self
    header.highestMappedByte = nil
    return header
  }
}

/// The file is the disk.
private struct PlainBlocks: BlockTable {
  let blockSize: UInt64 = 1 << 20
  func place(of block: UInt64) -> BlockPlace { .plain(block.times(blockSize)) }
}

/// A table that is one list of numbers, held in memory.
struct ListedBlocks: BlockTable {
  let blockSize: UInt64
  private let places: [UInt64: UInt64]

  /// Bytes of the largest list that is read; a VHDX of 1 TiB in blocks of 1 MiB has 8 MiB.
  static let longest: UInt64 = 16 << 20

  /// Nil where the list is too long.
  /// - Parameter place: the block that an entry is of, and where that lies; nil where it lies nowhere.
  init?(
    _ source: DiskSource, _ table: DiskSource.Table, blockSize: UInt64,
    place: (UInt64, UInt64) throws(DiskFormatError) -> (block: UInt64, offset: UInt64)?
  ) throws(DiskFormatError) {
    guard table.count.times(UInt64(table.width)) <= Self.longest else { return nil }
    var budget = DiskSource.tableBudget
    var places: [UInt64: UInt64] = [:]
    _ = try source.forEachEntry(of: table, budget: &budget) { index, entry throws(DiskFormatError) in
      if let found = try place(index, entry) { places[found.block] = found.offset }
    }
    self.blockSize = blockSize
    self.places = places
  }

  func place(of block: UInt64) -> BlockPlace { places[block].map { .plain($0) } ?? .zeros }
}
