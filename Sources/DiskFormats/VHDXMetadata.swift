/// The metadata region of a VHDX ([MS-VHDX] 2.6).
///
///     0   "metadata"  0(2)  count(2)  0(20)
///     32  count × 32 bytes: GUID  offset in the region(4)  length(4)  flags(4): bit 2 required  0(4)
///
///     parent locator: type GUID  0(2)  count(2)  then 12 bytes each: key offset(4)  value offset(4)  lengths(2, 2)
struct VHDXMetadata {
  private enum Item {
    static let fileParameters = "caa16737-fa36-4d43-b3b6-33f0aa44e76b"
    static let virtualSize = "2fa54224-cd1b-4876-b211-5dbed83bf4b8"
    static let page83 = "beca12ab-b2e6-4523-93ef-c309e000c746"
    static let logicalSectorSize = "8141bf1d-a96f-4709-ba47-f233a8faab5f"
    static let physicalSectorSize = "cda348c7-445d-4471-9cc9-e9885251c556"
    static let parentLocator = "a8d35f2d-b30b-454d-abf7-d3d84834ab0c"
  }

  private(set) var blockSize: UInt64 = 0
  private(set) var leaveAllocated = false
  private(set) var hasParent = false
  private(set) var virtualSize: UInt64 = 0
  private(set) var sectorSize: UInt64 = 0
  private(set) var page83: String?
  private(set) var parent: DiskParent?

  init() {}

  /// Reads the region. At most 2,047 items, each of at most 1 MiB.
  init(_ source: DiskSource, at region: UInt64, length: UInt64) throws(DiskFormatError) {
    let table = try source.exactly("metadata table", at: region, count: 64 << 10, order: .little)
    guard table.bytes.starts(with: Array("metadata".utf8)) else {
      throw source.error(.damaged, "its metadata table is not where it should be")
    }
    let count = try table.u16(10)
    guard count <= 2047 else { throw source.error(.damaged, "has more metadata than can be") }
    var seen: Set<String> = []
    for start in stride(from: 32, to: 32 + Int(count) * 32, by: 32) {
      guard let id = try table.uuid(at: start, mixedEndian: true) else { continue }
      let offset = UInt64(try table.u32(start + 16))
      let itemLength = UInt64(try table.u32(start + 20))
      guard offset <= length, itemLength <= length - offset, itemLength <= 1 << 20 else {
        throw source.error(.damaged, "a metadata item lies outside its region")
      }
      guard seen.insert(id).inserted else { throw source.error(.damaged, "has a metadata item twice") }
      let required = try table.u32(start + 24) & 4 != 0
      let place = region.plus(offset)
      try read(id, required: required, source) { () throws(DiskFormatError) in
        try source.exactly("metadata", at: place, count: Int(itemLength), order: .little)
      }
    }
  }

  private mutating func read(
    _ id: String, required: Bool, _ source: DiskSource, item: () throws(DiskFormatError) -> ByteView
  ) throws(DiskFormatError) {
    switch id {
    case Item.fileParameters:
      let view = try item()
      blockSize = UInt64(try view.u32(0))
      leaveAllocated = try view.u32(4) & 1 != 0
      hasParent = try view.u32(4) & 2 != 0
    case Item.virtualSize: virtualSize = try item().u64(0)
    case Item.page83: page83 = try item().uuid(at: 0, mixedEndian: true)
    case Item.logicalSectorSize: sectorSize = UInt64(try item().u32(0))
    case Item.physicalSectorSize: break
    case Item.parentLocator: parent = try Self.parent(item(), source)
    default:
      if required { throw source.error(.unsupported, "needs unknown metadata \(id)") }
    }
  }

  /// The parent's data write GUID is `parent_linkage`; of its paths the first in the specification's order counts.
  private static func parent(_ view: ByteView, _ source: DiskSource) throws(DiskFormatError) -> DiskParent {
    var values: [String: String] = [:]
    let count = Int(try view.u16(18))
    // Six keys are specified; the bound keeps long values from being read over and over.
    guard count <= min(64, (view.bytes.count - 20) / 12) else {
      throw source.error(.damaged, "its parent locator has too many entries")
    }
    for start in stride(from: 20, to: 20 + count * 12, by: 12) {
      let key = try view.utf16(at: Int(try view.u32(start)), bytes: Int(try view.u16(start + 8)))
      values[key] = try view.utf16(at: Int(try view.u32(start + 4)), bytes: Int(try view.u16(start + 10)))
    }
    let id = values["parent_linkage"]?.lowercased().filter { $0.isHexDigit || $0 == "-" }
    return DiskParent(
      name: values["relative_path"] ?? values["volume_path"] ?? values["absolute_win32_path"], id: id)
  }

  /// The bounds of [MS-VHDX] 2.6.2: blocks of 1 to 256 MiB, sectors of 512 or 4,096 bytes, at most 64 TiB.
  func check(_ source: DiskSource) throws(DiskFormatError) {
    guard blockSize.isPowerOfTwo, (1 << 20...256 << 20).contains(blockSize),
      sectorSize == 512 || sectorSize == 4096, virtualSize <= 64 << 40, virtualSize % sectorSize == 0
    else { throw source.error(.damaged, "its block, sector or disk size is out of bounds") }
  }
}
