internal import DiskFormats

/// One of the two headers of a GPT with its entries, whole and checked.
///
///     0 "EFI PART"  12 bytes of the header(4)  16 CRC-32 of it, this field as zero(4)  24 its own sector(8)
///       32 the other header's sector(8)  40 first sector for partitions(8)  48 last one(8)  72 entries' sector(8)
///       80 their number(4)  84 the length of one(4)  88 CRC-32 of all entries(4)
///
/// Source: UEFI 2.10, section 5.3; Linux, block/partitions/efi.c.
struct GPTHeader {
  /// Bytes of a sector, by which all places count.
  let sectorSize: UInt64
  /// Where the other header is said to be.
  let other: UInt64
  /// The last sector that a partition may have.
  let lastUsable: UInt64
  let entryLength: Int
  let entries: [UInt8]

  /// Bytes of entries, as Linux has it.
  private static let longest: UInt64 = 4 << 20

  /// - Throws: where there is none at this sector that is in order.
  init(_ disk: VolumeBytes, at sector: UInt64, sectorSize: UInt64) throws(DirectDiskError) {
    let header = try disk.bytes(at: sector * sectorSize, count: Int(sectorSize))
    let length = Int(header.number(12, 4))
    guard header.has("EFI PART", at: 0) else { throw Self.flaw("it is not there") }
    guard length >= 92, length <= header.count else { throw Self.flaw("its length is out of bounds") }
    let counted = Array(header[..<16]) + [0, 0, 0, 0] + header[20..<length]
    guard UInt64(crc32(counted)) == header.number(16, 4) else { throw Self.flaw("its checksum does not fit") }
    let (count, start) = (header.number(80, 4), header.number(72, 8))
    entryLength = Int(header.number(84, 4))
    // Both factors have 32 bits.
    let bytes = count * UInt64(entryLength)
    lastUsable = header.number(48, 8)
    guard header.number(24, 8) == sector, header.number(40, 8) <= lastUsable, (128...4096).contains(entryLength),
      entryLength.nonzeroBitCount == 1, bytes <= Self.longest, start <= disk.size / sectorSize
    else { throw Self.flaw("its fields are out of bounds") }
    entries = try disk.bytes(at: start * sectorSize, count: Int(bytes))
    guard UInt64(crc32(entries)) == header.number(88, 4) else {
      throw Self.flaw("the checksum of its entries does not fit")
    }
    other = header.number(32, 8)
    self.sectorSize = sectorSize
  }

  /// The sector of the first header.
  static let first: UInt64 = 1

  private static func flaw(_ reason: String) -> DirectDiskError { DirectDiskError("read partition table", reason) }
}
