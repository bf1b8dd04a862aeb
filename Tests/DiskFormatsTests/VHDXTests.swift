import DiskFormats
import Foundation
import TestSupport
import Testing

/// VHDX that qemu-img does not make: patched by [MS-VHDX].
struct VHDXTests {
  private static func make(in folder: URL) throws -> MemoryBytes {
    _ = try makeRawDisk(in: folder, megabytes: 1)
    let kind = Kind(format: .vhdx, options: "subformat=dynamic", subformat: "dynamic")
    return MemoryBytes(bytes: try [UInt8](Data(contentsOf: kind.make(in: folder))))
  }

  /// A little-endian number.
  private static func number(_ image: MemoryBytes, at offset: Int, bytes: Int) -> Int {
    (0..<bytes).reduce(0) { $0 | Int(image.bytes[offset + $1]) << (8 * $1) }
  }

  private static func put(_ image: inout MemoryBytes, _ value: some FixedWidthInteger, at offset: Int) {
    image.put(value.byteSwapped, at: offset)
  }

  /// Where the metadata table is, and its entry of the file parameters.
  private static func metadata(_ image: MemoryBytes) throws -> (table: Int, fileParameters: Int) {
    let fileParameters: [UInt8] = [0x37, 0x67, 0xA1, 0xCA, 0x36, 0xFA, 0x43, 0x4D]
    let table = try #require(Data(image.bytes).range(of: Data("metadata".utf8))).lowerBound
    return (table, try #require(Data(image.bytes).range(of: Data(fileParameters))).lowerBound)
  }

  /// Adds a parent locator with these entries, and the flag that says there is a parent.
  private static func makeChild(_ image: inout MemoryBytes, _ entries: [(String, String)]) throws {
    let (table, fileParameters) = try metadata(image)
    image.bytes[table + number(image, at: fileParameters + 16, bytes: 4) + 4] |= 2
    let count = number(image, at: table + 10, bytes: 2)
    put(&image, UInt16(count + 1), at: table + 10)
    let entry = table + 32 + 32 * count
    let id: [UInt8] = [0x2D, 0x5F, 0xD3, 0xA8, 0x0B, 0xB3, 0x4D, 0x45, 0xAB, 0xF7, 0xD3, 0xD8, 0x48, 0x34, 0xAB, 0x0C]
    image.bytes.replaceSubrange(entry..<entry + 16, with: id)
    put(&image, UInt32(0x20000), at: entry + 16)
    put(&image, UInt32(0x1000), at: entry + 20)
    put(&image, UInt32(4), at: entry + 24)
    let locator = table + 0x20000
    put(&image, UInt16(entries.count), at: locator + 18)
    var end = 20 + 12 * entries.count
    for (index, pair) in entries.enumerated() {
      for (field, text) in [pair.0, pair.1].enumerated() {
        put(&image, UInt32(end), at: locator + 20 + 12 * index + 4 * field)
        put(&image, UInt16(text.utf16.count * 2), at: locator + 20 + 12 * index + 8 + 2 * field)
        for unit in text.utf16 {
          put(&image, unit, at: locator + end)
          end += 2
        }
      }
    }
  }

  @Test func `differencing is refused, and the parent kept`() throws {
    try withTemporaryFolder { folder in
      var image = try Self.make(in: folder)
      try Self.makeChild(
        &image,
        [
          ("parent_linkage", "{83ED71F2-3D90-4C2B-8D2C-2F0C6E4F3A11}"), ("relative_path", ".\\größe.vhdx"),
          ("absolute_win32_path", "C:\\größe.vhdx"),
        ])
      let error = try #require(failure(image.bytes))
      #expect(error.code == .differencing)
      #expect(error.header?.subformat == "differencing")
      #expect(
        error.header?.parent == DiskParent(name: ".\\größe.vhdx", id: "83ed71f2-3d90-4c2b-8d2c-2f0c6e4f3a11"))
      let path = folder.appending(path: "child.vhdx")
      try Data(image.bytes).write(to: path)
      #expect(chainFailure(path, allowed: [folder])?.code == .differencing)
    }
  }

  @Test func `a locator with too many entries, and metadata given twice, are refused`() throws {
    try withTemporaryFolder { folder in
      let image = try Self.make(in: folder)
      let (table, fileParameters) = try Self.metadata(image)
      var many = image
      try Self.makeChild(&many, [("parent_linkage", "x")])
      Self.put(&many, UInt16.max, at: table + 0x20000 + 18)
      #expect(failure(many.bytes)?.code == .damaged)
      var twice = image
      let count = Self.number(image, at: table + 10, bytes: 2)
      Self.put(&twice, UInt16(count + 1), at: table + 10)
      twice.bytes.replaceSubrange(
        table + 32 + 32 * count..<table + 64 + 32 * count, with: image.bytes[fileParameters..<fileParameters + 32])
      #expect(failure(twice.bytes)?.code == .damaged)
    }
  }

  @Test func `one wrong checksum leaves the other header, two do not`() throws {
    try withTemporaryFolder { folder in
      let whole = try Self.make(in: folder)
      for offset in [65536, 131_072, 196_608] {
        var image = whole
        image.bytes[offset + 4] ^= 1
        #expect(try header(image.bytes).warnings.count == 1)
      }
      for pair in [[65536, 131_072], [196_608, 262_144]] {
        var image = whole
        for offset in pair { image.bytes[offset + 4] ^= 1 }
        #expect(failure(image.bytes)?.code == .damaged)
      }
    }
  }

  /// CRC-32C bit by bit, by the definition of RFC 3720.
  private static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    ~bytes.reduce(UInt32.max) { value, byte in
      (0..<8).reduce(value ^ UInt32(byte)) { sum, _ in sum & 1 == 1 ? sum >> 1 ^ 0x82F6_3B78 : sum >> 1 }
    }
  }

  @Test func `a log to replay is said`() throws {
    try withTemporaryFolder { folder in
      var image = try Self.make(in: folder)
      #expect(try header(image.bytes).warnings == [])
      for offset in [65536, 131_072] {
        image.bytes[offset + 48] = 1
        image.put(UInt32(0), at: offset + 4)
        Self.put(&image, Self.checksum(image.bytes[offset..<offset + 4096]), at: offset + 4)
      }
      let warnings = try header(image.bytes).warnings
      #expect(warnings.count == 1 && warnings[0].hasPrefix("dirty log"))
    }
  }
}
