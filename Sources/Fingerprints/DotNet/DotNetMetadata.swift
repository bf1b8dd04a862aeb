internal import Foundation

// Where .NET metadata is (ECMA-335 II.24 and II.25.3.3):
//
//   CLI header (data directory 14) ─▶ metadata root: "BSJB", version, stream headers
//     #~        tables: heap sizes (at 6), which exist (at 8), a row count for each, the rows
//     #Strings  UTF-8 with NULs       #GUID  16 bytes each       #Blob  length, bytes

/// The metadata of one .NET module.
struct DotNetMetadata {
  private let strings: Bytes
  private let guids: Bytes
  private let blobs: Bytes
  private let heapSizes: UInt8
  private let rowCounts: [UInt64]
  /// Rows of each table from 0x00 to 0x20, and the sizes of its columns.
  private let tables: [(rows: Bytes, columns: [UInt64])]

  /// Nil where the image has no CLI header.
  init?(_ pe: PE) throws {
    guard let directory = pe.header.directory(PEDirectory.Index.cli) else { return nil }
    let cli = try pe.slice(directory.address, 16)
    let root = try pe.slice(try cli.u32(8), UInt64(try cli.u32(12)))
    let streams = try Self.streams(root)
    guard let header = streams["#~"] ?? streams["#-"] else { throw Malformed("no stream of tables") }
    strings = streams["#Strings"] ?? Bytes(Data())
    guids = streams["#GUID"] ?? Bytes(Data())
    blobs = streams["#Blob"] ?? Bytes(Data())
    heapSizes = try header.u8(6)
    let valid = try header.u64(8)
    var position: UInt64 = 24
    var counts = [UInt64](repeating: 0, count: 64)
    for table in 0..<64 where valid >> UInt64(table) & 1 == 1 {
      counts[table] = UInt64(try header.u32(position))
      position += 4
    }
    // An extra word, which edit and continue leaves.
    if heapSizes & 0x40 != 0 { position += 4 }
    rowCounts = counts
    tables = try Self.tables(header, from: position, counts: counts, heapSizes: heapSizes)
  }

  private static func streams(_ root: Bytes) throws -> [String: Bytes] {
    guard try root.u32(0) == 0x424A_5342 else { throw Malformed("no metadata magic") }
    var position = try sum(16, UInt64(try root.u32(12)))
    let count = try root.u16(try sum(position, 2))
    position += 4
    var streams: [String: Bytes] = [:]
    for _ in 0..<min(count, 32) {
      let stream = try root.slice(UInt64(try root.u32(position)), UInt64(try root.u32(position + 4)))
      let name = try root.cString(position + 8, limit: 32)
      if streams[name] == nil { streams[name] = stream }
      position = try aligned(position + 8 + UInt64(name.utf8.count) + 1, to: 4)
    }
    return streams
  }

  private static func tables(
    _ stream: Bytes, from start: UInt64, counts: [UInt64], heapSizes: UInt8
  ) throws -> [(rows: Bytes, columns: [UInt64])] {
    var position = start
    return try dotNetTables.enumerated().map { table, columns in
      let sizes = columns.map { size($0, counts, heapSizes) }
      let length = try product(sizes.reduce(0, +), counts[table])
      let rows = try stream.slice(position, length)
      position += length
      return (rows, sizes)
    }
  }

  private static func size(_ column: DotNetColumn, _ counts: [UInt64], _ heapSizes: UInt8) -> UInt64 {
    switch column {
    case .fixed(let size): size
    case .string: heapSizes & 1 != 0 ? 4 : 2
    case .guid: heapSizes & 2 != 0 ? 4 : 2
    case .blob: heapSizes & 4 != 0 ? 4 : 2
    case .row(let table): counts[table] > 0xFFFF ? 4 : 2
    case .coded(let bits, let tables): tables.contains { counts[$0] > 0xFFFF >> bits } ? 4 : 2
    }
  }

  /// The count of rows of a table.
  func count(_ table: Int) -> UInt64 { rowCounts[table] }

  /// One cell; rows count from 1, as indices in metadata do.
  func cell(_ table: Int, row: UInt64, column: Int) throws -> UInt64 {
    let (rows, sizes) = tables[table]
    guard row >= 1, row <= rowCounts[table] else { throw Malformed("no row \(row) in table \(table)") }
    let offset = (row - 1) * sizes.reduce(0, +) + sizes[..<column].reduce(0, +)
    return sizes[column] == 2 ? UInt64(try rows.u16(offset)) : UInt64(try rows.u32(offset))
  }

  func string(_ offset: UInt64) throws -> String { try strings.cString(offset, limit: 1024) }

  /// A GUID by its number, from 1; nil for 0.
  func guid(number: UInt64) throws -> String? {
    number == 0 ? nil : try Fingerprints.guid(guids, (number - 1) * 16)
  }

  /// The bytes of a blob.
  func blob(_ offset: UInt64) throws -> Bytes { try Self.counted(blobs, offset) }

  /// Bytes with their length before them: 1, 2 or 4 bytes by the highest bits (II.23.2).
  static func counted(_ bytes: Bytes, _ offset: UInt64) throws -> Bytes {
    let big = Bytes(bytes.data, isBigEndian: true)
    let first = try bytes.u8(offset)
    if first & 0x80 == 0 { return try bytes.slice(offset + 1, UInt64(first)) }
    if first & 0xC0 == 0x80 { return try bytes.slice(offset + 2, UInt64(try big.u16(offset) & 0x3FFF)) }
    return try bytes.slice(offset + 4, UInt64(try big.u32(offset) & 0x1FFF_FFFF))
  }
}
