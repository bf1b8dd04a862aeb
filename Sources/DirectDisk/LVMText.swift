internal import DiskFormats

/// The text by which LVM describes a group (lvm.conf(5) has the same syntax): `name = value`, `name { … }`, `# …`.
struct LVMText {
  struct Group {
    var name: String
    var id: String
    /// Grows with each change.
    var number: UInt64
    var extentBytes: UInt64
    var parts: [String: (id: String, start: UInt64)]
    /// All of them, also those that others are made of.
    var volumes: [Volume]
  }

  struct Volume {
    var name: String
    /// Whether a system sees it.
    var isVisible: Bool
    var segments: [Segment]

    /// Whether others are in it, or can be: it is none itself.
    var isPool: Bool { segments.contains { $0.type.hasSuffix("-pool") } }
  }

  struct Segment {
    var type: String
    /// How many extents it has.
    var extents: UInt64
    var stripes: [(part: String, extent: UInt64)]
    /// What else it names: volumes by what they are to it, such as `thin_pool`, `origin`, `cow_store`.
    var names: [String: String]
  }

  private indirect enum Value {
    case number(UInt64)
    case text(String)
    case list([Value])
    case section([(name: String, value: Value)])

    subscript(_ name: String) -> Value? {
      guard case .section(let values) = self else { return nil }
      return values.first { $0.name == name }?.value
    }

    var sections: [(name: String, value: Value)] {
      guard case .section(let values) = self else { return [] }
      return values.filter { if case .section = $0.value { true } else { false } }
    }

    var number: UInt64? { if case .number(let number) = self { number } else { nil } }
    var text: String? { if case .text(let text) = self { text } else { nil } }
    var list: [Value] { if case .list(let values) = self { values } else { [] } }
  }

  private var rest: ArraySlice<UInt8>

  init(_ bytes: [UInt8]) { rest = bytes[...] }

  /// - Throws: where it is not such a text, or not that of a group.
  func group() throws(DirectDiskError) -> Group {
    var reader = self
    let all = try reader.section(depth: 0)
    guard let (name, group) = all.sections.first, let id = group["id"]?.text, let extent = group["extent_size"]?.number,
      extent > 0, extent <= 1 << 32, isPlain(name)
    else { throw damaged }
    var parts: [String: (id: String, start: UInt64)] = [:]
    for (name, part) in group["physical_volumes"]?.sections ?? [] {
      guard let id = part["id"]?.text, let start = part["pe_start"]?.number, start < 1 << 50 else { throw damaged }
      parts[name] = (id.filter { $0 != "-" }, start * 512)
    }
    var volumes: [Volume] = []
    for (name, volume) in group["logical_volumes"]?.sections ?? [] {
      guard isPlain(name) else { throw damaged }
      let isVisible = volume["status"]?.list.contains { $0.text == "VISIBLE" } ?? false
      let segments = volume.sections.map(\.value).sorted {
        ($0["start_extent"]?.number ?? 0) < ($1["start_extent"]?.number ?? 0)
      }
      volumes.append(Volume(name: name, isVisible: isVisible, segments: segments.map(segment)))
    }
    return Group(
      name: name, id: id, number: group["seqno"]?.number ?? 0, extentBytes: extent * 512, parts: parts,
      volumes: volumes)
  }

  private func segment(_ value: Value) -> Segment {
    let words = value["stripes"]?.list ?? []
    let stripes = stride(from: 0, to: words.count - 1, by: 2).compactMap {
      position -> (part: String, extent: UInt64)? in
      guard let part = words[position].text, let extent = words[position + 1].number else { return nil }
      return (part, extent)
    }
    let keys = ["thin_pool", "metadata", "origin", "cow_store", "merging_store"]
    let names = keys.reduce(into: [:]) { names, key in names[key] = value[key]?.text }
    return Segment(
      type: value["type"]?.text ?? "unknown", extents: value["extent_count"]?.number ?? 0, stripes: stripes,
      names: names)
  }

  /// Letters that lvm(8) allows in names: these become volumes' ids.
  private func isPlain(_ name: String) -> Bool {
    name != "." && name != ".." && name.utf8.count <= 127
      && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "+_.-".contains($0)) }
  }

  private var damaged: DirectDiskError { DirectDiskError("read volume group", "its description is damaged") }

  // MARK: syntax

  private mutating func section(depth: Int) throws(DirectDiskError) -> Value {
    guard depth < 16 else { throw damaged }
    var values: [(name: String, value: Value)] = []
    while let next = skipBlanks() {
      if next == UInt8(ascii: "}") { break }
      let name = word()
      guard !name.isEmpty, let mark = skipBlanks() else { throw damaged }
      rest.removeFirst()
      if mark == UInt8(ascii: "{") {
        values.append((name, try section(depth: depth + 1)))
        guard skipBlanks() == UInt8(ascii: "}") else { throw damaged }
        rest.removeFirst()
      } else if mark == UInt8(ascii: "=") {
        values.append((name, try value(depth: depth)))
      } else {
        throw damaged
      }
    }
    return .section(values)
  }

  private mutating func value(depth: Int) throws(DirectDiskError) -> Value {
    guard depth < 16 else { throw damaged }
    switch skipBlanks() {
    case UInt8(ascii: "\""):
      rest.removeFirst()
      var text: [UInt8] = []
      while let byte = rest.popFirst(), byte != UInt8(ascii: "\"") {
        text.append(byte == UInt8(ascii: "\\") ? rest.popFirst() ?? byte : byte)
      }
      return .text(String(decoding: text, as: UTF8.self))
    case UInt8(ascii: "["):
      rest.removeFirst()
      var values: [Value] = []
      while let next = skipBlanks(), next != UInt8(ascii: "]") {
        if next == UInt8(ascii: ",") { rest.removeFirst() } else { values.append(try value(depth: depth + 1)) }
      }
      if !rest.isEmpty { rest.removeFirst() }
      return .list(values)
    default:
      let word = word()
      if word.isEmpty { throw damaged }
      return UInt64(word).map { .number($0) } ?? .text(word)
    }
  }

  private mutating func word() -> String {
    let letters = rest.prefix { byte in
      byte > 0x20 && !"={}[],\"#".utf8.contains(byte)
    }
    rest = rest.dropFirst(letters.count)
    return String(decoding: letters, as: UTF8.self)
  }

  /// The next byte that means something; the text may end with zeros.
  private mutating func skipBlanks() -> UInt8? {
    while let byte = rest.first {
      if byte == UInt8(ascii: "#") {
        rest = rest.drop { $0 != UInt8(ascii: "\n") }
      } else if byte > 0x20 {
        return byte
      } else {
        rest.removeFirst()
      }
    }
    return nil
  }
}
