// An ELF file (System V gABI, chapters 4 and 5), 32 or 64 bit, of either byte order:
//
//      0 ┌───────────────┐
//        │ header        │ class, order, machine, entry, where the two tables are
//  phoff ├───────────────┤
//        │ segments      │ what the loader maps: the truth about what runs
//        ├───────────────┤
//        │ contents      │
//  shoff ├───────────────┤
//        │ sections      │ names for parts of the contents: strip, objcopy and debuggers change them
//        └───────────────┘

/// The header's fields, 32 bit ones widened.
struct ELFHeader {
  static let magic: [UInt8] = [0x7F, 0x45, 0x4C, 0x46]

  let isWide: Bool
  let isBigEndian: Bool
  let type: UInt16
  let machine: UInt16
  let entry: UInt64
  let segmentTable: Table
  let sectionTable: Table
  /// Which section holds the names of the sections.
  let namesIndex: UInt16

  /// Where a table is: offset in the file, size of one entry, count of entries.
  struct Table {
    var offset: UInt64
    var entrySize: UInt16
    var count: UInt16
  }

  /// A relocatable object, which includes kernel modules: sections and nothing else.
  var isRelocatable: Bool { type == 1 }

  /// The fields that say where the section table is: what strip rewrites.
  var sectionTableFields: [Range<UInt64>] { isWide ? [40..<48, 60..<64] : [32..<36, 48..<52] }
}

/// One entry of the segment table.
struct ELFSegment {
  enum Kind { static let load: UInt32 = 1, dynamic: UInt32 = 2, note: UInt32 = 4 }
  let type: UInt32
  let flags: UInt32
  let offset: UInt64
  let address: UInt64
  let fileSize: UInt64
  let memorySize: UInt64
  let alignment: UInt64
}

/// One entry of the section table.
struct ELFSection {
  enum Kind { static let null: UInt32 = 0, note: UInt32 = 7, noBits: UInt32 = 8 }
  var name: String
  let nameOffset: UInt32
  let type: UInt32
  let flags: UInt64
  let address: UInt64
  let offset: UInt64
  let size: UInt64
  let alignment: UInt64

  var isAllocated: Bool { flags & 2 != 0 }
  var hasBytes: Bool { type != Kind.noBits && type != Kind.null }
}

/// One note: an owner, a type that the owner gives meaning to, and where the descriptor is in the file.
struct ELFNote: Hashable {
  let owner: String
  let type: UInt32
  let descriptor: Range<UInt64>

  var isBuildID: Bool { owner == "GNU" && type == 3 }
  /// The package note of systemd's specification, JSON.
  var isPackage: Bool { owner == "FDO" && type == 0xCAFE_1A7E }
  var isOmniBOR: Bool { owner == "OMNIBOR" && type == 1 }
  var isGoBuildID: Bool { owner == "Go" && type == 4 }
  /// Whether it names the build and not what was built.
  var namesBuild: Bool { isBuildID || isPackage || isOmniBOR }
}

/// An ELF file whose tables have been read.
struct ELF {
  let bytes: Bytes
  let header: ELFHeader
  let segments: [ELFSegment]
  let sections: [ELFSection]
  let notes: [ELFNote]

  var loads: [ELFSegment] { segments.filter { $0.type == ELFSegment.Kind.load } }

  /// The first section of that name that has bytes.
  func section(_ name: String) -> ELFSection? { sections.first { $0.name == name && $0.hasBytes } }
}

extension ELF: MappedImage {
  func bytes(atAddress address: UInt64, count: UInt64) throws -> Bytes {
    for load in loads where address >= load.address && address - load.address < load.fileSize {
      let distance = address - load.address
      guard count <= load.fileSize - distance else { break }
      return try bytes.slice(try sum(load.offset, distance), count)
    }
    throw Malformed("nothing is mapped at address \(address)")
  }

  var isWide: Bool { header.isWide }
}
