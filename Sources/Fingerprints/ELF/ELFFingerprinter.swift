internal import Foundation

/// ELF programs, libraries, objects and kernel modules.
struct ELFFingerprinter: Fingerprinter {
  func kind(of bytes: Bytes) -> FileKind? { bytes.starts(with: ELFHeader.magic) ? .elf : nil }

  func read(_ bytes: Bytes, name: String, into fingerprint: inout Fingerprint) {
    fingerprint.attempt("ELF") { result in
      var broken: (any Error)?
      let elf = try ELF(bytes) { broken = $0 }
      Self.read(elf, into: &result)
      if let broken { throw broken }
    }
  }

  private static func read(_ elf: ELF, into fingerprint: inout Fingerprint) {
    fingerprint.attempt("ELF segments") { result in
      if let digest = try elf.loadDigest() { result.marks.append(Mark(.elfLoad, digest.description)) }
    }
    fingerprint.attempt("ELF sections") { result in
      if let digest = try elf.allocDigest() { result.marks.append(Mark(.elfAlloc, digest.description)) }
    }
    fingerprint.attempt("ELF build id") { result in
      if let id = try elf.buildID() { result.marks.append(Mark(.buildID, id)) }
    }
    fingerprint.attempt("ELF sections") { result in
      result.marks += try elf.sectionMarks()
    }
    if let shape = elf.header.shape(elf.segments) { fingerprint.marks.append(Mark(.shape, shape)) }
    for (part, describe) in elfDescribers {
      fingerprint.attempt(part) { result in result.descriptions += try describe(elf) }
    }
  }
}

/// What an ELF file may say of itself, and who reads it.
private let elfDescribers: [(String, @Sendable (ELF) throws -> [SelfDescription])] = [
  ("SONAME", { try $0.soname() }),
  ("package note", { try $0.packageNote() }),
  ("Go build info", { try $0.goBuild() }),
  (
    "crate list",
    { elf in
      try elf.section(RustAudit.sectionName).map { [try RustAudit.read(try elf.bytes.slice($0.offset, $0.size))] } ?? []
    }
  ),
  ("compiler", { try $0.compilers() }),
]
