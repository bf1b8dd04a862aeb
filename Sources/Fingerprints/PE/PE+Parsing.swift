internal import Foundation

extension PEHeader {
  /// Reads the headers from bytes that begin where the file does and may end after the section table.
  init(_ bytes: Bytes) throws {
    guard bytes.starts(with: Array("MZ".utf8)) else { throw Malformed("no MZ magic") }
    let start = UInt64(try bytes.u32(0x3C))
    guard try bytes.slice(start, 4).data.elementsEqual([0x50, 0x45, 0, 0]) else { throw Malformed("no PE magic") }
    let optional = start + 24
    let magic = try bytes.u16(optional)
    guard magic == 0x10B || magic == 0x20B else { throw Malformed("unknown optional header \(magic)") }
    let wide = magic == 0x20B
    peOffset = start
    machine = try bytes.u16(start + 4)
    isWide = wide
    entry = try bytes.u32(optional + 16)
    imageBase = try bytes.word(optional + (wide ? 24 : 28), isWide: wide)
    // The count is a field of its own, but no more than 16 have a meaning, and all must fit the optional header.
    let size = UInt64(try bytes.u16(start + 20))
    let first: UInt64 = wide ? 112 : 96
    let count = size < first ? 0 : min(UInt64(try bytes.u32(optional + first - 4)), (size - first) / 8, 16)
    directories = try (0..<count).map { index in
      let entry = optional + first + index * 8
      return PEDirectory(address: try bytes.u32(entry), size: try bytes.u32(entry + 4))
    }
    let table = optional + size
    sections = try (0..<UInt64(try bytes.u16(start + 6))).map { index in
      try PESection(try bytes.slice(table + index * 40, 40))
    }
  }
}

extension PESection {
  fileprivate init(_ entry: Bytes) throws {
    name = try entry.slice(0, 8).cString(0)
    virtualSize = try entry.u32(8)
    address = try entry.u32(12)
    rawSize = try entry.u32(16)
    rawOffset = try entry.u32(20)
    flags = try entry.u32(36)
  }
}

extension PE {
  init(_ bytes: Bytes) throws {
    self.bytes = bytes
    header = try PEHeader(bytes)
  }
}
