/// Windows programs and libraries, .NET assemblies among them.
struct PEFingerprinter: Fingerprinter {
  func kind(of bytes: Bytes) -> FileKind? {
    guard bytes.starts(with: Array("MZ".utf8)), let start = try? bytes.u32(0x3C),
      let magic = try? bytes.u32(UInt64(start)), magic == 0x4550
    else { return nil }
    let header = try? PEHeader(bytes)
    return header?.directory(PEDirectory.Index.cli) == nil ? .pe : .dotnet
  }

  func read(_ bytes: Bytes, name: String, into fingerprint: inout Fingerprint) {
    fingerprint.attempt("PE") { result in
      let pe = try PE(bytes)
      result.attempt("Authenticode") { $0.marks.append(Mark(.authenticode, try pe.authenticode().description)) }
      result.attempt("PE image") { $0.marks.append(Mark(.peImage, try pe.imageDigest().description)) }
      result.attempt("CodeView") { result in
        if let value = try pe.codeView() { result.marks.append(Mark(.codeView, value)) }
      }
      result.attempt("PE sections") { $0.marks += try pe.sectionMarks() }
      result.marks.append(Mark(.shape, pe.header.shape))
      Self.describe(pe, name: name, into: &result)
    }
  }

  private static func describe(_ pe: PE, name: String, into fingerprint: inout Fingerprint) {
    fingerprint.attempt("version resource") { result in
      if let found = try pe.versionResource(fileName: name) { result.descriptions.append(found) }
    }
    fingerprint.attempt(".NET metadata") { result in
      guard let metadata = try DotNetMetadata(pe) else { return }
      if let mvid = try metadata.moduleVersionID() { result.marks.append(Mark(.mvid, mvid)) }
      if let assembly = try metadata.assembly() { result.descriptions.append(assembly) }
    }
    fingerprint.attempt("Go build info") { result in
      // Go's linker writes it to the start of the section of initialised, writable data.
      for section in pe.header.sections where section.flags & 0xC000_0040 == 0xC000_0040 {
        let area = try pe.bytes.slice(UInt64(section.rawOffset), section.mappedSize)
        if let build = try GoBuild.read(area, in: pe) { result.descriptions.append(build) }
        break
      }
    }
    fingerprint.attempt("crate list") { result in
      guard let section = pe.section(RustAudit.sectionName) else { return }
      result.descriptions.append(
        try RustAudit.read(try pe.bytes.slice(UInt64(section.rawOffset), section.mappedSize)))
    }
  }
}
