/// Virtual hard disk (Microsoft, Virtual Hard Disk Image Format Specification 1.0). Big-endian.
///
///     fixed:    data │ footer(512)
///     dynamic:  footer copy(512) │ header(1024) │ block table │ blocks: bitmap, data … │ footer(512)
///
///     footer: 0 "conectix"  16 header offset(8)  28 creator(4)  40 original size(8)  48 current size(8)
///             56 cylinders(2) heads(1) sectors(1)  60 type(4): 2 fixed, 3 dynamic, 4 differencing
///             64 checksum(4)  68 unique id(16)
///     header: 0 "cxsparse"  16 table offset(8)  28 entries(4)  32 block size(4)  36 checksum(4)
///             40 parent id(16)  64 parent name(512, UTF-16)
///
///     table: u32 a block, its sector in the file; 0xffffffff not allocated
///
/// Virtual PC before 2004 wrote footers of 511 bytes. The size is `current size`, whatever the geometry says.
struct VHD: DiskHeaderReader {
  static let format = DiskFormat.vhd
  private static let cookie = Array("conectix".utf8)

  private let source: DiskSource
  private var tableOffset: UInt64 = 0
  private var entries: UInt64 = 0
  private var blockSize: UInt64 = 0
  private var fixedEnd: UInt64?

  init(_ source: DiskSource) { self.source = source }

  static func recognises(_ source: DiskSource) -> Bool {
    source.start.starts(with: cookie) || endFooter(source) != nil
  }

  /// The footer at the end, of 512 or 511 bytes.
  private static func endFooter(_ source: DiskSource) -> ByteView? {
    for length in [512, 511] where source.end.count >= length {
      let bytes = Array(source.end.suffix(length))
      if bytes.starts(with: cookie) { return ByteView(bytes: bytes, order: .big, subject: source.name) }
    }
    return nil
  }

  mutating func read(into header: inout DiskHeader) throws(DiskFormatError) {
    let last = Self.endFooter(source)
    let startsWithFooter = source.start.starts(with: Self.cookie)
    let first = startsWithFooter ? try source.exactly("footer copy", at: 0, count: 512, order: .big) : nil
    // QEMU takes the copy at the start where there is one, so it decides here too.
    guard let footer = first ?? last else { throw source.error(.damaged, "has no footer") }
    try readFooter(footer, &header)
    if let first, let last, first.bytes.prefix(85) != last.bytes.prefix(85) {
      header.warnings.append("its two footers differ")
    }
    let kinds = try [footer.u32(60), last?.u32(60) ?? 0]
    if kinds.contains(4) { try refuseDifferencing(footer, &header) }
    try checkSum(footer, at: 64, of: "footer")
    try checkSize(header)
    guard last == nil || kinds[0] == kinds[1] else {
      throw source.error(.ambiguous, "its two footers are of different types, so what it holds is not certain")
    }
    switch kinds[0] {
    case 2:
      header.subformat = "fixed"
      guard let last else { throw source.error(.truncated, "is a fixed VHD without the footer at its end") }
      fixedEnd = header.virtualSize.plus(UInt64(last.bytes.count))
    case 3:
      header.subformat = "dynamic"
      if last == nil { header.warnings.append("the footer at its end is missing") }
      try readDynamic(footer, &header)
    default: throw source.error(.damaged, "is a VHD of unknown type \(kinds[0])")
    }
  }

  private func readFooter(_ footer: ByteView, _ header: inout DiskHeader) throws(DiskFormatError) {
    header.creator = String(decoding: try footer.slice(at: 28, count: 4), as: UTF8.self)
    header.virtualSize = try footer.u64(48)
    header.id = try footer.uuid(at: 68, mixedEndian: false)
    let geometry = try footer.slice(at: 58, count: 2).map { UInt64($0) }
    let addressable = UInt64(try footer.u16(56)).times(geometry[0]).times(geometry[1]).times(512)
    if addressable < header.virtualSize, addressable < 65535 * 16 * 255 * 512 {
      header.warnings.append("its geometry holds only \(addressable) of \(header.virtualSize) bytes")
    }
  }

  private func checkSum(_ view: ByteView, at position: Int, of what: String) throws(DiskFormatError) {
    guard try view.u32(position) == Self.checksum(view.bytes, at: position) else {
      throw source.error(
        .damaged, "incorrect header checksum: its \(what) is damaged", remedy: "copy the image again from its origin")
    }
  }

  /// 2 TiB is what 32 bits of sectors hold.
  private func checkSize(_ header: DiskHeader) throws(DiskFormatError) {
    guard header.virtualSize > 0, header.virtualSize <= 1 << 41, header.virtualSize % 512 == 0 else {
      throw source.error(.damaged, "its size of \(header.virtualSize) bytes is out of bounds")
    }
  }

  private func refuseDifferencing(_ footer: ByteView, _ header: inout DiskHeader) throws(DiskFormatError) {
    header.subformat = "differencing"
    var parent = DiskParent()
    if let dynamic = try? dynamicHeader(footer) {
      parent.id = try dynamic.uuid(at: 40, mixedEndian: false)
      let name = try dynamic.utf16(at: 64, bytes: 512)
      parent.name = name.isEmpty ? nil : name
    }
    header.parent = parent
    if let name = parent.name { header.references = [OutsideReference(name: name, kind: .parent)] }
    throw source.differencing(parent)
  }

  private func dynamicHeader(_ footer: ByteView) throws(DiskFormatError) -> ByteView {
    let view = try source.exactly("dynamic header", at: try footer.u64(16), count: 1024, order: .big)
    guard view.bytes.starts(with: Array("cxsparse".utf8)) else {
      throw source.error(.damaged, "its dynamic header is not where its footer says")
    }
    return view
  }

  private mutating func readDynamic(_ footer: ByteView, _ header: inout DiskHeader) throws(DiskFormatError) {
    let dynamic = try dynamicHeader(footer)
    try checkSum(dynamic, at: 36, of: "dynamic header")
    tableOffset = try dynamic.u64(16)
    entries = UInt64(try dynamic.u32(28))
    blockSize = UInt64(try dynamic.u32(32))
    guard blockSize.isPowerOfTwo, blockSize >= 512, entries.times(blockSize) >= header.virtualSize else {
      throw source.error(.damaged, "its blocks do not fit the size of the disk")
    }
    // The table may be longer than the disk needs; what counts is what the disk can reach.
    entries = min(entries, header.virtualSize.dividedUp(by: blockSize))
  }

  private var table: DiskSource.Table {
    DiskSource.Table(what: "block table", offset: tableOffset, count: entries, width: 4, order: .big)
  }

  /// Bytes of the bitmap in front of a block.
  private var bitmap: UInt64 { (blockSize / 512).dividedUp(by: 8).dividedUp(by: 512).times(512) }

  func blockTable(of header: DiskHeader) throws(DiskFormatError) -> (any BlockTable)? {
    // An entry of zero is the file's own header.
    try ListedBlocks(source, table, blockSize: blockSize) { index, sector in
      sector == 0xFFFF_FFFF ? nil : (index, sector.times(512).plus(bitmap))
    }
  }

  func measure(into header: inout DiskHeader) throws(DiskFormatError) {
    if let fixedEnd { return header.map(upTo: fixedEnd) }
    var budget = DiskSource.tableBudget
    var end = tableOffset.plus(entries.times(4))
    let whole = try source.forEachEntry(of: table, budget: &budget) { _, sector in
      if sector != 0xFFFF_FFFF { end = max(end, sector.times(512).plus(bitmap).plus(blockSize)) }
    }
    header.map(upTo: end)
    if !whole { header.warnOfLargeTables() }
  }

  /// The ones' complement of the sum of all bytes but those of the checksum itself.
  static func checksum(_ bytes: [UInt8], at position: Int) -> UInt32 {
    var sum: UInt32 = 0
    for (index, byte) in bytes.enumerated() where !(position..<position + 4).contains(index) {
      sum &+= UInt32(byte)
    }
    return ~sum
  }
}
