/// Virtual hard disk 2 (Microsoft, [MS-VHDX]). Little-endian.
///
///     0       "vhdxfile"  creator(512, UTF-16)
///     64 KiB  header 1: "head"  crc(4)  sequence(8)  file write, data write, log GUID(16 each)  log version …
///     128 KiB header 2: the valid one with the higher sequence number counts
///     192 KiB region table 1: "regi"  crc(4)  count(4)  0(4)  then 32 bytes each: GUID  offset(8)  length(4)  required(4)
///     256 KiB region table 2
///     …       metadata region (VHDXMetadata), block table region, log, blocks
///
///     block table: u64 a block: bits 0–2 state, bits 20–63 place in MiB; after each `chunk` of them one of a bitmap
struct VHDX: DiskHeaderReader {
  static let format = DiskFormat.vhdx

  private enum Region {
    static let blockTable = "2dc27766-f623-4200-9d64-115e9bfd4a08"
    static let metadata = "8b7ca206-4790-4b9a-b8fe-575f050f886e"
  }

  private let source: DiskSource
  private var blockTable: (offset: UInt64, length: UInt64) = (0, 0)
  private var metadata = VHDXMetadata()

  init(_ source: DiskSource) { self.source = source }

  static func recognises(_ source: DiskSource) -> Bool { source.start.has("vhdxfile", at: 0) }

  mutating func read(into header: inout DiskHeader) throws(DiskFormatError) {
    let identifier = try source.exactly("file identifier", at: 0, count: 520, order: .little)
    header.creator = try identifier.utf16(at: 8, bytes: 512)
    try readHeaders(&header)
    let regions = try readRegions(&header)
    guard let place = regions[Region.metadata], let table = regions[Region.blockTable] else {
      throw source.error(.damaged, "has no metadata or no block table region")
    }
    blockTable = table
    metadata = try VHDXMetadata(source, at: place.offset, length: place.length)
    header.virtualSize = metadata.virtualSize
    header.sectorSize = metadata.sectorSize
    header.otherIDs = [metadata.page83].compactMap(\.self)
    header.subformat = metadata.hasParent ? "differencing" : metadata.leaveAllocated ? "fixed" : "dynamic"
    guard !metadata.hasParent else {
      header.parent = metadata.parent
      if let name = metadata.parent?.name { header.references = [OutsideReference(name: name, kind: .parent)] }
      throw source.differencing(header.parent)
    }
    try metadata.check(source)
  }

  private func readHeaders(_ header: inout DiskHeader) throws(DiskFormatError) {
    var current: (sequence: UInt64, view: ByteView)?
    for offset in [64 << 10, 128 << 10] as [UInt64] {
      let view = try source.exactly("header", at: offset, count: 4096, order: .little)
      guard view.bytes.starts(with: Array("head".utf8)), try isValid(view) else {
        header.warnings.append("one of its two headers is not valid")
        continue
      }
      let sequence = try view.u64(8)
      if sequence >= current?.sequence ?? 0 { current = (sequence, view) }
    }
    guard let view = current?.view else { throw source.error(.damaged, "neither of its two headers is valid") }
    guard try view.u16(66) == 1 else { throw source.error(.unsupported, "is of an unknown version of VHDX") }
    header.id = try view.uuid(at: 32, mixedEndian: true)
    if try view.uuid(at: 48, mixedEndian: true) != nil {
      header.warnings.append("dirty log: it was not closed properly, and its log must be replayed before it is read")
    }
  }

  private func readRegions(
    _ header: inout DiskHeader
  ) throws(DiskFormatError) -> [String: (offset: UInt64, length: UInt64)] {
    for offset in [192 << 10, 256 << 10] as [UInt64] {
      let view = try source.exactly("region table", at: offset, count: 64 << 10, order: .little)
      guard view.bytes.starts(with: Array("regi".utf8)), try isValid(view) else {
        header.warnings.append("one of its two region tables is not valid")
        continue
      }
      return try regions(view)
    }
    throw source.error(.damaged, "neither of its two region tables is valid")
  }

  private func regions(_ view: ByteView) throws(DiskFormatError) -> [String: (offset: UInt64, length: UInt64)] {
    let count = try view.u32(8)
    guard count <= 2047 else { throw source.error(.damaged, "has more regions than can be") }
    var found: [String: (offset: UInt64, length: UInt64)] = [:]
    for start in stride(from: 16, to: 16 + Int(count) * 32, by: 32) {
      guard let id = try view.uuid(at: start, mixedEndian: true) else { continue }
      let known = id == Region.metadata || id == Region.blockTable
      let required = try view.u32(start + 28) & 1 != 0
      guard known || !required else {
        throw source.error(.unsupported, "needs an unknown region \(id)")
      }
      guard found[id] == nil else { throw source.error(.damaged, "has a region twice") }
      found[id] = (try view.u64(start + 16), UInt64(try view.u32(start + 24)))
    }
    return found
  }

  /// CRC-32C over the structure, its own field taken as zero.
  private func isValid(_ view: ByteView) throws(DiskFormatError) -> Bool {
    var bytes = view.bytes
    bytes.replaceSubrange(4..<8, with: [0, 0, 0, 0])
    return try view.u32(4) == crc32c(bytes)
  }

  /// Every so many entries one of a bitmap follows, which only children use.
  private var chunk: UInt64 { (1 << 23) * metadata.sectorSize / metadata.blockSize }

  private func table(_ header: DiskHeader) throws(DiskFormatError) -> DiskSource.Table {
    let payload = header.virtualSize.dividedUp(by: metadata.blockSize)
    let count = payload == 0 ? 0 : payload.plus((payload - 1) / chunk)
    guard count.times(8) <= blockTable.length else {
      throw source.error(.damaged, "its block table does not fit the size of the disk")
    }
    return DiskSource.Table(
      what: "block table", offset: blockTable.offset, count: count, width: 8, order: .little)
  }

  func blockTable(of header: DiskHeader) throws(DiskFormatError) -> (any BlockTable)? {
    let chunk = chunk
    return try ListedBlocks(source, try table(header), blockSize: metadata.blockSize) {
      index, entry throws(DiskFormatError) in
      guard index % (chunk + 1) != chunk, entry & 7 >= 6 else { return nil }
      guard entry & 7 == 6 else { throw source.error(.damaged, "a block is there in part, without a parent") }
      return (index - index / (chunk + 1), (entry >> 20).times(1 << 20))
    }
  }

  func measure(into header: inout DiskHeader) throws(DiskFormatError) {
    var budget = DiskSource.tableBudget
    let (blockSize, chunk) = (metadata.blockSize, chunk)
    let table = try table(header)
    var end = blockTable.offset.plus(table.count.times(8))
    let virtualSize = header.virtualSize
    let whole = try source.forEachEntry(of: table, budget: &budget) { index, entry in
      // States 6 and 7: fully and partially present.
      guard index % (chunk + 1) != chunk, entry & 7 >= 6 else { return }
      let guest = (index - index / (chunk + 1)).times(blockSize)
      let length = min(blockSize, virtualSize - min(virtualSize, guest))
      end = max(end, (entry >> 20).times(1 << 20).plus(length))
    }
    header.map(upTo: end)
    if !whole { header.warnOfLargeTables() }
  }
}
