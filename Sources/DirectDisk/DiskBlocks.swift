internal import CNBD
package import DiskFormats
package import Foundation

/// The bytes of a disk as the guest sees them, read-only, whatever format the image has: of a plain file from the file
/// itself, of any other through a qemu-nbd of its own (`BlockServer`). Used from one thread only.
package final class DiskBlocks {
  private enum Source {
    case file(DiskFile)
    case server(OpaquePointer)
  }

  private let source: Source
  /// Bytes of the whole disk.
  package let size: UInt64
  /// What was read last through the server, by number, and the numbers in the order of their last use. A compressed
  /// image is unpacked a cluster at a time, so small reads of the same place must not reach it again.
  private var chunks: [UInt64: Data] = [:]
  private var order: [UInt64] = []

  private static let chunkBytes: UInt64 = 256 << 10
  private static let chunkCount = 64

  /// - Parameters:
  ///   - folder: a private folder, for a socket that is gone when this returns.
  /// - Throws: `DirectDiskError` where qemu-nbd does not start or does not open the image.
  package init(_ chain: DiskChain, folder: String) throws {
    if let file = chain.plainFile {
      source = .file(file)
      size = chain.header.virtualSize
    } else {
      let nbd = try BlockServer.connect(to: chain, folder: folder)
      source = .server(nbd)
      let length = nbd_get_size(nbd)
      size = length < 0 ? 0 : UInt64(length)
    }
  }

  deinit { if case .server(let nbd) = source { nbd_close(nbd) } }

  /// Appends `count` bytes at `offset` to `data`.
  /// - Throws: where they are not all within the disk, or the image gives an error.
  package func append(_ count: Int, at offset: UInt64, to data: inout Data) throws(DirectDiskError) {
    let start = data.count
    data.count += count
    do throws(DirectDiskError) {
      var failure: DirectDiskError?
      data.withUnsafeMutableBytes { bytes in
        do throws(DirectDiskError) {
          try read(into: UnsafeMutableRawBufferPointer(rebasing: bytes[start...]), at: offset)
        } catch {
          failure = error
        }
      }
      if let failure { throw failure }
    } catch {
      data.count = start
      throw error
    }
  }

  /// Fills a buffer with the bytes from `offset` on.
  /// - Throws: where they are not all within the disk, or the image gives an error.
  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(DirectDiskError) {
    guard offset <= size, UInt64(buffer.count) <= size - offset else {
      throw DirectDiskError("read", "\(buffer.count) bytes at \(offset) are beyond the disk's end")
    }
    switch source {
    case .file(let file): try read(file, into: buffer, at: offset)
    case .server(let nbd): try read(nbd, into: buffer, at: offset)
    }
  }

  private func read(
    _ file: DiskFile, into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64
  ) throws(DirectDiskError) {
    var filled = 0
    while filled < buffer.count {
      let got = pread(
        file.descriptor, buffer.baseAddress?.advanced(by: filled), buffer.count - filled, off_t(offset) + off_t(filled))
      if got < 0, errno == EINTR { continue }
      guard got > 0 else {
        throw DirectDiskError("read", got == 0 ? "the image ends early" : String(cString: strerror(errno)))
      }
      filled += got
    }
  }

  private func read(
    _ nbd: OpaquePointer, into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64
  ) throws(DirectDiskError) {
    var filled = 0
    while filled < buffer.count {
      let position = offset + UInt64(filled)
      let inside = Int(position % Self.chunkBytes)
      let chunk = try chunk(position / Self.chunkBytes, nbd)
      let piece = chunk[(chunk.startIndex + inside)...].prefix(buffer.count - filled)
      UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]).copyBytes(from: piece)
      filled += piece.count
    }
  }

  private func chunk(_ number: UInt64, _ nbd: OpaquePointer) throws(DirectDiskError) -> Data {
    if let known = chunks[number] {
      if order.last != number, let place = order.lastIndex(of: number) { order.append(order.remove(at: place)) }
      return known
    }
    let start = number * Self.chunkBytes
    let count = Int(min(Self.chunkBytes, size - start))
    var data = Data(count: count)
    let status = data.withUnsafeMutableBytes { nbd_pread(nbd, $0.baseAddress, count, start, 0) }
    guard status == 0 else { throw DirectDiskError("read", BlockServer.lastError()) }
    if order.count == Self.chunkCount { chunks[order.removeFirst()] = nil }
    chunks[number] = data
    order.append(number)
    return data
  }
}

extension DiskChain {
  /// The file whose bytes from its start on are the disk's; nil where the format has to be read.
  fileprivate var plainFile: DiskFile? {
    guard layers.count == 1, layers[0].extents.isEmpty else { return nil }
    let isPlain = header.format == .raw || (header.format == .vhd && header.subformat == "fixed")
    return isPlain && header.virtualSize <= layers[0].file.size ? layers[0].file : nil
  }
}

/// What could not be read without an appliance, and why.
package struct DirectDiskError: Error, Sendable, CustomStringConvertible {
  package var operation: String
  package var reason: String

  init(_ operation: String, _ reason: String) {
    self.operation = operation
    self.reason = reason
  }

  package var description: String { "\(operation): \(reason)" }
}
