internal import DiskFormats

/// The partitions of a disk with the numbers that Linux gives them, by which volumes have the same names whoever reads
/// them. libtsk is not asked for these: it has no partition's id, and counts in eight bits.
///
///     MBR, sector 0:   440 disk id(4)  446 four entries of 16 bytes  510 55 AA
///       entry:         0 active  4 type  8 first sector(4)  12 sectors(4)
///     extended:        each logical partition has a table like it; the entry for the next one counts from the first
///     GPT, sector 1:   0 "EFI PART"  72 entries' sector(8)  80 their number(4)  84 the length of one(4)
///       entry:         0 type(16)  16 id(16)  32 first sector(8)  40 last sector(8)  56 name, 36 units of UTF-16
///
/// Source: UEFI 2.10, section 5; Linux, block/partitions.
struct PartitionTable {
  struct Partition: Equatable {
    var number: Int
    /// In bytes.
    var start: UInt64
    var length: UInt64
    var uuid: String?
    var label: String?
    /// Whether it is one that no file system is ever in: room for a boot loader, or reserved.
    var isReserved = false
  }

  private(set) var partitions: [Partition] = []

  private static let sector: UInt64 = 512
  /// More than any system numbers.
  private static let most = 256

  /// - Returns: nil where the disk has no partition table.
  /// - Throws: where it cannot be read, or is no table that Linux would take.
  init?(_ disk: VolumeBytes) throws(DirectDiskError) {
    let first = try disk.bytes(at: 0, count: 512)
    guard let record = MasterBootRecord(first), record.isDisk else { return nil }
    if record.entries.contains(where: \.isProtective) {
      try readGPT(disk)
    } else {
      try readMBR(disk, record.entries, id: first.number(440, 4))
    }
  }

  private mutating func readMBR(_ disk: VolumeBytes, _ entries: [MasterBootRecord.Entry], id: UInt64) throws(DirectDiskError) {
    var next = 5
    // Linux counts those of no type too: discs that can be put on a stick have one that spans them.
    for (position, entry) in entries.enumerated() where entry.sectors > 0 {
      guard entry.isExtended else {
        add(position + 1, entry.first, entry.sectors, in: disk, diskID: id)
        continue
      }
      var seen: Set<UInt64> = []
      var current = entry.first
      while seen.count < Self.most, seen.insert(current).inserted {
        let table = try disk.bytes(at: current * Self.sector, count: 512)
        guard let record = MasterBootRecord(table) else { break }
        let inside = record.entries.filter { $0.sectors > 0 && $0.type != 0 }
        for logical in inside.prefix(2) where !logical.isExtended {
          add(next, current + logical.first, logical.sectors, in: disk, diskID: id)
          next += 1
        }
        guard let link = inside.first(where: \.isExtended) else { break }
        current = entry.first + link.first
      }
    }
  }

  private mutating func readGPT(_ disk: VolumeBytes) throws(DirectDiskError) {
    let header = try disk.bytes(at: Self.sector, count: 92)
    let (start, count, length) = (header.number(72, 8), header.number(80, 4), header.number(84, 4))
    guard header.has("EFI PART", at: 0), start <= disk.size / Self.sector, (128...4096).contains(length) else {
      throw DirectDiskError("read partition table", "its first header is damaged")
    }
    for position in 0..<min(count, UInt64(Self.most)) {
      let entry = try disk.bytes(at: start * Self.sector + position * length, count: 128)
      let (first, last) = (entry.number(32, 8), entry.number(40, 8))
      guard let type = entry.uuid(0, isGUID: true), last >= first, last < 1 << 54 else { continue }
      guard add(Int(position) + 1, first, last - first + 1, in: disk) else { continue }
      partitions[partitions.count - 1].uuid = entry.uuid(16, isGUID: true)
      partitions[partitions.count - 1].label = entry.utf16(56, units: 36)
      partitions[partitions.count - 1].isReserved = Self.reserved.contains(type)
    }
  }

  /// Room for GRUB, and what Windows keeps for itself.
  private static let reserved = ["21686148-6449-6e6f-744e-656564454649", "e3c9e316-0b5c-4db8-817d-f92df00215ae"]

  /// One that begins on the disk; what is beyond the disk's end is no part of it.
  @discardableResult
  private mutating func add(
    _ number: Int, _ first: UInt64, _ sectors: UInt64, in disk: VolumeBytes, diskID: UInt64? = nil
  ) -> Bool {
    let start = first.multipliedReportingOverflow(by: Self.sector)
    guard partitions.count < Self.most, !start.overflow, start.partialValue < disk.size else { return false }
    let room = (disk.size - start.partialValue) / Self.sector
    let id = diskID.map { hexadecimal($0, digits: 8) + "-" + hexadecimal(UInt64(number), digits: 2) }
    partitions.append(
      Partition(
        number: number, start: start.partialValue, length: min(sectors, room) * Self.sector, uuid: id))
    return true
  }
}
