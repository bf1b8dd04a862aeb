/// Integers at offsets in bytes that nobody vouches for. They are handed out as `Int`, 64 bits wide, so that a few of
/// them can be added without overflow.
struct RPMBytes {
  let bytes: [UInt8]
  var isBigEndian = false

  var count: Int { bytes.count }

  /// Nil where any part of it lies outside.
  func u16(_ offset: Int) -> Int? {
    guard let pair = slice(offset, 2), let first = pair.first, let last = pair.last else { return nil }
    return isBigEndian ? Int(first) << 8 | Int(last) : Int(last) << 8 | Int(first)
  }

  /// Nil where any part of it lies outside.
  func u32(_ offset: Int) -> Int? {
    guard let four = slice(offset, 4) else { return nil }
    return isBigEndian
      ? four.reduce(0) { $0 << 8 | Int($1) }
      : four.reversed().reduce(0) { $0 << 8 | Int($1) }
  }

  /// Nil where any part of it lies outside.
  func slice(_ offset: Int, _ length: Int) -> ArraySlice<UInt8>? {
    guard offset >= 0, length >= 0, offset <= bytes.count, length <= bytes.count - offset else { return nil }
    return bytes[offset..<offset + length]
  }
}

/// The header blobs that one database file gave.
struct RPMBlobs {
  private(set) var blobs: [[UInt8]] = []
  /// How many entries could not be read, and why the first could not.
  private(set) var damaged = 0
  private(set) var reason: String?
  private var room: Int

  /// No more bytes come out of a file than are in it: entries that share their bytes would otherwise grow without end.
  init(fileSize: Int) { room = fileSize }

  /// Whether there is room for an entry of this size.
  func fits(_ count: Int) -> Bool { count <= room }

  mutating func add(_ blob: some Collection<UInt8>) {
    guard fits(blob.count) else { return damage("entries overlap") }
    room -= blob.count
    blobs.append(Array(blob))
  }

  mutating func damage(_ reason: String) {
    damaged += 1
    self.reason = self.reason ?? reason
  }
}
