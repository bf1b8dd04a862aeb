/// VMware virtual disk: descriptor in text, sparse extents (VMware, Virtual Disk Format 5.0). Little-endian.
///
///     hosted sparse "KDMV": 0 magic  4 version  8 flags  12 capacity(8)  20 grain size(8)
///       28 descriptor offset(8)  36 descriptor size(8)  44 entries a grain table(4)
///       48 redundant directory(8)  56 grain directory(8)  64 overhead(8)  77 compression(2)      in sectors of 512 bytes
///     VMFS sparse "COWD":   0 magic  4 version  8 flags  12 capacity(4)  16 grain size(4)  20 directory(4)  24 its entries(4)
///     text:                 "# Disk DescriptorFile" …  (VMDKDescriptor)
///
///     directory: u32 a grain table, its sector  ──▶  grain table: u32 a grain, its sector; 0 not allocated, 1 zeros
///     stream optimized: the directory's place is all ones, and a copy of the header stands 1,024 bytes before the end;
///     a compressed grain begins with a marker: first sector(8)  length of what follows(4)
struct VMDK: DiskHeaderReader {
  static let format = DiskFormat.vmdk
  private static let atEnd = UInt64.max

  private let source: DiskSource
  private var grainSectors: UInt64 = 0
  private var tableEntries: UInt64 = 512
  private var directory: UInt64 = 0
  private var directoryEntries: UInt64 = 0
  private var compressed = false
  private var capacity: UInt64 = 0

  init(_ source: DiskSource) { self.source = source }

  static func recognises(_ source: DiskSource) -> Bool {
    source.start.has("KDMV", at: 0) || source.start.has("COWD", at: 0)
      || String(decoding: source.start.prefix(21), as: UTF8.self).lowercased() == "# disk descriptorfile"
  }

  mutating func read(into header: inout DiskHeader) throws(DiskFormatError) {
    switch try source.some(at: 0, count: 4) {
    case Array("KDMV".utf8): try readHosted(into: &header)
    case Array("COWD".utf8): try readVMFS(into: &header)
    default:
      let descriptor = try VMDKDescriptor(source, at: 0, length: source.size)
      header.references = descriptor.extents.compactMap(\.reference)
      try descriptor.describe(source, &header)
      header.virtualSize = descriptor.extents.reduce(0) { $0.plus($1.sectors.times(512)) }
      guard !descriptor.extents.isEmpty, header.virtualSize <= UInt64(Int64.max) else {
        throw source.error(.damaged, "its descriptor names no extents, or too large ones")
      }
    }
  }

  private mutating func readHosted(into header: inout DiskHeader) throws(DiskFormatError) {
    var view = try source.exactly("header", at: 0, count: 512, order: .little)
    let version = try view.u32(4)
    guard version <= 3 else { throw source.error(.unsupported, "is of an unknown version \(version) of VMDK") }
    // QEMU follows the extents of an embedded descriptor where the capacity is 0.
    guard try view.u64(12) != 0 else { throw source.error(.damaged, "its header gives no capacity") }
    try readEmbedded(view, into: &header)
    if try view.u64(56) == Self.atEnd {
      guard source.size >= 1536 else { throw source.error(.truncated, "the file ends inside the header") }
      view = try source.exactly("footer", at: source.size - 1024, count: 512, order: .little)
      guard view.bytes.starts(with: Array("KDMV".utf8)) else {
        throw source.error(.truncated, "the footer at its end is missing")
      }
    }
    capacity = try view.u64(12)
    grainSectors = try view.u64(20)
    tableEntries = UInt64(try view.u32(44))
    directory = try view.u64(56)
    let compression = try view.u16(77)
    guard compression <= 1 else { throw source.error(.unsupported, "uses an unknown compression \(compression)") }
    compressed = compression == 1
    header.virtualSize = capacity.times(512)
    try checkGrains(header)
    directoryEntries = capacity.dividedUp(by: grainSectors.times(tableEntries))
  }

  private func readEmbedded(_ view: ByteView, into header: inout DiskHeader) throws(DiskFormatError) {
    let offset = try view.u64(28)
    guard offset != 0 else { return }
    let length = try view.u64(36).times(512)
    let descriptor = try VMDKDescriptor(source, at: offset.times(512), length: length)
    // One extent is the file itself, by a name that it had once.
    if descriptor.extents.count != 1 || descriptor.extents.first?.kind != .sparse {
      header.references = descriptor.extents.compactMap(\.reference)
    }
    try descriptor.describe(source, &header)
  }

  private mutating func readVMFS(into header: inout DiskHeader) throws(DiskFormatError) {
    let view = try source.exactly("header", at: 0, count: 28, order: .little)
    header.subformat = "vmfsSparse"
    capacity = UInt64(try view.u32(12))
    grainSectors = UInt64(try view.u32(16))
    directory = UInt64(try view.u32(20))
    directoryEntries = UInt64(try view.u32(24))
    tableEntries = 4096
    header.virtualSize = capacity.times(512)
    try checkGrains(header)
    guard directoryEntries.times(tableEntries).times(grainSectors) >= capacity else {
      throw source.error(.damaged, "its grain directory does not fit the size of the disk")
    }
  }

  /// 4 Mi entries of a directory: twice what the largest disks of VMware, 62 TiB, have.
  private func checkGrains(_ header: DiskHeader) throws(DiskFormatError) {
    guard capacity > 0, header.virtualSize <= UInt64(Int64.max), grainSectors.isPowerOfTwo,
      grainSectors <= 1 << 16, (1...4096).contains(tableEntries),
      max(directoryEntries, capacity.dividedUp(by: grainSectors.times(tableEntries))) <= 4 << 20
    else { throw source.error(.damaged, "its grains or its size are out of bounds") }
  }

  func measure(into header: inout DiskHeader) throws(DiskFormatError) {
    guard grainSectors > 0 else { return }
    var budget = DiskSource.tableBudget
    var tables: [(index: UInt64, offset: UInt64)] = []
    let first = DiskSource.Table(
      what: "grain directory", offset: directory.times(512), count: directoryEntries, width: 4, order: .little)
    var whole = try source.forEachEntry(of: first, budget: &budget) { index, sector in
      tables.append((index, sector.times(512)))
    }
    header.map(upTo: first.offset.plus(directoryEntries.times(4)))
    var highest: (sector: UInt64, guest: UInt64) = (0, 0)
    for table in tables {
      header.map(upTo: table.offset.plus(tableEntries.times(4)))
      guard whole, table.offset.plus(tableEntries.times(4)) <= source.size else { continue }
      let grains = DiskSource.Table(
        what: "grain table", offset: table.offset, count: tableEntries, width: 4, order: .little)
      whole = try source.forEachEntry(of: grains, budget: &budget) { index, sector in
        guard sector > 1, sector > highest.sector else { return }
        highest = (sector, table.index.times(tableEntries).plus(index).times(grainSectors))
      }
    }
    header.map(upTo: try grainEnd(highest))
    if !whole { header.warnOfLargeTables() }
  }

  private func grainEnd(_ grain: (sector: UInt64, guest: UInt64)) throws(DiskFormatError) -> UInt64 {
    guard grain.sector > 0 else { return 0 }
    let start = grain.sector.times(512)
    guard compressed else {
      let sectors = min(grainSectors, capacity - min(capacity, grain.guest))
      return start.plus(sectors.times(512))
    }
    let marker = try source.some(at: start, count: 12)
    guard marker.count == 12 else { return start.plus(12) }
    let view = ByteView(bytes: marker, order: .little, subject: source.name)
    return start.plus(12).plus(UInt64(try view.u32(8)))
  }
}
