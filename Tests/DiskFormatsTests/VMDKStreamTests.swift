import DiskFormats
import Foundation
import TestSupport
import Testing

/// A stream as VMware writes it, which qemu-img reads but does not make: the header at the start has no place of the
/// grain directory, and a footer at the end has.
struct VMDKStreamTests {
  private static func make(in folder: URL) throws -> MemoryBytes {
    let kind = Kind(format: .vmdk, options: "subformat=streamOptimized", subformat: "streamOptimized")
    var image = MemoryBytes(bytes: try [UInt8](Data(contentsOf: kind.make(in: folder))))
    let header = Array(image.bytes[0..<512])
    image.bytes += [UInt8](repeating: 0, count: (512 - image.bytes.count % 512) % 512)
    // Markers of 512 bytes: value(8), size(4), type(4): 3 is the footer's, 0 the end of the stream.
    var marker = [UInt8](repeating: 0, count: 512)
    marker[0] = 1
    marker[12] = 3
    image.bytes += marker + header + [UInt8](repeating: 0, count: 512)
    image.put(UInt64.max, at: 56)
    return image
  }

  @Test func `is read by its footer, and refused without it`() throws {
    try withTemporaryFolder { folder in
      let bytes = try makeRawDisk(in: folder, megabytes: 1)
      let image = try Self.make(in: folder)
      let path = folder.appending(path: "stream.vmdk")
      try Data(image.bytes).write(to: path)
      let chain = try readDiskChain(path: path.path)
      #expect(try readThroughOverlay(chain, in: folder) == Data(bytes))
      for length in [600, 1535, image.bytes.count / 2, image.bytes.count - 512] {
        #expect(failure(Array(image.bytes.prefix(length)))?.code == .truncated)
      }
    }
  }

  @Test func `a first header without a capacity is refused, whatever the footer says`() throws {
    try withTemporaryFolder { folder in
      _ = try makeRawDisk(in: folder, megabytes: 1)
      var image = try Self.make(in: folder)
      #expect(failure(image.bytes) == nil)
      image.put(UInt64(0), at: 12)
      #expect(failure(image.bytes)?.code == .damaged)
    }
  }
}
