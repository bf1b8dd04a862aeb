extension ELFHeader {
  init(_ bytes: Bytes) throws {
    guard bytes.starts(with: Self.magic) else { throw Malformed("no ELF magic") }
    let (width, order) = (try bytes.u8(4), try bytes.u8(5))
    guard width == 1 || width == 2 else { throw Malformed("unknown ELF class \(width)") }
    guard order == 1 || order == 2 else { throw Malformed("unknown ELF byte order \(order)") }
    let wide = width == 2
    let bytes = Bytes(bytes.data, isBigEndian: order == 2)
    isWide = wide
    isBigEndian = order == 2
    type = try bytes.u16(16)
    machine = try bytes.u16(18)
    entry = try bytes.word(24, isWide: wide)
    let sizes: UInt64 = wide ? 54 : 42
    segmentTable = Table(
      offset: try bytes.word(wide ? 32 : 28, isWide: wide), entrySize: try bytes.u16(sizes),
      count: try bytes.u16(sizes + 2))
    sectionTable = Table(
      offset: try bytes.word(wide ? 40 : 32, isWide: wide), entrySize: try bytes.u16(sizes + 4),
      count: try bytes.u16(sizes + 6))
    namesIndex = try bytes.u16(sizes + 8)
  }

  /// The segment table, from bytes that begin where the file does.
  func segments(in bytes: Bytes) throws -> [ELFSegment] {
    try entries(segmentTable, minimum: isWide ? 56 : 32, in: bytes, tableAt: segmentTable.offset).map { entry in
      isWide
        ? ELFSegment(
          type: try entry.u32(0), flags: try entry.u32(4), offset: try entry.u64(8), address: try entry.u64(16),
          fileSize: try entry.u64(32), memorySize: try entry.u64(40), alignment: try entry.u64(48))
        : ELFSegment(
          type: try entry.u32(0), flags: try entry.u32(24), offset: UInt64(try entry.u32(4)),
          address: UInt64(try entry.u32(8)), fileSize: UInt64(try entry.u32(16)),
          memorySize: UInt64(try entry.u32(20)), alignment: UInt64(try entry.u32(28)))
    }
  }

  /// The section table with its names, from bytes that begin `start` bytes into the file.
  func sections(in bytes: Bytes, from start: UInt64 = 0) throws -> [ELFSection] {
    guard sectionTable.count > 0, sectionTable.offset > 0 else { return [] }
    guard sectionTable.offset >= start else { throw Malformed("the section table is out of reach") }
    var sections = try entries(
      sectionTable, minimum: isWide ? 64 : 40, in: bytes, tableAt: sectionTable.offset - start
    ).map(section)
    guard Int(namesIndex) < sections.count else { return sections }
    let names = sections[Int(namesIndex)]
    guard names.offset >= start, names.hasBytes else { throw Malformed("the section names are out of reach") }
    let table = try bytes.slice(names.offset - start, names.size)
    for position in sections.indices {
      sections[position].name = try table.cString(UInt64(sections[position].nameOffset), limit: 128)
    }
    return sections
  }

  private func section(_ entry: Bytes) throws -> ELFSection {
    let wide = isWide
    return ELFSection(
      name: "", nameOffset: try entry.u32(0), type: try entry.u32(4), flags: try entry.word(8, isWide: wide),
      address: try entry.word(wide ? 16 : 12, isWide: wide), offset: try entry.word(wide ? 24 : 16, isWide: wide),
      size: try entry.word(wide ? 32 : 20, isWide: wide), alignment: try entry.word(wide ? 48 : 32, isWide: wide))
  }

  private func entries(_ table: Table, minimum: UInt16, in bytes: Bytes, tableAt offset: UInt64) throws -> [Bytes] {
    guard table.count > 0 else { return [] }
    guard table.entrySize >= minimum else { throw Malformed("a table entry of \(table.entrySize) bytes is too small") }
    let size = UInt64(table.entrySize)
    let table = try Bytes(bytes.data, isBigEndian: isBigEndian).slice(offset, UInt64(table.count) * size)
    return try (0..<table.count / size).map { try table.slice($0 * size, size) }
  }
}

extension ELF {
  /// Reads the tables. A section table that is broken, as after `sstrip`, takes nothing from the segments.
  init(_ whole: Bytes, onProblem: (any Error) -> Void = { _ in }) throws {
    header = try ELFHeader(whole)
    bytes = Bytes(whole.data, isBigEndian: header.isBigEndian)
    segments = try header.segments(in: whole)
    do {
      sections = try header.sections(in: whole)
    } catch {
      onProblem(error)
      sections = []
    }
    notes = try ELFNote.all(in: bytes, segments: segments, sections: sections)
  }
}

extension ELFNote {
  /// The most notes that are looked at; a real file has fewer than ten.
  private static let limit = 256

  /// The notes that the segments hold and, where sections hold others, those.
  static func all(in bytes: Bytes, segments: [ELFSegment], sections: [ELFSection]) throws -> [ELFNote] {
    var places: [(offset: UInt64, size: UInt64, alignment: UInt64)] = []
    for segment in segments where segment.type == ELFSegment.Kind.note {
      places.append((segment.offset, segment.fileSize, segment.alignment))
    }
    for section in sections where section.type == ELFSection.Kind.note {
      places.append((section.offset, section.size, section.alignment))
    }
    var notes: [ELFNote] = []
    for place in places.prefix(limit) {
      for note in try read(bytes, place.offset, place.size, alignment: place.alignment) where !notes.contains(note) {
        guard notes.count < limit else { return notes }
        notes.append(note)
      }
    }
    return notes
  }

  /// A note: sizes of name and descriptor, type, name, descriptor, each padded (gABI, "Note Section").
  static func read(_ bytes: Bytes, _ start: UInt64, _ size: UInt64, alignment: UInt64) throws -> [ELFNote] {
    let area = try bytes.slice(start, size)
    let unit: UInt64 = alignment == 8 ? 8 : 4
    var notes: [ELFNote] = []
    var position: UInt64 = 0
    while position < area.count, area.count - position >= 12, notes.count < limit {
      let nameSize = UInt64(try area.u32(position))
      let size = UInt64(try area.u32(position + 4))
      let descriptor = try aligned(try sum(position + 12, nameSize), to: unit)
      _ = try area.slice(descriptor, size)
      let owner = try area.slice(position + 12, nameSize).cString(0, limit: 64)
      let from = try sum(start, descriptor)
      notes.append(ELFNote(owner: owner, type: try area.u32(position + 8), descriptor: from..<from + size))
      position = try aligned(try sum(descriptor, size), to: unit)
    }
    return notes
  }
}
