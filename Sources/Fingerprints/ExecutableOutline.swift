package import Foundation

/// What the first and last 4 KiB of a file tell, so that a scan need not read what it cannot use.
package struct ExecutableOutline: Hashable, Sendable {
  /// `elf`, `pe`, `dotnet`, `script` or `archive`.
  package var kind: FileKind
  /// The value of the whole file's `build-id` mark, where the note is within reach.
  package var buildID: String?
  /// The value of the whole file's `shape` mark, where the tables are within reach.
  package var shape: String?
  /// Whether the file says of itself what it is, so that it is worth reading whole: Go, Rust or package information,
  /// resources, a .NET manifest.
  package var selfDescribes: Bool

  /// Takes the first and last bytes (4096, or all of a smaller file) and the size in bytes of the whole file. Nil where
  /// the file is none of the kinds; never traps, whatever the bytes are.
  package init?(head: Data, tail: Data, size: UInt64) {
    let start = Bytes(head)
    if ELFFingerprinter().kind(of: start) != nil {
      self.init(kind: .elf, buildID: nil, shape: nil, selfDescribes: false)
      readELF(start, tail: Bytes(tail), tailStart: size - min(size, UInt64(tail.count)))
    } else if let kind = PEFingerprinter().kind(of: start) {
      let header = try? PEHeader(start)
      self.init(
        kind: kind, buildID: nil, shape: header?.shape, selfDescribes: header.map(Self.describesItself) ?? false)
    } else if ScriptFingerprinter().kind(of: start) != nil {
      self.init(kind: .script, buildID: nil, shape: nil, selfDescribes: false)
    } else if ArchiveFingerprinter().kind(of: start) != nil {
      self.init(kind: .archive, buildID: nil, shape: nil, selfDescribes: false)
    } else {
      return nil
    }
  }

  private init(kind: FileKind, buildID: String?, shape: String?, selfDescribes: Bool) {
    self.kind = kind
    self.buildID = buildID
    self.shape = shape
    self.selfDescribes = selfDescribes
  }

  /// Sections that hold what a program says of itself.
  private static let telling: Set = [".go.buildinfo", RustAudit.sectionName, ".note.package"]

  private mutating func readELF(_ head: Bytes, tail: Bytes, tailStart: UInt64) {
    guard let header = try? ELFHeader(head) else { return }
    let segments = (try? header.segments(in: head)) ?? []
    shape = header.shape(segments)
    let sections =
      (try? header.sections(in: tail, from: tailStart)) ?? (try? header.sections(in: head)) ?? []
    let ordered = Bytes(head.data, isBigEndian: header.isBigEndian)
    // Each place alone: one that is out of reach says nothing of the others.
    let notes =
      segments.flatMap { (try? ELFNote.all(in: ordered, segments: [$0], sections: [])) ?? [] }
      + sections.flatMap { (try? ELFNote.all(in: ordered, segments: [], sections: [$0])) ?? [] }
    if let note = notes.first(where: { $0.isBuildID && !$0.descriptor.isEmpty }) {
      let size = min(64, UInt64(note.descriptor.count))
      buildID = try? ordered.slice(note.descriptor.lowerBound, size).data.hex
    }
    selfDescribes =
      sections.contains { Self.telling.contains($0.name) } || notes.contains { $0.isPackage || $0.isGoBuildID }
  }

  /// A version resource, a manifest of .NET, crates; or Go's, whose linker alone still writes a section `.symtab`.
  private static func describesItself(_ header: PEHeader) -> Bool {
    header.directory(PEDirectory.Index.resources) != nil || header.directory(PEDirectory.Index.cli) != nil
      || header.sections.contains { $0.name == RustAudit.sectionName || $0.name == ".symtab" }
  }
}
