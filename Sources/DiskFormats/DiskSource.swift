/// An image under reading: its bytes with exact reads, and tables walked within a budget.
///
/// Two reads decide what kind of image it is: of its start, as far as file systems have what they are known by, and of its
/// last sector, where a VHD has its footer.
struct DiskSource {
  /// Of allocation tables, at most so many bytes are read: a qcow2 of 1 TiB in clusters of 64 KiB has 128 MiB of them.
  static let tableBudget = 160 << 20

  let bytes: any RandomAccessBytes
  let name: String
  /// The first `VolumeIdentity.length` bytes, or all where there are fewer.
  private(set) var start: [UInt8] = []
  /// The last 512 bytes, or all where there are fewer.
  private(set) var end: [UInt8] = []

  init(bytes: any RandomAccessBytes, name: String) throws(DiskFormatError) {
    self.bytes = bytes
    self.name = name
    start = try some(at: 0, count: VolumeIdentity.length)
    let isAll = bytes.size <= UInt64(start.count)
    end = isAll ? Array(start.suffix(512)) : try some(at: bytes.size - 512, count: 512)
  }

  var size: UInt64 { bytes.size }

  func error(_ code: DiskFormatError.Code, _ reason: String, remedy: String? = nil) -> DiskFormatError {
    DiskFormatError(code, subject: name, reason: reason, remedy: remedy)
  }

  /// Up to `count` bytes: fewer at the end.
  func some(at offset: UInt64, count: Int) throws(DiskFormatError) -> [UInt8] {
    if let place = Int(exactly: offset), place <= start.count, count <= start.count - place {
      return Array(start[place..<place + count])
    }
    do {
      return try bytes.read(at: offset, count: count)
    } catch let failure as DiskFormatError {
      throw failure
    } catch {
      throw self.error(.unreadable, "\(error)")
    }
  }

  /// Exactly `count` bytes, or `truncated`.
  func exactly(_ what: String, at offset: UInt64, count: Int, order: ByteOrder) throws(DiskFormatError) -> ByteView {
    let found = try some(at: offset, count: count)
    guard found.count == count else { throw error(.truncated, "the file ends inside the \(what)") }
    return ByteView(bytes: found, order: order, subject: name)
  }

  /// A table of integers of 4 or 8 bytes.
  struct Table {
    let what: String
    let offset: UInt64
    let count: UInt64
    let width: Int
    let order: ByteOrder
  }

  /// Hands every entry that is not zero to `body`, with its position. Stops and returns false when the budget is spent.
  func forEachEntry(
    of table: Table, budget: inout Int, _ body: (UInt64, UInt64) throws(DiskFormatError) -> Void
  ) throws(DiskFormatError) -> Bool {
    let length = table.count.times(UInt64(table.width))
    guard table.offset <= size, length <= size - table.offset else {
      throw error(.truncated, "the file ends inside the \(table.what)")
    }
    var done: UInt64 = 0
    while done < length {
      let piece = Int(min(length - done, Self.piece))
      // A small read costs as much as one of 1 KiB.
      let cost = max(piece, 1024)
      guard cost <= budget else { return false }
      budget -= cost
      let chunk = try exactly(table.what, at: table.offset + done, count: piece, order: table.order).bytes
      if chunk != Self.zeros {
        for start in stride(from: 0, to: piece, by: table.width) {
          let value = Self.value(chunk, at: start, width: table.width, order: table.order)
          if value != 0 { try body((done + UInt64(start)) / UInt64(table.width), value) }
        }
      }
      done += UInt64(piece)
    }
    return true
  }

  private static let piece: UInt64 = 64 << 10
  private static let zeros = [UInt8](repeating: 0, count: Int(piece))

  private static func value(_ bytes: [UInt8], at start: Int, width: Int, order: ByteOrder) -> UInt64 {
    var value: UInt64 = 0
    for position in 0..<width {
      value = value << 8 | UInt64(bytes[order == .big ? start + position : start + width - 1 - position])
    }
    return value
  }
}

extension DiskHeader {
  /// Notes that the tables map the file up to `end` (exclusive).
  mutating func map(upTo end: UInt64) {
    guard end > 0 else { return }
    highestMappedByte = max(highestMappedByte ?? 0, end - 1)
  }

  mutating func warnOfLargeTables() {
    warnings.append("the allocation tables are too large to be checked whole")
  }
}
