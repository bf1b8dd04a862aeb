internal import CNBD
package import Foundation

/// The bytes of a disk as the guest sees them, read-only, whatever format the image has: qemu-nbd knows the formats and
/// speaks to us over a socket that nobody else has (nbd_connect_systemd_socket_activation(3)).
///
/// It runs in this process's group and ends when this value closes the connection, at the latest with the group. Used from one thread only.
package final class DiskBlocks {
  private let nbd: OpaquePointer
  /// Bytes of the whole disk.
  package let size: UInt64
  // Reading a compressed image in small pieces unpacks each cluster again and again; what is sorted by place hits this.
  private var cached: (start: UInt64, data: Data) = (0, Data())
  private static let chunk: UInt64 = 512 << 10

  /// - Parameter image: a `json:{…}` name with every layer's driver stated, so that nothing is probed.
  /// - Throws: `DirectDiskError` where qemu-nbd does not start or does not open it.
  package init(image: String) throws(DirectDiskError) {
    guard let nbd = nbd_create() else { throw DirectDiskError(operation: "nbd_create", reason: Self.lastError()) }
    let arguments = ["qemu-nbd", "--read-only", image]
    var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    defer { for pointer in pointers { free(pointer) } }
    guard nbd_connect_systemd_socket_activation(nbd, &pointers) == 0 else {
      defer { nbd_close(nbd) }
      throw DirectDiskError(operation: "qemu-nbd", reason: Self.lastError())
    }
    let size = nbd_get_size(nbd)
    guard size >= 0 else {
      defer { nbd_close(nbd) }
      throw DirectDiskError(operation: "nbd_get_size", reason: Self.lastError())
    }
    self.nbd = nbd
    self.size = UInt64(size)
  }

  deinit { nbd_close(nbd) }

  /// Appends `count` bytes at `offset` to `data`.
  /// - Throws: where they are not all within the disk, or the image gives an error.
  package func append(_ count: Int, at offset: UInt64, to data: inout Data) throws(DirectDiskError) {
    guard count >= 0, offset <= size, UInt64(count) <= size - offset else {
      throw DirectDiskError(operation: "read", reason: "\(count) bytes at \(offset) are beyond the disk's end")
    }
    var position = offset
    let end = offset + UInt64(count)
    while position < end {
      let start = position / Self.chunk * Self.chunk
      if cached.data.isEmpty || cached.start != start { try load(start) }
      let from = Int(position - start)
      let to = Int(min(end - start, UInt64(cached.data.count)))
      data.append(cached.data[from..<to])
      position = start + UInt64(to)
    }
  }

  private func load(_ start: UInt64) throws(DirectDiskError) {
    let count = Int(min(Self.chunk, size - start))
    var data = Data(count: count)
    let status = data.withUnsafeMutableBytes { nbd_pread(nbd, $0.baseAddress, count, start, 0) }
    guard status == 0 else {
      cached.data = Data()
      throw DirectDiskError(operation: "read", reason: Self.lastError())
    }
    cached = (start, data)
  }

  private static func lastError() -> String { nbd_get_error().map { String(cString: $0) } ?? "no reason given" }
}

/// A disk that could not be read without an appliance.
package struct DirectDiskError: Error, Sendable, CustomStringConvertible {
  package var operation: String
  package var reason: String

  package var description: String { "\(operation): \(reason)" }
}
