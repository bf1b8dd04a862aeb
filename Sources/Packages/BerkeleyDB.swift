/// The values of a Berkeley DB hash file, as RPM's `Packages` is: key a package number, value its header.
///
///     page 0:  12 u32 magic 0x061561 (tells the byte order), 16 u32 version 8 to 10, 20 u32 page size,
///              24 u8 encryption, 32 u32 number of the last page
///     others:  8 u32 own number, 16 u32 next page, 20 u16 number of entries, 22 u16 bytes used (overflow pages),
///              25 u8 type: 2 or 13 hash, 7 overflow;
///              26 u16 offsets of the entries, keys and values in turn, the first entry at the end of the page
///     entry:   u8 type: 1 the bytes themselves; 3 twelve bytes: type, 3 unused, u32 first overflow page, u32 length
///
/// All hash pages are read in the order of the file, without the bucket table: so a file that was cut gives what is
/// left. Source: Berkeley DB's dbinc/db_page.h, and rpm's lib/backend/bdb_ro.c.
func berkeleyDBBlobs(_ file: [UInt8]) -> RPMBlobs {
  var blobs = RPMBlobs(fileSize: file.count)
  guard let database = BerkeleyDB(file) else {
    blobs.damage("it does not begin as a Berkeley DB hash file")
    return blobs
  }
  if database.lastPage >= database.pageCount { blobs.damage("the file is shorter than its first page says") }
  for page in 1..<max(1, database.pageCount) { database.readHashPage(page, into: &blobs) }
  return blobs
}

private struct BerkeleyDB {
  private let bytes: RPMBytes
  private let pageSize: Int
  let lastPage: Int
  /// Whole pages that the file holds.
  var pageCount: Int { bytes.count / pageSize }

  init?(_ file: [UInt8]) {
    guard
      let bytes = [false, true].map({ RPMBytes(bytes: file, isBigEndian: $0) }).first(where: { $0.u32(12) == 0x061561 }
      ),
      let version = bytes.u32(16), (8...10).contains(version), let size = bytes.u32(20), (512...65536).contains(size),
      size & (size - 1) == 0, bytes.slice(24, 1) == [0], let lastPage = bytes.u32(32)
    else { return nil }
    self.bytes = bytes
    pageSize = size
    self.lastPage = lastPage
  }

  func readHashPage(_ page: Int, into blobs: inout RPMBlobs) {
    let start = page * pageSize
    guard let type = bytes.slice(start + 25, 1)?.first, type == 2 || type == 13, let count = bytes.u16(start + 20)
    else {
      return
    }
    guard bytes.u32(start + 8) == page, count <= (pageSize - 26) / 2 else {
      return blobs.damage("hash page \(page) does not hold together")
    }
    var end = pageSize
    var isKey = true
    var isHeader = false
    for index in 0..<count {
      guard let offset = bytes.u16(start + 26 + index * 2), offset >= 26 + count * 2, offset < end,
        let entry = bytes.slice(start + offset, end - offset)
      else { return blobs.damage("hash page \(page) does not hold together") }
      if isKey {
        // Number 0 holds the highest number in use.
        isHeader = entry.count == 5 && entry.dropFirst().contains { $0 != 0 }
      } else if isHeader {
        readValue(entry, at: start + offset, of: page, into: &blobs)
      }
      (end, isKey) = (offset, !isKey)
    }
  }

  private func readValue(_ entry: ArraySlice<UInt8>, at offset: Int, of page: Int, into blobs: inout RPMBlobs) {
    if entry.first == 1 { return blobs.add(entry.dropFirst()) }
    guard entry.first == 3, entry.count == 12, let first = bytes.u32(offset + 4), let length = bytes.u32(offset + 8),
      blobs.fits(length), let value = overflow(first, length)
    else { return blobs.damage("a value of hash page \(page) cannot be followed") }
    blobs.add(value)
  }

  /// Follows a chain of overflow pages. Each gives at least one byte of a length that is bounded, so that it ends.
  private func overflow(_ first: Int, _ length: Int) -> [UInt8]? {
    var value: [UInt8] = []
    var page = first
    while value.count < length {
      let start = page * pageSize
      guard page != 0, bytes.u32(start + 8) == page, bytes.slice(start + 25, 1) == [7],
        let used = bytes.u16(start + 22),
        used > 0, used <= min(pageSize - 26, length - value.count), let part = bytes.slice(start + 26, used),
        let next = bytes.u32(start + 16)
      else { return nil }
      value += part
      page = next
    }
    return value
  }
}
