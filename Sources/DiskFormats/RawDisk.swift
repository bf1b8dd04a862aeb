/// Disks without a header of their own: what the start of the file shows.
extension DiskSource {
  static let nothingKnown = "has no known disk image header, and shows neither a partition table nor a file system"
  private static let remedy = "if it is a raw disk, say --image-format raw"

  /// Bytes of a logical sector of a raw disk; nil where it does not say.
  /// - Throws: where nothing shows that this is a disk, or its end is missing.
  func rawSectorSize() throws(DiskFormatError) -> UInt64? {
    if let foreign = ForeignFormat(self) { throw error(foreign.code, foreign.reason, remedy: foreign.remedy) }
    for sector in [512, 4096] where hasGPTHeader(start, at: sector, number: 1, sectorSize: UInt64(sector)) {
      return UInt64(sector)
    }
    let record = MasterBootRecord(start)
    if let record, record.isDisk, record.entries.contains(where: isInside) { return record.sectorSize(of: size) }
    // The second header stands in the last sector, of which the end was read.
    if size % 512 == 0, hasGPTHeader(end, at: 0, number: size / 512 - 1, sectorSize: 512) { return 512 }
    try checkContents(record)
    return nil
  }

  /// UEFI 2.10, section 5.3.2: its signature, its length, its checksum, its own place, and that of the entries.
  private func hasGPTHeader(_ bytes: [UInt8], at place: Int, number: UInt64, sectorSize: UInt64) -> Bool {
    let length = Int(bytes.number(place + 12, 4))
    guard bytes.has("EFI PART", at: place), (92...Int(sectorSize)).contains(length), length <= bytes.count - place
    else { return false }
    var header = Array(bytes[place..<place + length])
    let stated = header.number(16, 4)
    header.replaceSubrange(16..<20, with: [0, 0, 0, 0])
    return crc32(header) == stated && header.number(24, 8) == number && header.number(72, 8) < size / sectorSize
  }

  /// Whether a partition lies wholly inside the disk. One that stands for a GPT may have the largest size of all.
  private func isInside(_ entry: MasterBootRecord.Entry) -> Bool {
    guard entry.type != 0, entry.first > 0, entry.sectors > 0, entry.first < size / 512 else { return false }
    return entry.first + entry.sectors <= size / 512 || (entry.isProtective && entry.sectors == UInt64(UInt32.max))
  }

  /// Without a partition table the whole disk is one volume.
  /// - Throws: where there is none, or one that is larger than the file.
  private func checkContents(_ record: MasterBootRecord?) throws(DiskFormatError) {
    let identity = VolumeIdentity(start: start, size: size)
    let (type, claim) = arrayMember.map { ("linux_raid_member", $0) } ?? (identity.type, identity.claimedSize(start))
    switch claim {
    case .bytes(let claimed) where claimed <= size: return
    case .bytes(let claimed): throw cutShort("holds \(type) of \(claimed) bytes, but the file ends after \(size)")
    case .unstated: return
    case .none: break
    }
    if type == "swap" { throw error(.unrecognised, "holds swap space and no files", remedy: Self.remedy) }
    guard let record, record.entries.allSatisfy({ $0.active & 0x7F == 0 }) else {
      throw error(.unrecognised, Self.nothingKnown, remedy: Self.remedy)
    }
    guard record.isDisk else {
      throw error(.unrecognised, "has a boot sector with no partition in its table", remedy: Self.remedy)
    }
    throw cutShort("has a partition table, but the file ends after \(size) bytes, before the end of every partition")
  }

  /// Linux, include/uapi/linux/raid/md_p.h: a superblock of version 1.1 or 1.2, and where its data begin and how many they
  /// are, in sectors.
  private var arrayMember: ClaimedSize? {
    for place in [0, 4096] where start.has([0xFC, 0x4E, 0x2B, 0xA9, 1, 0, 0, 0], at: place) {
      return .bytes(start.number(place + 128, 8).plus(start.number(place + 136, 8)).times(512))
    }
    return nil
  }

  private func cutShort(_ reason: String) -> DiskFormatError {
    error(
      .truncated, reason,
      remedy: "copy the image again from its origin, or say --image-format raw to read what is there")
  }
}

extension MasterBootRecord {
  /// The entry that stands for a GPT spans the disk, counted in its sectors.
  fileprivate func sectorSize(of size: UInt64) -> UInt64? {
    let isOfLarge = entries.contains { $0.isProtective && $0.first == 1 && $0.sectors + 1 == size / 4096 }
    return isOfLarge && size / 4096 > 1 ? 4096 : nil
  }
}
