/// The four entries of a partition table in a disk's first sector, or in the first sector of a logical partition.
///
///     446 four entries of 16 bytes  510 55 AA
///       entry:  0 active  4 type  8 first sector(4)  12 sectors(4)
///
/// Source: UEFI 2.10, section 5.2.
package struct MasterBootRecord: Equatable, Sendable {
  package struct Entry: Equatable, Sendable {
    package var active: UInt8
    package var type: UInt8
    package var first: UInt64
    package var sectors: UInt64

    /// Whether it holds logical partitions.
    package var isExtended: Bool { [0x05, 0x0F, 0x85].contains(type) }
    /// Whether it stands for a GPT.
    package var isProtective: Bool { type == 0xEE }
  }

  package let entries: [Entry]

  /// Nil where the sector does not end in 55 AA.
  package init?(_ sector: [UInt8]) {
    guard sector.has([0x55, 0xAA], at: 510) else { return nil }
    entries = [446, 462, 478, 494].map { offset in
      Entry(
        active: UInt8(sector.number(offset, 1)), type: UInt8(sector.number(offset + 4, 1)),
        first: sector.number(offset + 8, 4), sectors: sector.number(offset + 12, 4))
    }
  }

  /// Whether it can be that of a disk: a file system's boot sector ends in 55 AA too.
  package var isDisk: Bool {
    entries.allSatisfy { $0.active & 0x7F == 0 } && entries.contains { $0.type != 0 && $0.sectors > 0 }
  }
}
