import DiskFormats
import Foundation
import TestSupport
import Testing

/// Images that qemu-img makes, with qemu-img as the truth of what they are and hold.
struct QEMUImagesTests {
  @Test(arguments: Kind.all)
  func `says what qemu-img says`(_ kind: Kind) throws {
    try withTemporaryFolder { folder in
      _ = try makeRawDisk(in: folder)
      let image = try kind.make(in: folder)
      let chain = try readDiskChain(path: image.path, allowed: kind.isSplit ? [folder.path] : [])
      let info = try QEMUInfo(image)
      // A fixed VHD has no header, so qemu-img takes it for raw, footer included.
      let isFixedVHD = kind.format == .vhd && kind.subformat == "fixed"
      #expect(chain.header.format.qemuDriver == (isFixedVHD ? "vpc" : info.format))
      #expect(chain.header.virtualSize == (isFixedVHD ? info.virtualSize - 512 : info.virtualSize))
      #expect(chain.header.subformat == kind.subformat)
      #expect(chain.header.warnings == [])
      #expect(!chain.header.encrypted)
      #expect(chain.header.parent == nil)
      #expect(kind.format == .qcow2 || chain.header.id != nil)
    }
  }

  @Test(arguments: Kind.all)
  func `QEMU reads the same bytes through the name it is given`(_ kind: Kind) throws {
    try withTemporaryFolder { folder in
      let bytes = try makeRawDisk(in: folder)
      let image = try kind.make(in: folder)
      let chain = try readDiskChain(path: image.path, allowed: kind.isSplit ? [folder.path] : [])
      // The descriptor is what is read: the path is gone.
      if !kind.isSplit { try FileManager.default.moveItem(at: image, to: folder.appending(path: "elsewhere")) }
      let found = try readThroughOverlay(chain, in: folder)
      #expect(found.count >= bytes.count && found.prefix(bytes.count) == Data(bytes))
      #expect(found.count == Int(chain.header.virtualSize))
      #expect(found.dropFirst(bytes.count).allSatisfy { $0 == 0 })
    }
  }

  @Test(arguments: Kind.whole)
  func `a file cut below its highest mapped byte is truncated`(_ kind: Kind) throws {
    try withTemporaryFolder { folder in
      _ = try makeRawDisk(in: folder, megabytes: 2)
      let whole = try [UInt8](Data(contentsOf: kind.make(in: folder)))
      let last = try #require(try header(whole).highestMappedByte)
      #expect(last < UInt64(whole.count))
      var generator = SeededGenerator(seed: 7)
      var lengths = [0, 1, 71, 511, 512, 513, 4096, whole.count / 2, Int(last)]
      lengths += (0..<24).map { _ in Int(generator.next() % (last + 1)) }
      for length in lengths {
        let error = try #require(failure(Array(whole.prefix(length))), "cut to \(length)")
        #expect(error.reason.contains("\n") == false)
        if length == whole.count / 2, kind.subformat != "fixed" || kind.format != .vhd {
          #expect(error.code == .truncated)
        }
      }
    }
  }

  @Test(arguments: Kind.whole)
  func `any change of bytes ends in a header or an error`(_ kind: Kind) throws {
    try withTemporaryFolder { folder in
      _ = try makeRawDisk(in: folder, megabytes: 1)
      let whole = try [UInt8](Data(contentsOf: kind.make(in: folder)))
      var generator = SeededGenerator(seed: 11)
      for _ in 0..<150 {
        var bytes = whole
        for _ in 0...generator.next() % 6 {
          // Where the fields are: the first sectors, VHDX's structures, the end.
          let starts = [0, 0, 512, 65536, 131_072, 196_608, 262_144, 1 << 20, 2 << 20, whole.count - 1536]
          let start = starts[Int(generator.next() % UInt64(starts.count))] + Int(generator.next() % 1100)
          guard bytes.indices.contains(start) else { continue }
          let values: [UInt8] = [0, 1, 0x7F, 0x80, 0xFF, UInt8(truncatingIfNeeded: generator.next())]
          bytes[start] = values[Int(generator.next() % 6)]
        }
        if let error = failure(bytes) { #expect(!error.reason.isEmpty) }
      }
    }
  }

  @Test func `names the backing file as qemu-img does, and refuses it`() throws {
    try withTemporaryFolder { folder in
      try done("qemu-img", "create", "-q", "-f", "raw", "base.img", "1M", in: folder)
      try done("qemu-img", "create", "-q", "-f", "qcow2", "-b", "base.img", "-F", "raw", "top", in: folder)
      let top = folder.appending(path: "top")
      let error = try #require(chainFailure(top))
      #expect(error.code == .refersOutside)
      let name = try #require(try QEMUInfo(top).backingName)
      #expect(error.header?.references == [OutsideReference(name: name, kind: .backing, format: .raw)])
      #expect(error.header?.parent == DiskParent(name: name))
      #expect(error.description.contains("--allow-backing"))
    }
  }

  @Test func `a qcow2 with encryption is said to be encrypted`() throws {
    try withTemporaryFolder { folder in
      try done(
        "qemu-img", "create", "-q", "--object", "secret,id=s,data=123456", "-f", "qcow2", "-o",
        "encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10", "secret", "1M", in: folder)
      #expect(try readDiskChain(path: folder.appending(path: "secret").path).header.encrypted)
    }
  }

  @Test func `a sparse qcow2 of a tebibyte with small clusters is read`() throws {
    try withTemporaryFolder { folder in
      try done("qemu-img", "create", "-q", "-f", "qcow2", "-o", "cluster_size=4k", "big", "1T", in: folder)
      let big = folder.appending(path: "big")
      #expect(try readDiskChain(path: big.path).header.virtualSize == QEMUInfo(big).virtualSize)
    }
  }
}

/// The disk as QEMU reads it through an overlay on the chain.
func readThroughOverlay(_ chain: DiskChain, in folder: URL) throws -> Data {
  let backing = try qemuBacking(chain)
  try done(
    "qemu-img", "create", "-q", "-f", "qcow2", "-b", backing.name, "-F", backing.driver, "overlay.qcow2", in: folder)
  try done("qemu-img", "convert", "-f", "qcow2", "-O", "raw", "overlay.qcow2", "read.raw", in: folder)
  return try Data(contentsOf: folder.appending(path: "read.raw"))
}
