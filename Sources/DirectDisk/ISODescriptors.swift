/// What the volume descriptors of an ISO 9660 say. Their numbers are there in both byte orders, the little-endian first.
///
///     sector 16 and on: 0 type(1)  1 "CD001"  40 label(32)  88 escape sequences(32)  128 block(2+2)  156 root's record(34)
///       type: 1 primary  2 supplementary  255 the last
///
/// A supplementary one is Joliet's where its escape sequence is `%/@`, `%/C` or `%/E`; its texts are big-endian UTF-16.
/// Sources: ECMA-119, 8.4 and 8.5; Joliet Specification, 1995.
struct ISODescriptors {
  private(set) var primary: [UInt8]?
  private(set) var joliet: [UInt8]?

  static let sector = 2048
  /// Linux looks at no more of them.
  static let end = 100 * sector

  /// - Parameter start: the first bytes of the volume.
  init?(_ start: [UInt8]) {
    for place in stride(from: 16 * Self.sector, through: start.count - Self.sector, by: Self.sector) {
      guard start.has("CD001", at: place + 1) else { continue }
      let descriptor = Array(start[place..<place + Self.sector])
      switch descriptor[0] {
      case 1: primary = primary ?? descriptor
      case 2 where ["%/@", "%/C", "%/E"].contains { descriptor.has($0, at: 88) }: joliet = joliet ?? descriptor
      case 255: return
      default: continue
      }
    }
    if primary == nil, joliet == nil { return nil }
  }

  /// Bytes of a block, by which all places are told.
  var blockSize: UInt64 { (primary ?? joliet)?.number(128, 2) ?? 0 }

  /// As blkid(8) has it: Joliet's label, which has more characters, and for `_`, which stands there for what it cannot say,
  /// and beyond its end what the other one has.
  var label: String? {
    guard let primary else { return nil }
    guard let joliet else { return primary.text(40, 32) }
    var units = (0..<16).map { UInt16(truncatingIfNeeded: joliet.bigNumber(40 + 2 * $0, 2)) }
    let plain = primary[40..<72].map { UInt16($0) }
    for position in units.indices where units[position] == 0x5F { units[position] = plain[position] }
    units += plain[16...]
    while let last = units.last, last == 0x20 || last == 0 { units.removeLast() }
    let text = String(decoding: units.prefix { $0 != 0 }, as: UTF16.self)
    return text.isEmpty ? primary.text(40, 32) : text
  }
}
