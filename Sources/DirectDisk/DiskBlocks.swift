internal import CNBD
package import DiskFormats
package import Foundation

/// The bytes of a disk as the guest sees them, read-only, whatever format the image has: of a plain file from the file
/// itself, of any other through a qemu-nbd of its own (`BlockServer`). Used from one thread only.
package final class DiskBlocks {
  private enum Source {
    case file(DiskFile)
    case server(BlockServer)
  }

  private let source: Source
  /// Bytes of the whole disk.
  package let size: UInt64
  /// What was read last through the server, by number, and the numbers in the order of their last use. A compressed
  /// image is unpacked a cluster at a time, so small reads of the same place must not reach it again.
  private var chunks: [UInt64: Data] = [:]
  private var order: [UInt64] = []
  /// What was asked for ahead of its use.
  private var coming: PendingRead?

  // The cluster of most images; 32 MiB of them.
  private static let chunkBytes: UInt64 = 64 << 10
  private static let chunkCount = 512
  /// How many are read at once where reads go on from one to the next: qemu-nbd unpacks several side by side.
  private static let ahead: UInt64 = 8

  /// - Parameters:
  ///   - folder: a private folder, for a socket that is gone when this returns.
  ///   - means: what confines qemu-nbd.
  /// - Throws: `DirectDiskError` where qemu-nbd does not start or does not open the image.
  package init(_ chain: DiskChain, folder: String, by means: Confinement.Means? = .landlock) throws {
    if let file = chain.plainFile {
      source = .file(file)
      size = chain.header.virtualSize
    } else {
      let server = try BlockServer(chain, folder: folder, by: means)
      source = .server(server)
      let length = nbd_get_size(server.nbd)
      size = length < 0 ? 0 : UInt64(length)
    }
  }

  /// Appends `count` bytes at `offset` to `data`.
  /// - Throws: where they are not all within the disk, or the image gives an error.
  package func append(_ count: Int, at offset: UInt64, to data: inout Data) throws(DirectDiskError) {
    let start = data.count
    data.count += count
    let result = data.withUnsafeMutableBytes { bytes in
      Result { () throws(DirectDiskError) in
        try read(into: UnsafeMutableRawBufferPointer(rebasing: bytes[start...]), at: offset)
      }
    }
    if case .failure = result { data.count = start }
    try result.get()
  }

  /// Fills a buffer with the bytes from `offset` on.
  /// - Throws: where they are not all within the disk, or the image gives an error.
  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(DirectDiskError) {
    guard offset <= size, UInt64(buffer.count) <= size - offset else {
      throw DirectDiskError("read", "\(buffer.count) bytes at \(offset) are beyond the disk's end")
    }
    switch source {
    case .file(let file): try read(file, into: buffer, at: offset)
    case .server(let server): try read(server.nbd, into: buffer, at: offset)
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
        let reason = got == 0 ? "the image ends early" : String(cString: strerror(errno))
        throw DirectDiskError("read", reason, isOfDisk: true)
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
    let isGoingOn = number > 0 && chunks[number - 1] != nil
    if let next = coming, next.range.contains(number) {
      coming = nil
      keep(try next.data(nbd), from: next.range.lowerBound)
    } else {
      let range = range(from: number, count: isGoingOn ? Self.ahead : 1)
      keep(try PendingRead(nbd, range, chunkBytes: Self.chunkBytes, size).data(nbd), from: range.lowerBound)
    }
    // What was asked for earlier and is not wanted any more has to arrive first.
    if isGoingOn, let last = order.last, chunks[last + 1] == nil, (last + 1) * Self.chunkBytes < size {
      if let old = coming { keep(try old.data(nbd), from: old.range.lowerBound) }
      coming = try PendingRead(nbd, range(from: last + 1, count: Self.ahead), chunkBytes: Self.chunkBytes, size)
    }
    return chunks[number] ?? Data()
  }

  private func range(from number: UInt64, count: UInt64) -> Range<UInt64> {
    number..<min(number + count, (size + Self.chunkBytes - 1) / Self.chunkBytes)
  }

  private func keep(_ data: Data, from number: UInt64) {
    for (next, begin) in zip(number..., stride(from: 0, to: data.count, by: Int(Self.chunkBytes))) {
      if chunks[next] == nil { order.append(next) }
      chunks[next] = data[begin..<min(begin + Int(Self.chunkBytes), data.count)]
    }
    while order.count > Self.chunkCount { chunks[order.removeFirst()] = nil }
  }
}

/// A read that the server works on while this process does something else.
private final class PendingRead {
  let range: Range<UInt64>
  private let buffer: UnsafeMutableRawBufferPointer
  private let cookie: Int64

  /// - Parameter range: numbers of chunks, not empty.
  init(_ nbd: OpaquePointer, _ range: Range<UInt64>, chunkBytes: UInt64, _ size: UInt64) throws(DirectDiskError) {
    let start = range.lowerBound * chunkBytes
    let count = Int(min(UInt64(range.count) * chunkBytes, size - start))
    self.range = range
    buffer = .allocate(byteCount: count, alignment: 16)
    cookie = nbd_aio_pread(nbd, buffer.baseAddress, count, start, nbd_completion_callback(), 0)
    if cookie < 0 { throw DirectDiskError("read", BlockServer.lastError(), isOfDisk: true) }
  }

  // libnbd writes to it only while it is called, and it is not called any more where this is not done.
  deinit { buffer.deallocate() }

  /// Waits for it.
  func data(_ nbd: OpaquePointer) throws(DirectDiskError) -> Data {
    while true {
      switch nbd_aio_command_completed(nbd, UInt64(cookie)) {
      case 1: return Data(buffer)
      case 0: if nbd_poll(nbd, -1) < 0 { throw DirectDiskError("read", BlockServer.lastError(), isOfDisk: true) }
      default: throw DirectDiskError("read", BlockServer.lastError(), isOfDisk: true)
      }
    }
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
  /// Whether the disk itself gave the error, not what is on it.
  package var isOfDisk = false

  init(_ operation: String, _ reason: String, isOfDisk: Bool = false) {
    self.operation = operation
    self.reason = reason
    self.isOfDisk = isOfDisk
  }

  package var description: String { "\(operation): \(reason)" }
}
