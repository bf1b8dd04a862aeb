internal import CDeflate
internal import DiskFormats
internal import Foundation

/// The blocks of an image that are read from its file by this process. Used from one thread only.
final class ImageBlocks {
  private let file: DiskFile
  private let table: any BlockTable
  private let size: UInt64
  private let decompressor = libdeflate_alloc_decompressor()
  /// Pieces of which only a part was wanted: the next part often is wanted next.
  private var cache: ChunkCache
  /// A compressed block is one chunk, so that it is unpacked once.
  private let chunkBytes: UInt64

  /// - Parameter size: bytes of the disk.
  init(_ file: DiskFile, _ table: any BlockTable, size: UInt64) {
    self.file = file
    self.table = table
    self.size = size
    chunkBytes = table.isCompressed ? table.blockSize : min(table.blockSize, 16 << 10)
    cache = ChunkCache(most: Int(max(4, (32 << 20) / chunkBytes)))
  }

  deinit { libdeflate_free_decompressor(decompressor) }

  /// Fills a buffer: whole chunks go straight to where they are wanted, what is before and after them through the cache.
  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(DirectDiskError) {
    var filled = 0
    while filled < buffer.count {
      let (number, inside) = (offset + UInt64(filled)).quotientAndRemainder(dividingBy: chunkBytes)
      let whole = (buffer.count - filled) / Int(chunkBytes) * Int(chunkBytes)
      if inside == 0, whole > 0 {
        let part = UnsafeMutableRawBufferPointer(rebasing: buffer[filled..<filled + whole])
        try readBlocks(into: part, at: offset + UInt64(filled))
        filled += whole
      } else {
        filled += copy(try chunk(number), from: Int(inside), to: buffer, at: filled)
      }
    }
  }

  private func chunk(_ number: UInt64) throws(DirectDiskError) -> [UInt8] {
    if let known = cache.chunk(number) { return known }
    var chunk = [UInt8](repeating: 0, count: Int(min(chunkBytes, size - number * chunkBytes)))
    let result = chunk.withUnsafeMutableBytes { buffer in
      Result { () throws(DirectDiskError) in try readBlocks(into: buffer, at: number * chunkBytes) }
    }
    try result.get()
    cache.keep(chunk, as: number)
    return chunk
  }

  private func readBlocks(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(DirectDiskError) {
    var filled = 0
    while filled < buffer.count {
      let (block, inside) = (offset + UInt64(filled)).quotientAndRemainder(dividingBy: table.blockSize)
      let count = Int(min(UInt64(buffer.count - filled), table.blockSize - inside))
      try read(block, inside, into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled..<filled + count]))
      filled += count
    }
  }

  private func read(
    _ block: UInt64, _ inside: UInt64, into buffer: UnsafeMutableRawBufferPointer
  ) throws(DirectDiskError) {
    let place: BlockPlace
    do {
      place = try table.place(of: block)
    } catch {
      throw DirectDiskError("read", error.reason, isOfDisk: true)
    }
    switch place {
    case .zeros: _ = buffer.initializeMemory(as: UInt8.self, repeating: 0)
    case .plain(let offset): try readPlain(offset.addingReportingOverflow(inside), into: buffer)
    case .deflated(let offset, let count): try unpack(offset, count, inside, into: buffer)
    }
  }

  private func readPlain(
    _ offset: (partialValue: UInt64, overflow: Bool), into buffer: UnsafeMutableRawBufferPointer
  ) throws(DirectDiskError) {
    let count: Int
    do {
      count = offset.overflow ? 0 : try file.read(at: offset.partialValue, into: buffer)
    } catch {
      throw DirectDiskError("read", error.reason, isOfDisk: true)
    }
    if count < buffer.count { throw DirectDiskError("read", "the image ends early", isOfDisk: true) }
  }

  private func unpack(
    _ offset: UInt64, _ count: Int, _ inside: UInt64, into buffer: UnsafeMutableRawBufferPointer
  ) throws(DirectDiskError) {
    if UInt64(buffer.count) == table.blockSize { return try unpack(offset, count, into: buffer) }
    let whole = UnsafeMutableRawBufferPointer.allocate(byteCount: Int(table.blockSize), alignment: 16)
    defer { whole.deallocate() }
    try unpack(offset, count, into: whole)
    let part = whole[Int(inside)..<Int(inside) + buffer.count]
    buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: part))
  }

  /// A whole block. The last one of a file may end before its last sector does.
  private func unpack(
    _ offset: UInt64, _ count: Int, into buffer: UnsafeMutableRawBufferPointer
  ) throws(DirectDiskError) {
    guard let packed = try? file.read(at: offset, count: count) else {
      throw DirectDiskError("read", "a packed block cannot be read", isOfDisk: true)
    }
    let result = packed.withUnsafeBytes { packed in
      libdeflate_deflate_decompress(
        decompressor, packed.baseAddress, packed.count, buffer.baseAddress, buffer.count, nil)
    }
    guard result == LIBDEFLATE_SUCCESS else {
      throw DirectDiskError("read", "a packed block at \(offset) does not unpack", isOfDisk: true)
    }
  }
}
