internal import CNBD
internal import DiskFormats

/// A disk that qemu-nbd shows. A compressed image is unpacked a cluster at a time, so small reads of the same place must
/// not reach the server again. Used from one thread only.
final class ServedBlocks {
  private let server: BlockServer
  private let files: [DiskFile]
  let size: UInt64
  private var cache = ChunkCache(most: 512)
  /// What was asked for ahead of its use.
  private var coming: PendingRead?

  // The cluster of most images.
  private static let chunkBytes: UInt64 = 64 << 10
  /// How many are read at once where reads go on from one to the next: qemu-nbd unpacks several side by side.
  private static let ahead: UInt64 = 8

  /// - Parameter files: of the image, which must stay as long as they were.
  init(_ server: BlockServer, _ files: [DiskFile]) {
    self.server = server
    self.files = files
    let length = vmlineage_nbd_get_size(server.nbd)
    size = length < 0 ? 0 : UInt64(length)
  }

  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(DirectDiskError) {
    var filled = 0
    while filled < buffer.count {
      let position = offset + UInt64(filled)
      let chunk = try chunk(position / Self.chunkBytes)
      filled += copy(chunk, from: Int(position % Self.chunkBytes), to: buffer, at: filled)
    }
  }

  private func chunk(_ number: UInt64) throws(DirectDiskError) -> [UInt8] {
    if let known = cache.chunk(number) { return known }
    let isGoingOn = number > 0 && cache.has(number - 1)
    let arrived: PendingRead
    if let next = coming, next.range.contains(number) {
      arrived = next
      coming = nil
    } else {
      arrived = try PendingRead(
        server, range(from: number, count: isGoingOn ? Self.ahead : 1), chunkBytes: Self.chunkBytes, size)
    }
    try keep(arrived)
    // What was asked for earlier and is not wanted any more has to arrive first.
    let last = arrived.range.upperBound - 1
    if isGoingOn, !cache.has(last + 1), (last + 1) * Self.chunkBytes < size {
      if let old = coming { try keep(old) }
      coming = try PendingRead(
        server, range(from: last + 1, count: Self.ahead), chunkBytes: Self.chunkBytes, size)
    }
    return cache.chunk(number) ?? []
  }

  private func range(from number: UInt64, count: UInt64) -> Range<UInt64> {
    number..<min(number + count, (size + Self.chunkBytes - 1) / Self.chunkBytes)
  }

  private func keep(_ read: PendingRead) throws(DirectDiskError) {
    let data = try read.bytes(server)
    if files.contains(where: \.isCut) { throw DirectDiskError("read", "the image ends early", isOfDisk: true) }
    for (next, begin) in zip(read.range, stride(from: 0, to: data.count, by: Int(Self.chunkBytes))) {
      cache.keep(Array(data[begin..<min(begin + Int(Self.chunkBytes), data.count)]), as: next)
    }
  }
}

/// Copies what a chunk has from a place on, as much as the buffer still takes.
/// - Returns: how many bytes.
func copy(_ chunk: [UInt8], from start: Int, to buffer: UnsafeMutableRawBufferPointer, at filled: Int) -> Int {
  let count = min(chunk.count - start, buffer.count - filled)
  guard count > 0 else { return buffer.count - filled }
  chunk.withUnsafeBytes { bytes in
    let part = UnsafeRawBufferPointer(rebasing: bytes[start..<start + count])
    UnsafeMutableRawBufferPointer(rebasing: buffer[filled..<filled + count]).copyMemory(from: part)
  }
  return count
}

/// A read that the server works on while this process does something else.
private final class PendingRead {
  let range: Range<UInt64>
  private let buffer: UnsafeMutableRawBufferPointer
  private let cookie: Int64

  /// - Parameter range: numbers of chunks, not empty.
  init(_ server: BlockServer, _ range: Range<UInt64>, chunkBytes: UInt64, _ size: UInt64) throws(DirectDiskError) {
    let start = range.lowerBound * chunkBytes
    let count = Int(min(UInt64(range.count) * chunkBytes, size - start))
    self.range = range
    buffer = .allocate(byteCount: count, alignment: 16)
    cookie = vmlineage_nbd_aio_pread(server.nbd, buffer.baseAddress, count, start, nbd_completion_callback(), 0)
    if cookie < 0 { throw server.readError() }
  }

  // libnbd writes to it only while it is called, and it is not called any more where this is not done.
  deinit { buffer.deallocate() }

  /// Waits for it.
  func bytes(_ server: BlockServer) throws(DirectDiskError) -> [UInt8] {
    while true {
      switch vmlineage_nbd_aio_command_completed(server.nbd, UInt64(cookie)) {
      case 1: return Array(buffer)
      case 0:
        if vmlineage_nbd_poll(server.nbd, -1) < 0 { throw server.readError() }
      default: throw server.readError()
      }
    }
  }
}
