internal import DiskFormats

/// What Rock Ridge says of one entry: fields behind its name, which may go on elsewhere.
///
///     field:  0 two letters  2 its length(1)  3 version(1)
///     SP:     4 BE EF  6 how many bytes are left out in front of all others(1)             SUSP 1.12, 5.3
///     CE:     4 block(4+4)  12 where in it(4+4)  20 bytes(4+4): the fields that follow     SUSP 5.1
///     ER:     says that the rest is Rock Ridge                                             SUSP 5.5
///     PX:     4 mode(4+4)  12 links(4+4)  20 uid(4+4)  28 gid(4+4)                         RRIP 1.12, 4.1.1
///     SL:     4 goes on(1), then parts: 0 flags(1)  1 length(1)  2 text                    RRIP 4.1.3
///     NM:     4 flags(1)  5 name                                                           RRIP 4.1.4
///     CL, RE: a folder that lies elsewhere, 4 its block(4+4); one that is shown elsewhere  RRIP 4.1.5
///     TF:     4 which there are(1)  5 times                                                RRIP 4.1.6
///     ZF:     4 "pz"  6 header(1)  7 logarithm of a block(1)  8 bytes unpacked(4+4)        zisofs
///
/// Where they are damaged this does what Linux does (fs/isofs/rock.c): takes what stood before.
struct RockRidge {
  private(set) var fields: [[UInt8]] = []
  /// Whether all fields were there.
  private(set) var isWhole = true

  /// More than once on from each other are rare; Linux follows no more.
  private static let most = 32

  /// - Parameter skip: how many bytes belong to others.
  init(_ record: ISORecord, skip: Int, _ volume: VolumeBytes, blockSize: UInt64) throws(DirectDiskError) {
    var area = Array(record.systemUse.dropFirst(skip))
    for _ in 0..<Self.most {
      guard let next = take(area) else { return }
      let (block, offset, count) = (next.number(4, 4), next.number(12, 4), next.number(20, 4))
      if block == 0 { return }
      guard offset <= blockSize, count <= blockSize - offset else { break }
      area = try volume.bytes(at: block * blockSize + offset, count: Int(count))
    }
    isWhole = false
  }

  /// Takes the fields that stand together.
  /// - Returns: that which says where they go on.
  private mutating func take(_ area: [UInt8]) -> [UInt8]? {
    var next: [UInt8]?
    var position = 0
    // One byte may be there to make the length even.
    while area.count - position > 2 {
      let length = Int(area[position + 2])
      guard length >= 3, length <= area.count - position else {
        isWhole = false
        return nil
      }
      let field = Array(area[position..<position + length])
      if field.has("CE", at: 0), length >= 28 { next = field }
      fields.append(field)
      position += length
    }
    return next
  }

  func first(_ name: String) -> [UInt8]? { fields.first { $0.has(name, at: 0) } }

  /// Whether this is the copy of a folder that is shown where its CL stands.
  var isRelocated: Bool { first("RE") != nil }

  /// Where the fields of all others begin; nil where this does not say.
  var skip: Int? {
    guard let field = first("SP"), field.has([0xBE, 0xEF], at: 4) else { return nil }
    return Int(field.number(6, 1))
  }

  /// Empty where there is none. Linux leaves out what would make it longer than 253 bytes.
  var name: [UInt8] {
    var name: [UInt8] = []
    for field in fields where field.has("NM", at: 0) && field.count >= 5 && field[4] & ~1 == 0 {
      if name.count + field.count - 5 >= 254 { break }
      name += field[5...].prefix { $0 != 0 }
    }
    return name
  }

  /// Where a symbolic link points.
  var target: [UInt8] {
    var target: [UInt8] = []
    for field in fields where field.has("SL", at: 0) && field.count >= 5 {
      var position = 5
      while position + 2 <= field.count {
        let (flags, length) = (field[position], Int(field[position + 1]))
        switch flags & ~1 {
        case 0: target += field[(position + 2)...].prefix(length)
        case 2: target += Array(".".utf8)
        case 4: target += Array("..".utf8)
        case 8: target += Array("/".utf8)
        default: break
        }
        position += length + 2
        let isLast = position + 2 > field.count
        if flags & ~1 != 8, flags & 1 == 0, !isLast || field[4] & 1 != 0 { target.append(UInt8(ascii: "/")) }
      }
    }
    return target
  }

  /// The time of last modification in a field of times.
  static func modified(_ field: [UInt8]) -> Int64? {
    guard field.count >= 5, field[4] & 2 != 0 else { return nil }
    let before = Int(field[4] & 1)
    return field[4] & 0x80 == 0 ? ISOTime.short(field, 5 + before * 7) : ISOTime.long(field, 5 + before * 17)
  }
}
