/// Sections whose digest says which part of a program was changed.
private let markedSections: Set = [".text", ".rodata", ".data", ".dynstr", ".init_array"]

/// Below this many bytes, contents are equal by chance.
let smallestMarkedSection: UInt64 = 64

extension ELF {
  /// SHA-256 over the file bytes of the PT_LOAD segments in table order. What strip rewrites (where the section table
  /// is) and what names the build (build id, package note, OmniBOR manifest) counts as zero. Nil without segments.
  func loadDigest() throws -> Digest? {
    let loads = loads
    guard !loads.isEmpty else { return nil }
    let masks = header.sectionTableFields + notes.filter(\.namesBuild).map(\.descriptor)
    var hasher = MaskedHasher(bytes, masks: masks)
    for load in loads { try hasher.update(load.offset, load.fileSize) }
    return hasher.finalize()
  }

  /// SHA-256 over name, size and bytes of the allocated sections in table order, without sections that hold notes
  /// which name the build. Equal where `loadDigest` is and where only notes were removed; relocatable objects have it.
  func allocDigest() throws -> Digest? {
    let naming = notes.filter(\.namesBuild).map(\.descriptor)
    let allocated = sections.filter { section in
      section.isAllocated
        && !(section.type == ELFSection.Kind.note
          && naming.contains {
            $0.lowerBound >= section.offset
              && $0.lowerBound - section.offset < section.size
          })
    }
    guard !allocated.isEmpty else { return nil }
    var hasher = MaskedHasher(bytes)
    for section in allocated {
      hasher.update(text: "\(section.name)\0\(section.size)\0")
      if section.hasBytes { try hasher.update(section.offset, section.size) }
    }
    return hasher.finalize()
  }

  /// The linker's build id in hexadecimal, at most 64 bytes of it.
  func buildID() throws -> String? {
    try notes.first { $0.isBuildID && !$0.descriptor.isEmpty }.map { note in
      try bytes.slice(note.descriptor.lowerBound, min(64, UInt64(note.descriptor.count))).data.hex
    }
  }

  /// `NAME=SHA-256` of the sections that hold code or constants.
  func sectionMarks() throws -> [Mark] {
    var seen: Set<String> = []
    var marks: [Mark] = []
    for section in sections
    where markedSections.contains(section.name) && section.hasBytes && section.size >= smallestMarkedSection {
      guard seen.insert(section.name).inserted else { continue }
      let digest = Digest(of: try bytes.slice(section.offset, section.size).data)
      marks.append(Mark(.section, "\(section.name)=\(digest)"))
    }
    return marks
  }
}

extension ELFHeader {
  /// What the segment table says of the layout: 16 hexadecimal digits of the SHA-256 of machine, entry and the PT_LOAD
  /// segments' place, sizes and flags. Nil without such segments.
  func shape(_ segments: [ELFSegment]) -> String? {
    let loads = segments.filter { $0.type == ELFSegment.Kind.load }
    guard !loads.isEmpty else { return nil }
    return shapeDigest(
      ["elf", "\(isWide)", "\(isBigEndian)", "\(machine)", "\(entry)"]
        + loads.map { "\($0.type) \($0.offset) \($0.fileSize) \($0.memorySize) \($0.flags)" })
  }
}
