package import DiskFormats
package import Foundation

/// The bytes of a disk as the guest sees them, read-only, whatever format the image has: from the image's file where its
/// format is simple enough, else through a qemu-nbd of its own. Used from one thread only.
package final class DiskBlocks {
  private enum Source {
    case image(ImageBlocks)
    case server(ServedBlocks)
  }

  private let source: Source
  /// Bytes of the whole disk.
  package let size: UInt64
  /// Bytes of a logical sector, where the image says it.
  let sectorSize: UInt64?

  /// - Parameters:
  ///   - folder: a private folder, for a socket that is gone when this returns.
  ///   - means: what confines qemu-nbd.
  /// - Throws: `DirectDiskError` where qemu-nbd does not start or does not open the image.
  package init(_ chain: DiskChain, folder: String, by means: Confinement.Means? = .landlock) throws {
    sectorSize = chain.header.sectorSize
    let table: (any BlockTable)?
    do {
      table = try readBlockTable(chain)
    } catch {
      throw DirectDiskError("read image", error.reason, isOfDisk: true)
    }
    if let table {
      size = chain.header.virtualSize
      source = .image(ImageBlocks(chain.layers[0].file, table, size: size))
    } else {
      let served = ServedBlocks(try BlockServer(chain, folder: folder, by: means), chain.files)
      size = served.size
      source = .server(served)
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
    case .image(let image): try image.read(into: buffer, at: offset)
    case .server(let server): try server.read(into: buffer, at: offset)
    }
  }
}

/// What could not be read without an appliance, and why.
package struct DirectDiskError: Error, Sendable, CustomStringConvertible {
  package var operation: String
  package var reason: String
  /// Whether the disk itself gave the error, not what is on it.
  package var isOfDisk = false
  /// Whether no other reader gets further.
  package var isFinal = false
  /// Whether a part of it is not on this disk.
  package var isIncomplete = false

  init(
    _ operation: String, _ reason: String, isOfDisk: Bool = false, isFinal: Bool = false, isIncomplete: Bool = false
  ) {
    self.operation = operation
    self.reason = reason
    self.isOfDisk = isOfDisk
    self.isFinal = isFinal
    self.isIncomplete = isIncomplete
  }

  package var description: String { "\(operation): \(reason)" }
}
