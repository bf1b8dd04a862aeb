/// What the volume descriptors of an ISO 9660 say. Their numbers are there in both byte orders, the little-endian first.
///
///     sector 16 and on: 0 type(1)  1 "CD001"  40 label(32)  88 escape sequences(32)  128 block(2+2)  156 root's record(34)
///       type: 1 primary  2 supplementary  255 the last
///
/// A supplementary one is Joliet's where its escape sequence is `%/@`, `%/C` or `%/E`; its texts are big-endian UTF-16.
/// Sources: ECMA-119, 8.4 and 8.5; Joliet Specification, 1995.
package struct ISODescriptors {
  package private(set) var primary: [UInt8]?
  package private(set) var joliet: [UInt8]?

  package static let sector = 2048
  /// Linux looks at no more of them.
  package static let end = 100 * sector

  /// - Parameter start: the first bytes of the volume.
  package init?(_ start: [UInt8]) {
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
  package var blockSize: UInt64 { (primary ?? joliet)?.number(128, 2) ?? 0 }

  /// As blkid(8) has it: both labels in one where Joliet's, which has half the room, begins like the other. There `_` stands
  /// for what either cannot say, and case is lost where the other is in upper case. Else Joliet's.
  package var label: String? {
    guard let primary else { return nil }
    guard let joliet else { return primary.text(40, 32) }
    let wide = (0..<16).map { UInt16(joliet.bigNumber(40 + 2 * $0, 2)) }
    return Self.text(Self.merged(wide, Array(primary[40..<72])) ?? wide) ?? primary.text(40, 32)
  }

  private static func merged(_ wide: [UInt16], _ plain: [UInt8]) -> [UInt16]? {
    var merged: [UInt16] = []
    var rest = plain[...]
    var units = wide[...]
    while let unit = units.popFirst(), let byte = rest.popFirst() {
      merged.append(unit)
      if UTF16.isLeadSurrogate(unit), let next = units.first, UTF16.isTrailSurrogate(next), byte == 0x5F {
        merged.append(units.removeFirst())
      } else if byte == 0x5F {
        continue
      } else if unit == 0x5F {
        merged[merged.count - 1] = UInt16(byte)
      } else if upper(unit) == upper(UInt16(byte)) {
        merged[merged.count - 1] = max(unit, UInt16(byte))
      } else {
        return nil
      }
    }
    return merged + rest.map { UInt16($0) }
  }

  private static func upper(_ unit: UInt16) -> UInt16 { (0x61...0x7A).contains(unit) ? unit - 0x20 : unit }

  private static func text(_ units: [UInt16]) -> String? {
    var units = units.prefix { $0 != 0 }
    while units.last == 0x20 { units.removeLast() }
    return units.isEmpty ? nil : String(decoding: units, as: UTF16.self)
  }
}
