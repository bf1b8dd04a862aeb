/// One package's header, as each form of the RPM database holds it.
///
///     0   u32  number of index entries        all integers big-endian
///     4   u32  bytes of the store
///     8   entries, 16 bytes each: u32 tag, u32 type, u32 offset in the store, u32 count
///     …   the store
///
/// Source: rpm's docs/manual/format_header.md and format_v4.md. Regions (tags 61 to 63) only mark what is signed.
struct RPMHeader {
  private struct Entry {
    var type: Int
    var offset: Int
    var count: Int
  }

  private let bytes: RPMBytes
  private var entries: [Int: Entry] = [:]
  private let store: Int

  /// Bytes of the whole header.
  var size: Int { bytes.count }

  /// Nil where index and store do not fit into the blob. The bounds on both are rpm's own.
  init?(_ blob: [UInt8]) {
    bytes = RPMBytes(bytes: blob, isBigEndian: true)
    guard let indexCount = bytes.u32(0), let storeSize = bytes.u32(4), (1...0xFFFF).contains(indexCount),
      storeSize <= 0x0FFF_FFFF, bytes.slice(8, indexCount * 16 + storeSize) != nil
    else { return nil }
    store = 8 + indexCount * 16
    for index in 0..<indexCount {
      let at = 8 + index * 16
      guard let tag = bytes.u32(at), let type = bytes.u32(at + 4), let offset = bytes.u32(at + 8),
        let count = bytes.u32(at + 12)
      else { return nil }
      // What rpm added after installing comes last and replaces what the package said.
      entries[tag] = Entry(type: type, offset: offset, count: count)
    }
  }

  func has(_ tag: Int) -> Bool { entries[tag] != nil }

  /// A string, or the first of several.
  func text(_ tag: Int) -> String? {
    guard let entry = entries[tag], [6, 8, 9].contains(entry.type), entry.count > 0,
      let string = string(at: store + entry.offset)
    else { return nil }
    return declaredText(string)
  }

  /// All strings of an array; nil where there is no such array or it runs out of the store.
  func strings(_ tag: Int) -> [ArraySlice<UInt8>]? {
    guard let entry = entries[tag], entry.type == 8, entry.count <= bytes.count else { return nil }
    var strings: [ArraySlice<UInt8>] = []
    var offset = store + entry.offset
    for _ in 0..<entry.count {
      guard let string = string(at: offset) else { return nil }
      strings.append(string)
      offset += string.count + 1
    }
    return strings
  }

  /// All integers of an array of 8, 16 or 32 bits; nil where there is none or it runs out of the store.
  func integers(_ tag: Int) -> [Int]? {
    guard let entry = entries[tag], let width = [1: 1, 2: 1, 3: 2, 4: 4][entry.type], entry.count <= bytes.count,
      let data = bytes.slice(store + entry.offset, entry.count * width)
    else { return nil }
    return (0..<entry.count).map { index in
      let start = data.startIndex + index * width
      return data[start..<start + width].reduce(0) { $0 << 8 | Int($1) }
    }
  }

  private func string(at offset: Int) -> ArraySlice<UInt8>? {
    guard offset < bytes.count, let end = bytes.bytes[offset...].firstIndex(of: 0) else { return nil }
    return bytes.bytes[offset..<end]
  }
}
