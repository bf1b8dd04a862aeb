internal import Foundation

/// Bytes that can be read at any offset: an open file, or an array in tests.
package protocol RandomAccessBytes {
  /// The number of bytes.
  var size: UInt64 { get }
  /// The bytes from `offset` on: `count`, or fewer where the end comes first, none past it.
  func read(at offset: UInt64, count: Int) throws -> [UInt8]
}

/// A regular file or block device, opened once for reading. Whoever works on it does so by `descriptor`, so that
/// what was checked is what is read, whatever becomes of the path.
package final class DiskFile: RandomAccessBytes, Sendable {
  /// The path that was opened.
  package let path: String
  /// Open for as long as this object lives.
  package let descriptor: Int32
  /// Length in bytes; of a block device, that of the device.
  package let size: UInt64
  /// Nanoseconds since 1970.
  package let modified: Int64
  /// Of the last change of the inode, nanoseconds since 1970.
  package let changed: Int64
  package let device: UInt64
  package let inode: UInt64
  package let isBlockDevice: Bool

  /// Opens `path`. Throws `cannotOpen`, or `notAFile` for folders, FIFOs, sockets and character devices.
  /// O_NONBLOCK: opening a FIFO must not wait for a writer.
  /// - Parameter inherited: a descriptor of it that this process was started with, for where it cannot open it itself.
  package init(path: String, followLinks: Bool = true, inherited: Int32? = nil) throws(DiskFormatError) {
    func failure(_ code: DiskFormatError.Code, _ reason: String) -> DiskFormatError {
      DiskFormatError(code, operation: "open", subject: path, reason: reason)
    }
    guard !path.utf8.contains(0) else { throw failure(.cannotOpen, "the path holds a zero byte") }
    var descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | (followLinks ? 0 : O_NOFOLLOW))
    if descriptor < 0, let inherited { descriptor = fcntl(inherited, F_DUPFD_CLOEXEC, 3) }
    guard descriptor >= 0 else { throw failure(.cannotOpen, String(cString: strerror(errno))) }
    var facts = stat()
    guard fstat(descriptor, &facts) == 0 else {
      defer { close(descriptor) }
      throw failure(.cannotOpen, String(cString: strerror(errno)))
    }
    let kind = facts.st_mode & S_IFMT
    guard kind == S_IFREG || kind == S_IFBLK else {
      close(descriptor)
      throw failure(.notAFile, kind == S_IFDIR ? "is a folder" : "is neither a regular file nor a block device")
    }
    let length = kind == S_IFBLK ? Int64(lseek(descriptor, 0, SEEK_END)) : Int64(facts.st_size)
    guard let size = UInt64(exactly: length) else {
      close(descriptor)
      throw failure(.cannotOpen, "its length is unknown")
    }
    self.path = path
    self.descriptor = descriptor
    self.size = size
    modified = nanoseconds(facts.st_mtim)
    changed = nanoseconds(facts.st_ctim)
    device = UInt64(facts.st_dev)
    inode = UInt64(facts.st_ino)
    isBlockDevice = kind == S_IFBLK
  }

  deinit { close(descriptor) }

  package func read(at offset: UInt64, count: Int) throws -> [UInt8] {
    guard count > 0, offset < size else { return [] }
    return try [UInt8](unsafeUninitializedCapacity: Int(min(UInt64(count), size - offset))) { buffer, filled in
      filled = try read(at: offset, into: UnsafeMutableRawBufferPointer(buffer))
    }
  }

  /// Fills as much of the buffer as the file has from there on.
  /// - Returns: how many bytes that is.
  package func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(DiskFormatError) -> Int {
    guard let start = off_t(exactly: offset), start <= .max - off_t(buffer.count) else { return 0 }
    var filled = 0
    while filled < buffer.count {
      let got = pread(
        descriptor, buffer.baseAddress?.advanced(by: filled), buffer.count - filled, start + off_t(filled))
      if got < 0, errno == EINTR { continue }
      guard got >= 0 else {
        throw DiskFormatError(.unreadable, operation: "read", subject: path, reason: String(cString: strerror(errno)))
      }
      if got == 0 { break }
      filled += got
    }
    return filled
  }

  /// Whether it has become shorter since it was opened. QEMU reads what is gone as zeros.
  package var isCut: Bool {
    var facts = stat()
    return !isBlockDevice && fstat(descriptor, &facts) == 0 && UInt64(max(0, facts.st_size)) < size
  }

  /// The path of the open file without links, as the kernel knows it now.
  var realPath: String? {
    try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(descriptor)")
  }
}

private func nanoseconds(_ time: timespec) -> Int64 {
  Int64(time.tv_sec).multipliedReportingOverflow(by: 1_000_000_000).partialValue &+ Int64(time.tv_nsec)
}
