// A PE image (Microsoft, "PE Format"):
//
//      0 ┌──────────────────┐
//        │ MZ header        │ at 0x3C: where the PE header is
//        ├──────────────────┤
//        │ "PE\0\0", COFF   │ machine, count of sections, time stamp, COFF symbols
//        │ optional header  │ entry, checksum, data directories (where tables are, by address)
//        │ section table    │ name, size and address in memory, size and offset in the file
//        ├──────────────────┤
//        │ sections         │
//        ├──────────────────┤
//        │ overlay          │ COFF symbols, an installer's payload, certificates
//        └──────────────────┘

/// One entry of the section table.
struct PESection {
  var name: String
  let virtualSize: UInt32
  let address: UInt32
  let rawSize: UInt32
  let rawOffset: UInt32
  let flags: UInt32

  /// The bytes of the file that are mapped: raw sizes are rounded up, and a virtual size of zero means the raw size.
  var mappedSize: UInt64 { UInt64(virtualSize == 0 ? rawSize : min(virtualSize, rawSize)) }

  /// Debug information of GNU tools: what strip removes. The loader may drop it; `/4` is where its long name is.
  var isDebug: Bool { flags & 0x0200_0000 != 0 && (name.hasPrefix("/") || name.hasPrefix(".debug")) }
}

/// A data directory: an address relative to the image base (for certificates an offset in the file) and a size.
struct PEDirectory {
  enum Index { static let exports = 0, resources = 2, certificates = 4, debug = 6, cli = 14 }
  let address: UInt32
  let size: UInt32

  var isEmpty: Bool { address == 0 || size == 0 }
}

/// Headers and section table. They stand in the first KiB of all but odd files.
struct PEHeader {
  let peOffset: UInt64
  let machine: UInt16
  let isWide: Bool
  let entry: UInt32
  let imageBase: UInt64
  let directories: [PEDirectory]
  let sections: [PESection]

  /// Where the optional header is.
  var optional: UInt64 { peOffset + 24 }
  var checksum: UInt64 { optional + 64 }
  /// Where the data directory of certificates is.
  var certificateEntry: UInt64 { optional + (isWide ? 112 : 96) + 8 * UInt64(PEDirectory.Index.certificates) }

  func directory(_ index: Int) -> PEDirectory? {
    guard index < directories.count, !directories[index].isEmpty else { return nil }
    return directories[index]
  }
}

/// A PE image whose headers have been read.
struct PE {
  let bytes: Bytes
  let header: PEHeader

  func section(_ name: String) -> PESection? { header.sections.first { $0.name == name && $0.rawSize > 0 } }

  /// Where in the file the byte at a relative address is, and how many are mapped from there on.
  func offset(of address: UInt32) throws -> (offset: UInt64, available: UInt64) {
    for section in header.sections where address >= section.address {
      let distance = UInt64(address - section.address)
      if distance < section.mappedSize {
        return (UInt64(section.rawOffset) + distance, section.mappedSize - distance)
      }
    }
    throw Malformed("no section holds address \(address)")
  }

  /// `count` bytes from a relative address on.
  func slice(_ address: UInt32, _ count: UInt64) throws -> Bytes {
    let (offset, available) = try offset(of: address)
    guard count <= available else { throw Malformed("\(count) bytes at address \(address) leave their section") }
    return try bytes.slice(offset, count)
  }
}

extension PE: MappedImage {
  func bytes(atAddress address: UInt64, count: UInt64) throws -> Bytes {
    guard address >= header.imageBase, let relative = UInt32(exactly: address - header.imageBase) else {
      throw Malformed("nothing is mapped at address \(address)")
    }
    return try slice(relative, count)
  }

  var isWide: Bool { header.isWide }
}
