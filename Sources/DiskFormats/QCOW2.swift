/// QEMU copy on write, version 2 and 3 (QEMU's docs/interop/qcow2.txt). Big-endian.
///
///     0   QFI\xfb  version  backing offset(8)  backing length(4)  cluster bits(4)
///     24  virtual size(8)  crypt method(4)  L1 entries(4)  L1 offset(8)
///     48  refcount table(8)  its clusters(4)  snapshots(4)  their table(8)
///     72  incompatible features(8)  compatible(8)  autoclear(8)  refcount order(4)  header length(4)   version 3
///     104 compression type(1), where the header is longer
///     …   extensions: type(4) length(4) data, padded to 8
///
///     L1 ──▶ L2 table (one cluster) ──▶ data cluster
///     L2 entry: bit 63 refcount is one, bit 62 compressed, bits 9–55 host offset, bit 0 reads as zeros
struct QCOW2: DiskHeaderReader {
  static let format = DiskFormat.qcow2

  private enum Extension {
    static let end: UInt32 = 0
    static let backingFormat: UInt32 = 0xE279_2ACA
    static let dataFile: UInt32 = 0x4441_5441
  }

  private enum Incompatible {
    static let dirty: UInt64 = 1 << 0
    static let corrupt: UInt64 = 1 << 1
    static let dataFile: UInt64 = 1 << 2
    static let compression: UInt64 = 1 << 3
    static let extendedL2: UInt64 = 1 << 4
    static let known: UInt64 = 0x1F
  }

  static let offsetMask: UInt64 = 0x00FF_FFFF_FFFF_FE00

  private let source: DiskSource
  private var clusterBits: UInt64 = 16
  private var extendedL2 = false
  private var isVersion3 = false
  /// Whether clusters are packed by another method than deflate.
  private var packsOtherwise = false
  private var l1Offset: UInt64 = 0
  private var l1Count: UInt64 = 0

  init(_ source: DiskSource) { self.source = source }

  static func recognises(_ source: DiskSource) -> Bool { source.start.has([0x51, 0x46, 0x49, 0xFB], at: 0) }

  private var clusterSize: UInt64 { 1 << clusterBits }

  mutating func read(into header: inout DiskHeader) throws(DiskFormatError) {
    let fixed = try source.exactly("header", at: 0, count: 72, order: .big)
    let version = try fixed.u32(4)
    guard version == 2 || version == 3 else { throw source.error(.unsupported, "is qcow version \(version)") }
    header.subformat = version == 2 ? "0.10" : "1.1"
    isVersion3 = version == 3
    header.virtualSize = try fixed.u64(24)
    let method = try fixed.u32(32)
    guard method <= 2 else { throw source.error(.unsupported, "uses an unknown encryption method \(method)") }
    header.encrypted = method != 0
    clusterBits = UInt64(try fixed.u32(20))
    l1Count = UInt64(try fixed.u32(36))
    l1Offset = try fixed.u64(40)
    guard (9...21).contains(clusterBits), header.virtualSize <= UInt64(Int64.max) else {
      throw source.error(.damaged, "its cluster size or virtual size is out of bounds")
    }
    try checkTables(fixed)
    // What lies in the first cluster names other files; a short file has less.
    let first = ByteView(
      bytes: try source.some(at: 0, count: Int(clusterSize)), order: .big, subject: source.name)
    let features = version == 3 ? try readFeatures(first, &header) : 0
    try readBacking(fixed, first, features: features, headerLength: version == 3 ? first.u32(100) : 72, &header)
    try checkL1(header)
  }

  /// Nothing is read by these tables here, but QEMU opens no image of which they are out of bounds.
  private func checkTables(_ fixed: ByteView) throws(DiskFormatError) {
    guard l1Offset % clusterSize == 0 else {
      throw source.error(.damaged, "its L1 table does not begin where a cluster does")
    }
    let clusters = UInt64(try fixed.u32(56))
    guard try fixed.u64(48) % clusterSize == 0, clusters.times(clusterSize) <= 8 << 20 else {
      throw source.error(.damaged, "the place or size of its reference count table is out of bounds")
    }
    let (snapshots, table) = (try fixed.u32(60), try fixed.u64(64))
    guard snapshots <= 65536, snapshots == 0 || table % clusterSize == 0 else {
      throw source.error(.damaged, "the place or number of its snapshots is out of bounds")
    }
  }

  private mutating func readFeatures(_ first: ByteView, _ header: inout DiskHeader) throws(DiskFormatError) -> UInt64 {
    let features = try first.u64(72)
    let unknown = features & ~Incompatible.known
    guard unknown == 0 else {
      throw source.error(.unsupported, "uses unknown incompatible features 0x\(String(unknown, radix: 16))")
    }
    if features & Incompatible.dirty != 0 { header.warnings.append("was not closed properly (dirty bit)") }
    if features & Incompatible.corrupt != 0 { header.warnings.append("is marked as corrupt") }
    let (order, length) = (try first.u32(96), try first.u32(100))
    guard order <= 6, length >= 104 else {
      throw source.error(.damaged, "its header length or the width of its reference counts is out of bounds")
    }
    // Kinds of compression: 0 deflate, 1 zstd.
    let compression = length > 104 ? try first.slice(at: 104, count: 1).first ?? 0 : 0
    guard compression <= 1 else { throw source.error(.unsupported, "uses an unknown compression \(compression)") }
    extendedL2 = features & Incompatible.extendedL2 != 0
    packsOtherwise = features & Incompatible.compression != 0
    guard !extendedL2 || clusterBits >= 14 else {
      throw source.error(.damaged, "has subclusters in clusters too small for them")
    }
    return features
  }

  private func readBacking(
    _ fixed: ByteView, _ first: ByteView, features: UInt64, headerLength: UInt32, _ header: inout DiskHeader
  ) throws(DiskFormatError) {
    let offset = try fixed.u64(8)
    let length = try fixed.u32(16)
    if offset != 0 {
      guard length <= 1023 else { throw source.error(.damaged, "the name of its backing file is over 1,023 bytes") }
      guard let start = Int(exactly: offset) else { throw source.error(.damaged, "its backing name lies outside") }
      let name = try text(first.slice(at: start, count: Int(length)), "backing file")
      header.parent = DiskParent(name: name)
      header.references.append(OutsideReference(name: name, kind: .backing))
    }
    let extensions = try readExtensions(first, from: headerLength, before: offset == 0 ? clusterSize : offset)
    if let format = extensions[Extension.backingFormat], !header.references.isEmpty {
      guard let known = DiskFormat(qemuDriver: format) else {
        throw source.error(.unsupported, "its backing file is said to be \(format)")
      }
      header.references[0].format = known
    }
    let dataFile = extensions[Extension.dataFile]
    if dataFile != nil || features & Incompatible.dataFile != 0 {
      header.references.append(OutsideReference(name: dataFile ?? "unnamed", kind: .dataFile, format: .raw))
    }
  }

  /// The extensions that are text. Bounded by the first cluster: each takes at least 8 bytes of it.
  private func readExtensions(
    _ first: ByteView, from start: UInt32, before end: UInt64
  ) throws(DiskFormatError) -> [UInt32: String] {
    var found: [UInt32: String] = [:]
    var position = Int(start)
    guard start >= 72, start <= clusterSize else { throw source.error(.damaged, "its header length is out of bounds") }
    let limit = min(first.bytes.count, Int(clamping: end))
    while position <= limit - 8 {
      let type = try first.u32(position)
      guard type != Extension.end else { break }
      let length = Int(try first.u32(position + 4))
      guard length <= limit - position - 8 else {
        throw source.error(.damaged, "a header extension is longer than its place")
      }
      if type == Extension.backingFormat || type == Extension.dataFile {
        found[type] = try text(first.slice(at: position + 8, count: length), "header extension")
      }
      position += 8 + (length + 7) & ~7
    }
    return found
  }

  private func text(_ bytes: ArraySlice<UInt8>, _ what: String) throws(DiskFormatError) -> String {
    guard !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) else {
      throw source.error(.damaged, "the name in its \(what) is not valid text")
    }
    return text
  }

  /// QEMU takes at most 32 MiB of L1, and the L1 must cover the disk.
  private func checkL1(_ header: DiskHeader) throws(DiskFormatError) {
    let covered = l1Count.times(entriesPerL2).times(clusterSize)
    guard l1Count <= (32 << 20) / 8, covered >= header.virtualSize else {
      throw source.error(.damaged, "its L1 table does not fit the size of the disk")
    }
  }

  private var entriesPerL2: UInt64 { clusterSize / (extendedL2 ? 16 : 8) }

  func measure(into header: inout DiskHeader) throws(DiskFormatError) {
    var budget = DiskSource.tableBudget
    var tables: [(index: UInt64, offset: UInt64)] = []
    let l1 = DiskSource.Table(what: "L1 table", offset: l1Offset, count: l1Count, width: 8, order: .big)
    var whole = try source.forEachEntry(of: l1, budget: &budget) { index, entry throws(DiskFormatError) in
      let offset = entry & Self.offsetMask
      guard offset % clusterSize == 0 else {
        throw source.error(.damaged, "an L2 table does not begin where a cluster does")
      }
      if offset != 0 { tables.append((index, offset)) }
    }
    header.map(upTo: l1Offset.plus(l1Count.times(8)))
    for table in tables {
      header.map(upTo: table.offset.plus(clusterSize))
      if table.offset.plus(clusterSize) > source.size { continue }
      let first = table.index.times(entriesPerL2)
      guard whole else { continue }
      whole = try measureL2(at: table.offset, first: first, &budget, &header)
    }
    if !whole { header.warnOfLargeTables() }
  }

  func blockTable(of header: DiskHeader) throws(DiskFormatError) -> (any BlockTable)? {
    if extendedL2 || packsOtherwise { return nil }
    let level1 = try source.exactly("L1 table", at: l1Offset, count: Int(l1Count) * 8, order: .big)
    return QCOW2Blocks(source, clusterBits: clusterBits, knowsZeros: isVersion3, level1: level1.bigNumbers)
  }

  private func measureL2(
    at offset: UInt64, first: UInt64, _ budget: inout Int, _ header: inout DiskHeader
  ) throws(DiskFormatError) -> Bool {
    let words = extendedL2 ? 2 : 1 as UInt64
    let table = DiskSource.Table(
      what: "L2 table", offset: offset, count: entriesPerL2 * words, width: 8, order: .big)
    var end: UInt64 = 0
    var entry: (index: UInt64, value: UInt64) = (.max, 0)
    let virtualSize = header.virtualSize
    let whole = try source.forEachEntry(of: table, budget: &budget) { index, value in
      if index % words == 0 {
        entry = (index / words, value)
        // Compressed clusters have no subclusters; of others the second word says how far they are written.
        guard !extendedL2 || value & 1 << 62 != 0 else { return }
        let guest = first.plus(entry.index).times(clusterSize)
        end = max(end, mappedEnd(value, length: min(clusterSize, virtualSize - min(virtualSize, guest))))
      } else if index / words == entry.index, entry.value & 1 << 62 == 0, let last = lastSubcluster(value) {
        end = max(end, mappedEnd(entry.value & ~1, length: clusterSize / 32 * (last + 1)))
      }
    }
    header.map(upTo: end)
    return whole
  }

  /// The highest subcluster that is allocated: bits 0 to 31 of the bitmap.
  private func lastSubcluster(_ bitmap: UInt64) -> UInt64? {
    let allocated = UInt32(truncatingIfNeeded: bitmap)
    return allocated == 0 ? nil : UInt64(31 - allocated.leadingZeroBitCount)
  }

  /// Where in the file the cluster of an L2 entry ends; 0 where it takes no place.
  private func mappedEnd(_ entry: UInt64, length: UInt64) -> UInt64 {
    guard entry & 1 << 62 == 0 else {
      // Counted in sectors of which the last need not be whole: its first byte must be there.
      let bits = 62 - (clusterBits - 8)
      let offset = entry & ((1 << bits) - 1)
      let sectors = (entry & (1 << 62 - 1)) >> bits
      return (offset / 512 + sectors) * 512 + 1
    }
    let offset = entry & Self.offsetMask
    return offset == 0 || entry & 1 != 0 || length == 0 ? 0 : offset.plus(length)
  }
}
