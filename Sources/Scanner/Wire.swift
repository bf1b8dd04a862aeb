internal import Inventory

/// Numbers, texts and bytes one after another: how a child tells its parent file lists, which JSON takes a tenth of a scan
/// for. Numbers are LEB128 (DWARF 5, 7.6), signed ones folded to unsigned; whatever has a length has it in front.
struct WireWriter {
  private(set) var bytes: [UInt8] = []

  mutating func number(_ value: some FixedWidthInteger & UnsignedInteger) {
    var rest = UInt64(value)
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

  mutating func optional<Value>(_ value: Value?, _ write: (inout WireWriter, Value) -> Void) {
    number(value == nil ? 0 : 1 as UInt)
    if let value { write(&self, value) }
  }

  mutating func list<Value>(_ values: some Collection<Value>, _ write: (inout WireWriter, Value) -> Void) {
    number(UInt(values.count))
    for value in values { write(&self, value) }
  }
}

/// Reads what `WireWriter` wrote, or what pretends to be that: every length is held against what is there.
struct WireReader {
  private let bytes: [UInt8]
  private var next: Int

  init(_ bytes: [UInt8], from start: Int = 0) {
    self.bytes = bytes
    next = start
  }

  var isAtEnd: Bool { next >= bytes.count }

  mutating func number<Number: FixedWidthInteger>(_ type: Number.Type = Number.self) throws(GarbledMessage) -> Number {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      guard next < bytes.count, shift < 64 else { throw GarbledMessage("a number does not end") }
      let byte = bytes[next]
      next += 1
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { break }
      shift += 7
    }
    guard let number = Number(exactly: value) else { throw GarbledMessage("a number is too large") }
    return number
  }

  mutating func signed() throws(GarbledMessage) -> Int64 {
    let value: UInt64 = try number()
    return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
  }

  mutating func data() throws(GarbledMessage) -> ArraySlice<UInt8> {
    let count: Int = try number()
    guard count <= bytes.count - next else { throw GarbledMessage("a length is beyond the message's end") }
    defer { next += count }
    return bytes[next..<next + count]
  }

  mutating func text() throws(GarbledMessage) -> String { String(decoding: try data(), as: UTF8.self) }

  mutating func optional<Value>(
    _ read: (inout WireReader) throws(GarbledMessage) -> Value
  ) throws(GarbledMessage) -> Value? {
    try number(Int.self) == 0 ? nil : try read(&self)
  }

  mutating func list<Value>(
    _ read: (inout WireReader) throws(GarbledMessage) -> Value
  ) throws(GarbledMessage) -> [Value] {
    let count: Int = try number()
    // Each takes at least a byte.
    guard count <= bytes.count - next else { throw GarbledMessage("a list is beyond the message's end") }
    var values: [Value] = []
    for _ in 0..<count { values.append(try read(&self)) }
    return values
  }

  /// The case with this position.
  mutating func oneOf<Value: CaseIterable>(_ type: Value.Type) throws(GarbledMessage) -> Value {
    let position: Int = try number()
    guard let value = Value.allCases.dropFirst(position).first else { throw GarbledMessage("no such \(type)") }
    return value
  }
}

extension WireWriter {
  mutating func oneOf<Value: CaseIterable & Equatable>(_ value: Value) {
    number(UInt(Value.allCases.enumerated().first { $0.element == value }?.offset ?? 0))
  }
}

/// A child's output that is no message.
struct GarbledMessage: Error {
  var reason: String

  init(_ detail: String) { reason = "its process said what is no message: \(detail)" }
}
