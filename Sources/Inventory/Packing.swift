internal import Fingerprints

/// Numbers, texts and bytes one after another: how file lists are kept in memory and told by a child to its parent. Of a
/// million files that is a fifth of what they take as values, and JSON would take a tenth of a scan. Numbers are LEB128
/// (DWARF 5, 7.6), signed ones folded to unsigned; whatever has a length has it in front.
struct PackedWriter {
  private(set) var bytes: [UInt8] = []

  mutating func clear() { bytes.removeAll(keepingCapacity: true) }

  mutating func number(_ value: some FixedWidthInteger & UnsignedInteger) { Self.append(UInt64(value), to: &bytes) }

  static func append(_ value: UInt64, to bytes: inout [UInt8]) {
    var rest = value
    while rest > 0x7F {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }

  mutating func signed(_ value: Int64) { number(UInt64(bitPattern: (value << 1) ^ (value >> 63))) }

  mutating func data(_ data: some Collection<UInt8>) {
    number(UInt(data.count))
    bytes += data
  }

  mutating func text(_ text: String) { data(text.utf8) }

  /// A text that mostly is lower-case hexadecimal digits, which take half of their length then.
  mutating func digits(_ text: String) {
    let isLowerCase = !text.utf8.contains { UInt8(ascii: "A")...UInt8(ascii: "F") ~= $0 }
    let packed = isLowerCase ? [UInt8](hex: text) : nil
    number(packed == nil ? 0 : 1 as UInt)
    if let packed { data(packed) } else { self.text(text) }
  }

  mutating func optional<Value>(_ value: Value?, _ write: (inout PackedWriter, Value) -> Void) {
    number(value == nil ? 0 : 1 as UInt)
    if let value { write(&self, value) }
  }

  mutating func list<Value>(_ values: some Collection<Value>, _ write: (inout PackedWriter, Value) -> Void) {
    number(UInt(values.count))
    for value in values { write(&self, value) }
  }

  mutating func oneOf<Value: CaseIterable & Equatable>(_ value: Value) {
    number(UInt(Value.allCases.enumerated().first { $0.element == value }?.offset ?? 0))
  }
}

/// Reads what `PackedWriter` wrote, or what pretends to be that: every length is held against what is there.
struct PackedReader {
  private let bytes: ArraySlice<UInt8>
  private var next: Int

  init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    next = bytes.startIndex
  }

  var isAtEnd: Bool { next >= bytes.endIndex }

  mutating func number<Number: FixedWidthInteger>(_ type: Number.Type = Number.self) throws(Garbled) -> Number {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      guard next < bytes.endIndex, shift < 64 else { throw Garbled("a number does not end") }
      let byte = bytes[next]
      next += 1
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { break }
      shift += 7
    }
    guard let number = Number(exactly: value) else { throw Garbled("a number is too large") }
    return number
  }

  mutating func signed() throws(Garbled) -> Int64 {
    let value: UInt64 = try number()
    return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
  }

  mutating func data() throws(Garbled) -> ArraySlice<UInt8> {
    let count: Int = try number()
    guard count <= bytes.endIndex - next else { throw Garbled("a length is beyond the end") }
    defer { next += count }
    return bytes[next..<next + count]
  }

  mutating func text() throws(Garbled) -> String { String(decoding: try data(), as: UTF8.self) }

  mutating func digits() throws(Garbled) -> String { try number(Int.self) == 0 ? try text() : try data().hex }

  mutating func optional<Value>(
    _ read: (inout PackedReader) throws(Garbled) -> Value
  ) throws(Garbled) -> Value? {
    try number(Int.self) == 0 ? nil : try read(&self)
  }

  mutating func list<Value>(
    _ read: (inout PackedReader) throws(Garbled) -> Value
  ) throws(Garbled) -> [Value] {
    let count: Int = try number()
    // Each takes at least a byte.
    guard count <= bytes.endIndex - next else { throw Garbled("a list is beyond the end") }
    var values: [Value] = []
    for _ in 0..<count { values.append(try read(&self)) }
    return values
  }

  /// The case with this position.
  mutating func oneOf<Value: CaseIterable>(_ type: Value.Type) throws(Garbled) -> Value {
    let position: Int = try number()
    guard let value = Value.allCases.dropFirst(position).first else { throw Garbled("no such \(type)") }
    return value
  }
}

/// Bytes that are no packed records.
package struct Garbled: Error {
  package var reason: String

  init(_ reason: String) { self.reason = reason }
}

/// Rows of bytes one after another, in pieces: a list that grows is never moved, which would hold it twice.
struct PackedRows: Sendable {
  private var pieces: [[UInt8]] = []

  /// Where a row begins: the piece, and the place in it.
  typealias Place = UInt64

  // A row may go beyond it.
  private static let pieceBytes = 1 << 20

  /// Stands for a row that is not there.
  static let nowhere = Place.max

  /// - Parameter head: what the row begins with.
  mutating func append(_ row: ArraySlice<UInt8>, after head: [UInt8] = []) -> Place {
    if pieces.last.map({ $0.count >= Self.pieceBytes }) ?? true {
      pieces.append([])
      // The first one may stay small.
      if pieces.count > 1 { pieces[pieces.count - 1].reserveCapacity(Self.pieceBytes + 4096) }
    }
    let last = pieces.count - 1
    let place = Place(last) << 32 | Place(pieces[last].count)
    PackedWriter.append(UInt64(head.count + row.count), to: &pieces[last])
    pieces[last] += head
    pieces[last] += row
    return place
  }

  /// Where the next row begins, unless it begins a piece.
  var end: Place { pieces.last.map { Place(pieces.count - 1) << 32 | Place($0.count) } ?? 0 }

  /// Drops the rows from there on.
  mutating func drop(from place: Place) {
    let (piece, start) = (Int(place >> 32), Int(place & 0xFFFF_FFFF))
    guard piece < pieces.count, start <= pieces[piece].count else { return }
    pieces.removeLast(pieces.count - 1 - piece)
    pieces[piece].removeLast(pieces[piece].count - start)
  }

  /// Empty where there is none.
  func row(_ place: Place) -> ArraySlice<UInt8> {
    let (piece, start) = (Int(place >> 32), Int(place & 0xFFFF_FFFF))
    guard place != Self.nowhere, piece < pieces.count, start < pieces[piece].count else { return [] }
    var reader = PackedReader(pieces[piece][start...])
    return (try? reader.data()) ?? []
  }
}
