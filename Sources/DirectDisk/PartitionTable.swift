internal import DiskFormats
internal import Inventory

/// The partitions of a disk with the numbers that Linux gives them, by which volumes have the same names whoever reads
/// them. libtsk is not asked for these: it has no partition's id, and counts in eight bits.
///
///     MBR, sector 0:   440 disk id(4)  446 four entries of 16 bytes  510 55 AA
///       extended:      each logical partition has a table like it; the entry for the next one counts from the first
///     GPT:             `GPTHeader` in the second sector and in the last one
///       entry:         0 type(16)  16 id(16)  32 first sector(8)  40 last sector(8)  48 attributes(8)  56 name, 36 units of UTF-16
///
/// A sector has 512 or 4,096 bytes, which most images do not say. Of a GPT the header is where it is by one of these; the
/// sectors of an MBR are those by which something known begins where a partition does.
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
    var type: PartitionType?
    /// The 64 bits that a GPT has for it.
    var attributes: UInt64?
    /// Whether the disk ends before it does.
    var isCut = false
  }

  private(set) var partitions: [Partition] = []
  private(set) var sectorSize: UInt64
  /// What is odd in it.
  private(set) var remarks: [Problem] = []
  /// Whether Linux takes it only where it is started with `gpt` (its kernel-parameters.txt).
  private(set) var needsForce = false
  /// Why Linux does not show the partitions as they are here; nil where it does.
  private(set) var linuxObstacle: String?

  /// As Linux numbers them.
  private static let highest = 255
  /// Links of a chain of extended partitions that are followed: more than a chain of so many partitions has.
  private static let longestChain = 1024

  /// - Parameter stated: bytes of a sector, where the image says it.
  /// - Returns: nil where the disk has no partition table.
  /// - Throws: where it cannot be read.
  init?(_ disk: VolumeBytes, sectorSize stated: UInt64? = nil) throws(DirectDiskError) {
    let sizes: [UInt64] = stated == 4096 ? [4096, 512] : [512, 4096]
    sectorSize = sizes[0]
    let first = try disk.bytes(at: 0, count: 512)
    if let record = MasterBootRecord(first), record.isDisk {
      if record.entries.contains(where: \.isProtective) {
        needsForce = !record.entries.contains { $0.isProtective && $0.first == GPTHeader.first }
        if try !readGPT(disk, sizes) { remark("not-understood", "its MBR says that it has a GPT, and there is none") }
      } else {
        sectorSize = try Self.sectorSize(of: record, disk, sizes) ?? sectorSize
        try readMBR(disk, record.entries, id: first.number(440, 4))
      }
    } else {
      // A file system may have been made over a GPT.
      guard try Self.isMarked(disk, sizes), try !disk.holdsKnown(from: 0), try readGPT(disk, sizes) else { return nil }
      needsForce = true
      remark("gpt-damaged", "its GPT has no protective MBR")
    }
    noteOverlaps()
    if partitions.isEmpty, remarks.isEmpty { remark("empty-partition", "its partition table has no partitions") }
  }

  private mutating func remark(_ code: String, _ reason: String, number: Int? = nil) {
    remarks.append(
      Problem(
        code: code, operation: "read partition table", subject: "/dev/sda" + (number.map(String.init) ?? ""),
        reason: reason))
  }

  // MARK: GPT

  /// - Returns: false where there is none.
  private mutating func readGPT(_ disk: VolumeBytes, _ sizes: [UInt64]) throws(DirectDiskError) -> Bool {
    for size in sizes {
      guard let header = try? GPTHeader(disk, at: GPTHeader.first, sectorSize: size) else { continue }
      let isOtherDamaged = (try? GPTHeader(disk, at: min(header.other, disk.size / size), sectorSize: size)) == nil
      if isOtherDamaged {
        remark("gpt-damaged", "the second header of its GPT is damaged or missing; the first one was used")
      }
      read(header, disk)
      return true
    }
    for size in sizes where disk.size >= 3 * size {
      guard let header = try? GPTHeader(disk, at: disk.size / size - 1, sectorSize: size) else { continue }
      remark("gpt-damaged", "the first header of its GPT is damaged; the second one was used")
      needsForce = true
      read(header, disk)
      return true
    }
    // A disk that grew has its second header where its end was, which only the first one says.
    for size in sizes {
      let first = try disk.bytes(at: size, count: 92)
      let other = first.number(32, 8)
      guard first.has("EFI PART", at: 0), other < disk.size / size,
        let header = try? GPTHeader(disk, at: other, sectorSize: size)
      else { continue }
      remark("gpt-damaged", "the first header of its GPT is damaged; the second one was used")
      linuxObstacle = "the first header of its GPT is damaged and the second one is not at the disk's end"
      read(header, disk)
      return true
    }
    guard try Self.isMarked(disk, sizes) else { return false }
    throw DirectDiskError("read partition table", "both headers of its GPT are damaged")
  }

  /// Whether there is something of a GPT, in order or not.
  private static func isMarked(_ disk: VolumeBytes, _ sizes: [UInt64]) throws(DirectDiskError) -> Bool {
    for size in sizes where disk.size >= 3 * size {
      for sector in [GPTHeader.first, disk.size / size - 1] {
        if try disk.bytes(at: sector * size, count: 8).has("EFI PART", at: 0) { return true }
      }
    }
    return false
  }

  private mutating func read(_ header: GPTHeader, _ disk: VolumeBytes) {
    sectorSize = header.sectorSize
    if header.lastUsable >= disk.size / sectorSize {
      linuxObstacle = "its GPT goes on beyond the disk's end"
      remark(
        "partition-table-damaged", "the disk is shorter than its GPT says: it goes on to sector \(header.lastUsable)")
    } else if header.entryLength != 128 {
      linuxObstacle = "the entries of its GPT have \(header.entryLength) bytes"
    }
    var leftOut = 0
    for (position, start) in stride(from: 0, to: header.entries.count, by: header.entryLength).enumerated() {
      let entry = Array(header.entries[start..<start + 128])
      let (number, first, last) = (position + 1, entry.number(32, 8), entry.number(40, 8))
      guard let type = entry.uuid(0, isGUID: true) else { continue }
      guard number <= Self.highest else {
        leftOut += 1
        continue
      }
      guard last >= first else {
        remark("partition-table-damaged", "it ends at sector \(last), before it begins at \(first)", number: number)
        continue
      }
      var partition = Partition(number: number, start: 0, length: 0, type: PartitionType(code: type))
      partition.uuid = entry.uuid(16, isGUID: true)
      partition.label = entry.utf16(56, units: 36)
      partition.attributes = entry.number(48, 8)
      add(partition, first, last - first == .max ? .max : last - first + 1, in: disk)
    }
    noteLeftOut(leftOut)
  }

  // MARK: MBR

  /// The size of sectors by which one of the partitions begins with something known.
  private static func sectorSize(
    of record: MasterBootRecord, _ disk: VolumeBytes, _ sizes: [UInt64]
  ) throws(DirectDiskError) -> UInt64? {
    for size in sizes {
      // Whatever lies there otherwise is not a disk of larger sectors.
      if size == 4096, record.entries.contains(where: { ($0.first + $0.sectors) * size > disk.size }) { continue }
      for entry in record.entries where entry.sectors > 0 && entry.first > 0 {
        let start = entry.first * size
        let isKnown =
          entry.isExtended
          ? MasterBootRecord(try disk.bytes(at: start, count: 512)) != nil : try disk.holdsKnown(from: start)
        if isKnown { return size }
      }
    }
    return nil
  }

  private mutating func readMBR(
    _ disk: VolumeBytes, _ entries: [MasterBootRecord.Entry], id: UInt64
  ) throws(DirectDiskError) {
    var next = 5
    // Linux counts those of no type too: discs that can be put on a stick have one that spans them.
    for (position, entry) in entries.enumerated() where entry.sectors > 0 {
      if entry.isExtended {
        try readChain(disk, entry, number: position + 1, id: id, next: &next)
      } else {
        add(Self.partition(position + 1, entry, id), entry.first, entry.sectors, in: disk)
      }
    }
    noteLeftOut(next - 1 - Self.highest)
  }

  private static func partition(_ number: Int, _ entry: MasterBootRecord.Entry, _ id: UInt64) -> Partition {
    Partition(
      number: number, start: 0, length: 0,
      uuid: hexadecimal(id, digits: 8) + "-" + hexadecimal(UInt64(number), digits: 2),
      type: PartitionType(number: entry.type))
  }

  /// Logical partitions, each in a table that names the next one.
  private mutating func readChain(
    _ disk: VolumeBytes, _ whole: MasterBootRecord.Entry, number: Int, id: UInt64, next: inout Int
  ) throws(DirectDiskError) {
    noteEnd(whole.first, whole.sectors, in: disk, number: number)
    var seen: Set<UInt64> = []
    var (current, length) = (whole.first, whole.sectors)
    while seen.count < Self.longestChain {
      guard seen.insert(current).inserted else {
        if next > 5 { linuxObstacle = "its extended partitions form a loop" }
        return remark("partition-table-damaged", "its chain of logical partitions is a loop", number: number)
      }
      guard let record = MasterBootRecord(try disk.bytes(at: current * sectorSize, count: 512)) else {
        return remark(
          "partition-table-damaged", "there is no table of logical partitions at sector \(current)", number: number)
      }
      for (position, entry) in record.entries.enumerated() where entry.sectors > 0 && !entry.isExtended {
        let first = current + entry.first
        // The third and fourth hold what happened to be there, unless it fits.
        let fits =
          entry.first + entry.sectors <= length && first >= whole.first
          && first + entry.sectors <= whole.first + whole.sectors
        if position >= 2, !fits { continue }
        if next <= Self.highest { add(Self.partition(next, entry, id), first, entry.sectors, in: disk) }
        next += 1
      }
      guard let link = record.entries.first(where: { $0.isExtended && $0.sectors > 0 }) else { return }
      (current, length) = (whole.first + link.first, link.sectors)
    }
    remark(
      "partition-table-damaged", "its chain of logical partitions has more than \(seen.count) links", number: number)
  }

  // MARK: Both

  /// One that begins on the disk; what is beyond the disk's end is no part of it.
  private mutating func add(_ partition: Partition, _ first: UInt64, _ sectors: UInt64, in disk: VolumeBytes) {
    var partition = partition
    partition.isCut = noteEnd(first, sectors, in: disk, number: partition.number)
    let start = first.multipliedReportingOverflow(by: sectorSize)
    guard !start.overflow, start.partialValue < disk.size else { return }
    partition.start = start.partialValue
    let room = disk.size - partition.start
    partition.length = partition.isCut ? room / 512 * 512 : sectors * sectorSize
    if partition.length > 0 { partitions.append(partition) }
  }

  /// Says so where the disk ends before a partition does.
  @discardableResult
  private mutating func noteEnd(_ first: UInt64, _ sectors: UInt64, in disk: VolumeBytes, number: Int) -> Bool {
    let end = first.addingReportingOverflow(sectors)
    let all = disk.size / sectorSize
    if !end.overflow, end.partialValue <= all { return false }
    let place = "it begins at sector \(first) and has \(sectors) of \(sectorSize) bytes"
    let reason = first >= all ? "lies beyond the disk's end" : "goes on beyond the disk's end"
    remark("not-understood", "\(reason): \(place), and the disk has \(all)", number: number)
    return true
  }

  private mutating func noteLeftOut(_ count: Int) {
    if count > 0 { remark("not-understood", "it has \(count) more partitions than the \(Self.highest) that are read") }
  }

  /// Partitions that share sectors. One from the first sector on spans a disc that has partitions as well.
  private mutating func noteOverlaps() {
    var last: Partition?
    for partition in partitions.filter({ $0.start > 0 }).sorted(by: { $0.start < $1.start }) {
      if let last, partition.start < last.start + last.length {
        remark(
          "partitions-overlap", "it has sectors of partition \(last.number) too", number: partition.number)
      }
      if last.map({ $0.start + $0.length < partition.start + partition.length }) ?? true { last = partition }
    }
  }
}
