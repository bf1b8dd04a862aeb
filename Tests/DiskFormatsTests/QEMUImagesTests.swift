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
  func `maps as far as qemu-img map does, and within the file`(_ kind: Kind) throws {
    struct Range: Decodable {
      let data: Bool
      let offset: UInt64?
      let length: UInt64
    }
    try withTemporaryFolder { folder in
      _ = try makeRawDisk(in: folder)
      let image = try kind.make(in: folder)
      let chain = try readDiskChain(path: image.path)
      let name = try qemuBacking(chain).name
      let map = try JSONDecoder().decode(
        [Range].self, from: done("qemu-img", "map", "--output=json", name, in: folder))
      let end = map.filter(\.data).compactMap { range in range.offset.map { $0 + range.length } }.max()
      let last = try #require(chain.header.highestMappedByte)
      #expect(last + 1 >= end ?? 0)
      #expect(last < chain.files[0].size)
      // qemu-img gives places for all but compressed clusters and VHDX: otherwise the truth is there.
      #expect(end != nil || kind.compressed || kind.subformat == "streamOptimized" || kind.format == .vhdx)
    }
  }

  @Test(arguments: Kind.whole.filter { !$0.compressed && $0.subformat != "streamOptimized" })
  func `QEMU needs no byte behind the highest mapped one`(_ kind: Kind) throws {
    try withTemporaryFolder { folder in
      let bytes = try makeRawDisk(in: folder)
      let image = try kind.make(in: folder)
      let chain = try readDiskChain(path: image.path)
      let last = try #require(chain.header.highestMappedByte)
      try done("truncate", "-s", "\(last + 1)", image.path, in: folder)
      #expect(try readThroughOverlay(chain, in: folder).prefix(bytes.count) == Data(bytes))
    }
  }

  @Test func `a VMDK's id is the CID that qemu-img reads`() throws {
    struct Info: Decodable {
      struct Specific: Decodable {
        struct Data: Decodable { let cid: UInt32 }
        let data: Data
      }
      let specific: Specific
      enum CodingKeys: String, CodingKey { case specific = "format-specific" }
    }
    try withTemporaryFolder { folder in
      try done("qemu-img", "create", "-q", "-f", "vmdk", "disk.vmdk", "1M", in: folder)
      let output = try done("qemu-img", "info", "--output=json", "disk.vmdk", in: folder)
      let truth = try JSONDecoder().decode(Info.self, from: output).specific.data.cid
      let id = try #require(try readDiskChain(path: folder.appending(path: "disk.vmdk").path).header.id)
      #expect(UInt32(id, radix: 16) == truth)
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
      // A fixed VHD without its last byte is one with a footer of 511 bytes.
      let isFixedVHD = kind.format == .vhd && kind.subformat == "fixed"
      var lengths = [0, 1, 71, 511, 512, 513, 4096, whole.count / 2, Int(last) - (isFixedVHD ? 1 : 0)]
      lengths += (0..<24).map { _ in Int(generator.next() % last) }
      for length in lengths {
        let error = try #require(failure(Array(whole.prefix(length))), "cut to \(length)")
        #expect(error.reason.contains("\n") == false)
        if length == whole.count / 2, !isFixedVHD { #expect(error.code == .truncated) }
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
      // qemu-img times itself to choose the number of hash rounds, and now and then a busy machine spoils that.
      let isMade = try (0..<50).contains { _ in
        try run(
          [
            "qemu-img", "create", "-q", "--object", "secret,id=s,data=123456", "-f", "qcow2", "-o",
            "encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10", "secret", "1M",
          ], in: folder
        ).status == 0
      }
      try #require(isMade)
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
