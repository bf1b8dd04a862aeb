import DiskFormats
import Foundation
import TestSupport
import Testing

/// Headers made to harm: refused in one line, with the header kept.
struct HostileHeaderTests {
  /// An empty qcow2 version 3 of 1 MiB, made by hand: header, L1 at 64 KiB.
  static func qcow2(backing: [UInt8] = [], features: UInt64 = 0) -> MemoryBytes {
    var image = MemoryBytes(bytes: [UInt8](repeating: 0, count: 128 << 10))
    image.put(UInt32(0x5146_49FB), at: 0)
    image.put(UInt32(3), at: 4)
    image.put(UInt32(16), at: 20)
    image.put(UInt64(1 << 20), at: 24)
    image.put(UInt32(1), at: 36)
    image.put(UInt64(65536), at: 40)
    image.put(features, at: 72)
    image.put(UInt32(4), at: 96)
    image.put(UInt32(104), at: 100)
    if !backing.isEmpty {
      image.put(UInt64(4096), at: 8)
      image.put(UInt32(backing.count), at: 16)
      image.bytes.replaceSubrange(4096..<4096 + backing.count, with: backing)
    }
    return image
  }

  @Test func `no bytes, text and unknown bytes are no images`() {
    #expect(failure([])?.code == .empty)
    let text = Array("This is no disk.\n".utf8)
    #expect(failure(text)?.code == .unrecognised)
    #expect(failure(text, assume: .vhdx)?.code == .unrecognised)
    #expect(failure(text, assume: .raw) == nil)
    #expect(failure(Self.qcow2().bytes, assume: .vmdk)?.code == .ambiguous)
    #expect(failure(Self.qcow2().bytes) == nil)
  }

  @Test(arguments: ["/etc/passwd", "nbd://host/x", "json:{\"driver\":\"nbd\"}", "base.qcow2", "../../a"])
  func `a backing file is refused by its name`(_ name: String) throws {
    let error = try #require(failure(Self.qcow2(backing: Array(name.utf8)).bytes))
    #expect(error.code == .refersOutside)
    #expect(error.header?.parent?.name == name)
  }

  @Test func `backing names that are too long or no text are refused`() {
    #expect(failure(Self.qcow2(backing: [UInt8](repeating: 97, count: 1023)).bytes)?.code == .refersOutside)
    #expect(failure(Self.qcow2(backing: [UInt8](repeating: 97, count: 1024)).bytes)?.code == .damaged)
    #expect(failure(Self.qcow2(backing: [0xFF, 0xFE]).bytes)?.code == .damaged)
    #expect(failure(Self.qcow2(backing: [97, 0, 98]).bytes)?.code == .damaged)
    var outside = Self.qcow2(backing: [97])
    outside.put(UInt64.max, at: 8)
    #expect(failure(outside.bytes)?.code == .damaged)
  }

  @Test func `unknown features and an external data file are refused`() {
    #expect(failure(Self.qcow2(features: 1 << 5).bytes)?.code == .unsupported)
    #expect(failure(Self.qcow2(features: 1 << 63).bytes)?.code == .unsupported)
    let external = failure(Self.qcow2(features: 1 << 2).bytes)
    #expect(external?.code == .refersOutside)
    #expect(external?.header?.references.first?.kind == .dataFile)
  }

  @Test func `huge counts and sizes are refused`() {
    for (offset, value) in [(20, UInt32.max), (20, 22), (20, 8), (36, .max), (36, 0), (4, 9), (100, .max)] {
      var image = Self.qcow2()
      image.put(UInt32(value), at: offset)
      #expect(failure(image.bytes) != nil, "\(value) at \(offset)")
    }
    for (offset, value) in [(24, UInt64.max), (40, UInt64.max), (40, UInt64.max - 7)] {
      var image = Self.qcow2()
      image.put(value, at: offset)
      #expect(failure(image.bytes) != nil, "\(value) at \(offset)")
    }
  }

  @Test func `every L1 entry at one L2 table ends within the budget`() throws {
    var image = Self.qcow2()
    let entries = (4 << 20) - 1
    image.put(UInt32(entries), at: 36)
    image.bytes += [UInt8](repeating: 0, count: entries * 8)
    // 65,536 entries lead to the same table of 64 KiB: 4 GiB if all were read.
    for entry in 0..<65536 { image.put(UInt64(131_072), at: 65536 + 8 * entry) }
    image.bytes.replaceSubrange(131_072..<196_608, with: [UInt8](repeating: 0, count: 65536))
    #expect(try header(image.bytes).warnings.contains { $0.contains("too large") })
  }

  @Test(
    arguments: [
      ("RW 8 FLAT \"../x\" 0", DiskFormatError.Code.refersOutside), ("RW 8 FLAT \"/etc/passwd\" 0", .refersOutside),
      ("RW 8 FLAT \"nbd:host:1\" 0", .refersOutside), ("RW 8 FLAT \"a\\b\" 0", .refersOutside),
      ("RW 8 FLAT \"..\" 0", .refersOutside), ("RW 8 FLAT \"x-flat.vmdk\" 0", .refersOutside),
      ("RW 8 SPARSE \"x-s001.vmdk\"", .refersOutside), ("RW 8 MAGIC \"x\"", .unsupported), ("RW 8 FLAT", .unsupported),
      ("RW 99999999999999999999 FLAT \"x\" 0", .unsupported), ("RW 9223372036854775807 FLAT \"x\" 0", .damaged),
      ("what is this", .damaged), ("", .damaged),
      ("RW 8 ZERO\n# parentFileNameHint=\"/etc/shadow\"", .refersOutside),
      ("RW 8 ZERO\nparentCID=12345678", .refersOutside),
    ])
  func `a VMDK descriptor that leads outside is refused`(_ line: String, _ code: DiskFormatError.Code) {
    let text = "# Disk DescriptorFile\nversion=1\nCID=ABCDEF01\ncreateType=\"monolithicFlat\"\n\(line)\n"
    #expect(failure(Array(text.utf8))?.code == code)
  }

  @Test func `any change of a descriptor ends in a header or an error`() {
    let text = Array(
      """
      # Disk DescriptorFile
      CID=fb183c20
      parentCID=ffffffff
      createType="twoGbMaxExtentSparse"
      RW 4192256 SPARSE "disk-s001.vmdk"
      RW 20480 FLAT "disk-flat.vmdk" 0
      parentFileNameHint="x"
      ddb.adapterType = "ide"
      """.utf8)
    var generator = SeededGenerator(seed: 5)
    for length in 0...text.count { #expect(failure(Array(text.prefix(length))) != nil) }
    for _ in 0..<500 {
      var bytes = text
      for _ in 0...generator.next() % 4 {
        let replacements: [UInt8] = [0, 9, 10, 13, 32, 34, 61, 0x80, 0xFF]
        bytes[22 + Int(generator.next() % UInt64(text.count - 22))] = replacements[Int(generator.next() % 9)]
      }
      // No change of single characters takes both extents away.
      #expect(failure(bytes) != nil)
    }
  }

  @Test func `a VMDK that hides extents behind a capacity of zero is refused`() throws {
    try withTemporaryFolder { folder in
      _ = try makeRawDisk(in: folder, megabytes: 1)
      let kind = Kind(format: .vmdk, options: "subformat=monolithicSparse", subformat: "monolithicSparse")
      var image = MemoryBytes(bytes: try [UInt8](Data(contentsOf: kind.make(in: folder))))
      #expect(failure(image.bytes) == nil)
      image.put(UInt64(0), at: 12)
      #expect(failure(image.bytes)?.code == .damaged)
    }
  }

  @Test func `a differencing VHDX is refused`() throws {
    try withTemporaryFolder { folder in
      _ = try makeRawDisk(in: folder, megabytes: 1)
      let kind = Kind(format: .vhdx, options: "subformat=dynamic", subformat: "dynamic")
      var image = MemoryBytes(bytes: try [UInt8](Data(contentsOf: kind.make(in: folder))))
      let parameters: [UInt8] = [0x37, 0x67, 0xA1, 0xCA, 0x36, 0xFA, 0x43, 0x4D]
      let range = try #require(Data(image.bytes).range(of: Data(parameters)))
      let metadata = range.lowerBound & ~0xFFFF
      let item =
        Int(image.bytes[range.lowerBound + 16]) | Int(image.bytes[range.lowerBound + 17]) << 8
        | Int(image.bytes[range.lowerBound + 18]) << 16
      image.bytes[metadata + item + 4] |= 2
      let error = try #require(failure(image.bytes))
      #expect(error.code == .differencing)
      #expect(error.header?.subformat == "differencing")
    }
  }

  @Test func `a VHDX with a log to replay says so, and one wrong checksum leaves the other header`() throws {
    try withTemporaryFolder { folder in
      _ = try makeRawDisk(in: folder, megabytes: 1)
      let kind = Kind(format: .vhdx, options: "subformat=dynamic", subformat: "dynamic")
      let whole = MemoryBytes(bytes: try [UInt8](Data(contentsOf: kind.make(in: folder))))
      for broken in [[65536], [131_072], [196_608]] {
        var image = whole
        for offset in broken { image.bytes[offset + 4] ^= 1 }
        #expect(try header(image.bytes).warnings.count == 1)
      }
      var image = whole
      for offset in [65536, 131_072] { image.bytes[offset + 4] ^= 1 }
      #expect(failure(image.bytes)?.code == .damaged)
    }
  }

  @Test func `a differencing VDI is refused`() throws {
    try withTemporaryFolder { folder in
      _ = try makeRawDisk(in: folder, megabytes: 1)
      let kind = Kind(format: .vdi, options: "static=off", subformat: "dynamic")
      var image = MemoryBytes(bytes: try [UInt8](Data(contentsOf: kind.make(in: folder))))
      image.put(UInt64(0x3322_1100_5544_7766), at: 0x1A8)
      image.put(UInt64(0x8899_AABB_CCDD_EEFF), at: 0x1B0)
      let error = try #require(failure(image.bytes))
      #expect(error.code == .differencing)
      #expect(error.header?.parent?.id == "00112233-4455-6677-8899-aabbccddeeff")
    }
  }
}
