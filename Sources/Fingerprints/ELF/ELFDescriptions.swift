internal import Foundation

extension ELF {
  /// The name under which a library is linked against: DT_SONAME of the dynamic section.
  func soname() throws -> [SelfDescription] {
    guard let dynamic = segments.first(where: { $0.type == ELFSegment.Kind.dynamic }), dynamic.fileSize > 0 else {
      return []
    }
    let table = try bytes.slice(dynamic.offset, dynamic.fileSize)
    let size: UInt64 = isWide ? 16 : 8
    var strings: UInt64?
    var name: UInt64?
    // A real table has some dozens of entries.
    for position in 0..<min(table.count / size, 1024) {
      let tag = try table.word(position * size, isWide: isWide)
      let value = try table.word(position * size + size / 2, isWide: isWide)
      if tag == 0 { break }
      if tag == 5 { strings = value }
      if tag == 14 { name = value }
    }
    guard let strings, let name else { return [] }
    let address = try sum(strings, name)
    guard let load = loads.first(where: { address >= $0.address && address - $0.address < $0.fileSize }) else {
      throw Malformed("its string table is not mapped")
    }
    let text = try bytes.cString(try sum(load.offset, address - load.address), limit: 256)
    let version = text.range(of: ".so.").map { String(text[$0.upperBound...]) } ?? ""
    return [SelfDescription(kind: .soname, name: text, version: version)]
  }

  /// The package note (systemd, "ELF Package Metadata"): a JSON object with a NUL after it.
  func packageNote() throws -> [SelfDescription] {
    guard let note = notes.first(where: \.isPackage) else { return [] }
    let size = UInt64(note.descriptor.count)
    guard size <= 1 << 16 else { throw Malformed("\(size) bytes are too many") }
    let json = try bytes.slice(note.descriptor.lowerBound, size).data.prefix { $0 != 0 }
    guard let object = try JSONSerialization.jsonObject(with: Data(json)) as? [String: Any] else {
      throw Malformed("no JSON object")
    }
    var fields: [String: String] = [:]
    for (key, value) in object { fields[key] = value as? String ?? "\(value)" }
    let name = fields.removeValue(forKey: "name") ?? ""
    let version = fields.removeValue(forKey: "version") ?? ""
    return [SelfDescription(kind: .packageNote, name: name, version: version, fields: fields)]
  }

  /// The distinct strings that compilers and linkers leave in `.comment`.
  func compilers() throws -> [SelfDescription] {
    guard let section = section(".comment") else { return [] }
    let area = try bytes.slice(section.offset, section.size).prefix(1 << 16)
    var seen: Set<String> = []
    return area.data.split(separator: 0).prefix(64).compactMap { part in
      let text = String(decoding: part.prefix(256), as: UTF8.self)
      guard seen.insert(text).inserted else { return nil }
      return SelfDescription(kind: .compiler, name: text, version: compilerVersion(text))
    }
  }

  /// Go's build information: in its own section, or where the linker puts it, at the start of the writable segment.
  func goBuild() throws -> [SelfDescription] {
    let area: Bytes
    if let section = section(".go.buildinfo") {
      area = try bytes.slice(section.offset, section.size)
    } else if let data = loads.first(where: { $0.flags & 7 == 6 }), sections.isEmpty {
      area = try bytes.slice(data.offset, data.fileSize)
    } else {
      return []
    }
    return try GoBuild.read(area, in: self).map { [$0] } ?? []
  }
}

/// The word after `version`, or the last that begins with a digit: `GCC: (Debian 12.2.0-14) 12.2.0`.
private func compilerVersion(_ text: String) -> String {
  let words = text.split(separator: " ")
  if let position = words.firstIndex(of: "version"), position + 1 < words.count { return String(words[position + 1]) }
  return words.last { $0.first?.isNumber == true }.map(String.init) ?? ""
}
