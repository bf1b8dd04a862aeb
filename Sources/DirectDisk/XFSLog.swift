internal import DiskFormats

/// Whether the log was emptied before the volume was last left: its last record is then the one that says so.
///
///     each sector of 512 bytes: its cycle(4), which grows by one each time that the log is written around
///     record:  0 FEEDBABE  4 cycle(4)  8 version(4)  12 bytes that follow(4)  40 operations(4)  320 size of buffers(4)
///     then its operations: 4 length(4)  9 flags(1), of which 20 is the end of a mount
///
/// Source: Linux, fs/xfs/xfs_log_recover.c, xlog_find_head and xlog_check_unmount_rec. What is not as simple as it is on a
/// volume that was left in order counts as not clean.
struct XFSLog {
  private let volume: VolumeBytes
  private let place: Range<UInt64>
  private var sectors: UInt64 { UInt64(place.count) / 512 }

  init(_ volume: VolumeBytes, _ layout: XFSLayout) throws(DirectDiskError) {
    guard let place = layout.log, place.count >= 4096 else {
      throw DirectDiskError("open file system", "its journal is on another device")
    }
    self.volume = volume
    self.place = place
  }

  func isClean() throws(DirectDiskError) -> Bool {
    let head = try head()
    guard let record = try lastRecord(before: head) else { return false }
    let header = try sector(record)
    let size = header.bigNumber(320, 4)
    let headers = header.bigNumber(8, 4) & 2 != 0 && size > 32 << 10 ? (size + 32 << 10 - 1) / (32 << 10) : 1
    let end = record + headers + (header.bigNumber(12, 4) + 511) / 512
    guard header.bigNumber(40, 4) == 1, end % sectors == head % sectors else { return false }
    let operation = try sector((record + headers) % sectors)
    return operation.bigNumber(9, 1) & 0x20 != 0
  }

  /// The sector behind the newest one: the first whose cycle is not that of sector 0, or the end of the log.
  private func head() throws(DirectDiskError) -> UInt64 {
    let first = try cycle(0)
    var (low, high) = (UInt64(0), sectors)
    while high - low > 1 {
      let middle = low + (high - low) / 2
      if try cycle(middle) == first { low = middle } else { high = middle }
    }
    return high
  }

  /// At most so many sectors back: a record has 256 KiB.
  private func lastRecord(before head: UInt64) throws(DirectDiskError) -> UInt64? {
    for back in 1...min(sectors, 1024) {
      let number = (head + sectors - back) % sectors
      if try sector(number).bigNumber(0, 4) == 0xFEED_BABE { return number }
    }
    return nil
  }

  private func cycle(_ number: UInt64) throws(DirectDiskError) -> UInt64 {
    let sector = try sector(number)
    return sector.bigNumber(0, 4) == 0xFEED_BABE ? sector.bigNumber(4, 4) : sector.bigNumber(0, 4)
  }

  private func sector(_ number: UInt64) throws(DirectDiskError) -> [UInt8] {
    try volume.bytes(at: place.lowerBound + number * 512, count: 512)
  }
}
