/// VirtualBox disk image, version 1.1 (VirtualBox's VDICore.h; QEMU's block/vdi.c). Little-endian.
///
///     0x000  text(64)  0x40 signature 0xbeda107f  0x44 version  0x48 header size  0x4c type
///     0x154  map offset(4)  data offset(4)  geometry …  0x170 disk size(8)  block size(4)  extra(4)  blocks(4)  used(4)
///     0x188  UUIDs, 16 bytes each: image, modification, parent's image, parent's modification
///
///     map: u32 a block, its place in the data area in blocks; 0xffffffff not allocated, 0xfffffffe reads as zeros
struct VDI: DiskHeaderReader {
  static let format = DiskFormat.vdi

  private let source: DiskSource
  private var mapOffset: UInt64 = 0
  private var dataOffset: UInt64 = 0
  private var blockSize: UInt64 = 0
  private var blocks: UInt64 = 0

  init(_ source: DiskSource) { self.source = source }

  static func recognises(_ source: DiskSource) -> Bool { source.start.has([0x7F, 0x10, 0xDA, 0xBE], at: 0x40) }

  mutating func read(into header: inout DiskHeader) throws(DiskFormatError) {
    let view = try source.exactly("header", at: 0, count: 0x1C8, order: .little)
    guard try view.u32(0x44) >> 16 == 1 else { throw source.error(.unsupported, "is of an unknown version of VDI") }
    header.virtualSize = try view.u64(0x170)
    header.id = try view.uuid(at: 0x188, mixedEndian: true)
    header.otherIDs = [try view.uuid(at: 0x198, mixedEndian: true)].compactMap(\.self)
    mapOffset = UInt64(try view.u32(0x154))
    dataOffset = UInt64(try view.u32(0x158))
    blockSize = UInt64(try view.u32(0x178)).plus(UInt64(try view.u32(0x17C)))
    blocks = UInt64(try view.u32(0x180))
    try readKind(view, &header)
    let guestBlock = UInt64(try view.u32(0x178))
    guard mapOffset % 512 == 0, dataOffset % 512 == 0 else {
      throw source.error(.damaged, "its block map or its data do not begin where a sector does")
    }
    guard guestBlock.isPowerOfTwo, guestBlock >= 512, blocks.times(guestBlock) >= header.virtualSize else {
      throw source.error(.damaged, "its blocks do not fit the size of the disk")
    }
    // Those of VirtualBox, and all that QEMU reads.
    guard guestBlock == 1 << 20 else {
      throw source.error(.unsupported, "has blocks of \(guestBlock) bytes, and only those of 1 MiB are read")
    }
  }

  private func readKind(_ view: ByteView, _ header: inout DiskHeader) throws(DiskFormatError) {
    let kind = try view.u32(0x4C)
    let origin = try view.uuid(at: 0x1A8, mixedEndian: true)
    let parent = try origin == nil ? view.uuid(at: 0x1B8, mixedEndian: true) : origin
    if kind == 3 || kind == 4 || parent != nil {
      header.subformat = "differencing"
      header.parent = DiskParent(id: parent)
      throw source.differencing(header.parent)
    }
    guard kind == 1 || kind == 2 else { throw source.error(.damaged, "is a VDI of unknown type \(kind)") }
    header.subformat = kind == 1 ? "dynamic" : "fixed"
  }

  func measure(into header: inout DiskHeader) throws(DiskFormatError) {
    var budget = DiskSource.tableBudget
    let table = DiskSource.Table(what: "block map", offset: mapOffset, count: blocks, width: 4, order: .little)
    // Block 0 of the data area is an entry of value 0, which the walk passes over; its end is below any other's.
    var end: UInt64 = 0
    let whole = try source.forEachEntry(of: table, budget: &budget) { _, block in
      if block < 0xFFFF_FFFE { end = max(end, dataOffset.plus((block + 1).times(blockSize))) }
    }
    header.map(upTo: max(end, mapOffset.plus(blocks.times(4))))
    if !whole { header.warnOfLargeTables() }
  }
}
