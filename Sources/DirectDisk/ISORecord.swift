internal import DiskFormats

/// One entry of a folder of an ISO 9660.
///
///     0 length(1)  1 blocks of attributes in front of its contents(1)  2 first block(4+4)  10 bytes(4+4)  18 time(7)
///     25 flags(1): 02 folder, 04 associated file, 80 goes on in the next entry  27 gap between its parts(1)
///     32 length of its name(1)  33 name, to an even length; then room for Rock Ridge
///
/// Source: ECMA-119, 9.1.
struct ISORecord {
  private let bytes: [UInt8]

  /// - Returns: nil where it is not all there, or is none.
  init?(_ bytes: [UInt8], at position: Int) {
    guard position >= 0, position < bytes.count, bytes[position] >= 34, Int(bytes[position]) <= bytes.count - position
    else { return nil }
    self.bytes = Array(bytes[position..<position + Int(bytes[position])])
    if Int(self.bytes[32]) > self.bytes.count - 33 { return nil }
  }

  init(_ volume: VolumeBytes, at position: UInt64) throws(DirectDiskError) {
    guard let record = ISORecord(try volume.bytes(at: position, count: 255), at: 0) else {
      throw DirectDiskError("read entry", "it is damaged")
    }
    self = record
  }

  var length: Int { bytes.count }
  var isFolder: Bool { bytes[25] & 0x02 != 0 }
  var isAssociated: Bool { bytes[25] & 0x04 != 0 }
  var goesOn: Bool { bytes[25] & 0x80 != 0 }
  var isInterleaved: Bool { bytes[27] != 0 }
  /// The first block of its contents.
  var block: UInt64 { bytes.number(2, 4) + UInt64(bytes[1]) }
  var size: UInt64 { bytes.number(10, 4) }
  var modified: Int64 { ISOTime.short(bytes, 18) ?? 0 }
  private var name: ArraySlice<UInt8> { bytes[33..<33 + Int(bytes[32])] }

  /// Whether it is the folder's own entry, or that of the folder above.
  var isDots: Bool { name.count == 1 && name[33] < 2 }

  /// What lies behind the name.
  var systemUse: ArraySlice<UInt8> {
    let end = 33 + name.count
    return bytes.dropFirst(end + (end & 1))
  }

  /// The name as Linux shows it where there is no other (isofs_name_translate): in lower case, without version 1 and a
  /// point before it; what else would part it is a point.
  var plainName: [UInt8] {
    var name = Array(name.prefix { $0 != 0 })
    if name.suffix(3).elementsEqual(".;1".utf8) {
      name.removeLast(3)
    } else if name.suffix(2).elementsEqual(";1".utf8) {
      name.removeLast(2)
    }
    return name.map { byte in
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte | 0x20
      case UInt8(ascii: ";"), UInt8(ascii: "/"): UInt8(ascii: ".")
      default: byte
      }
    }
  }

  /// The name of a Joliet entry as Linux shows it (get_joliet_filename): without version 1 and points at the end. Halves of
  /// characters are left out.
  var jolietName: [UInt8] {
    let bytes = Array(name)
    let units = (0..<bytes.count / 2).lazy.map { UInt16(bytes.bigNumber(2 * $0, 2)) }.prefix { $0 != 0 }
    var text = ""
    var decoder = UTF16()
    var iterator = units.makeIterator()
    reading: while true {
      switch decoder.decode(&iterator) {
      case .scalarValue(let scalar): text.unicodeScalars.append(scalar)
      case .error: continue
      case .emptyInput: break reading
      }
    }
    var name = Array(text.utf8)
    if name.count > 2, name.suffix(2).elementsEqual(";1".utf8) { name.removeLast(2) }
    while name.count >= 2, name.last == UInt8(ascii: ".") { name.removeLast() }
    return name
  }
}

/// Times with their distance from Greenwich in quarters of an hour.
enum ISOTime {
  /// ECMA-119, 9.1.5: years since 1900, month, day, hour, minute, second, distance. Nil where it is not given.
  static func short(_ bytes: [UInt8], _ offset: Int) -> Int64? {
    guard offset >= 0, offset <= bytes.count - 7 else { return nil }
    let fields = bytes[offset..<offset + 6].map { Int64($0) }
    if fields.allSatisfy({ $0 == 0 }) { return nil }
    return seconds([fields[0] + 1900] + fields[1...], quarters: bytes[offset + 6])
  }

  /// ECMA-119, 8.4.26.1: 16 digits, of which the last two are hundredths, and the distance.
  static func long(_ bytes: [UInt8], _ offset: Int) -> Int64? {
    guard offset >= 0, offset <= bytes.count - 17 else { return nil }
    let digits = bytes[offset..<offset + 14].map { Int64($0) - 48 }
    guard digits.allSatisfy({ (0...9).contains($0) }), digits.contains(where: { $0 != 0 }) else { return nil }
    let pairs = stride(from: 0, to: 14, by: 2).map { digits[$0] * 10 + digits[$0 + 1] }
    return seconds([pairs[0] * 100 + pairs[1]] + pairs[2...], quarters: bytes[offset + 16])
  }

  /// Days are counted in years that begin with March, so that a leap day is the last. A distance of more than 13 hours is
  /// none, as Linux has it.
  private static func seconds(_ fields: [Int64], quarters: UInt8) -> Int64 {
    let isEarly = fields[1] <= 2
    let (year, month) = (fields[0] - (isEarly ? 1 : 0), fields[1] + (isEarly ? 10 : -2))
    let days = year / 4 - year / 100 + year / 400 + 367 * month / 12 + fields[2] + year * 365 - 719_499
    let distance = Int64(Int8(bitPattern: quarters))
    let local = ((days * 24 + fields[3]) * 60 + fields[4]) * 60 + fields[5]
    return local - (abs(distance) <= 52 ? distance * 15 * 60 : 0)
  }
}
