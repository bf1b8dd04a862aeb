/// What kind of file the contents show, whatever its name says.
package enum FileKind: String, Codable, Sendable, CaseIterable {
  case elf, pe, dotnet, script, text, archive, empty, other
}

/// What a mark is made of, strongest first. The raw value is what signature files and the index hold.
package enum MarkKind: String, Codable, Sendable, CaseIterable, Hashable {
  /// SHA-256 of what the loader maps of an ELF file, notes that name the build masked.
  case elfLoad = "elf-load"
  /// SHA-256 of the allocated sections of an ELF file (name, size, bytes), the same notes left out.
  case elfAlloc = "elf-alloc"
  /// Authenticode SHA-256 of a PE file, padded to 8 bytes as signing pads it.
  case authenticode
  /// SHA-256 of a PE image with time stamps, checksum, signature, debug ids, overlay and COFF symbols left out.
  case peImage = "pe-image"
  /// Module version id of a .NET assembly, a GUID (ECMA-335 II.22.30).
  case mvid
  /// SHA-256 of a text with line endings, BOM and trailing blanks made equal.
  case text
  /// NT_GNU_BUILD_ID in hexadecimal.
  case buildID = "build-id"
  /// GUID and age of a PE file's CodeView record, `GUID-age`.
  case codeView = "codeview"
  /// `NAME=sha256` of one section that holds code or constants.
  case section
  /// What an executable's headers alone say of its layout; equal layouts may be the same code, others cannot be.
  /// Never evidence: it decides whether a file is worth reading.
  case shape
}

/// One thing by which a file can be recognised even where its digest differs.
package struct Mark: Codable, Hashable, Sendable {
  package var kind: MarkKind
  /// Lower-case hexadecimal, or as the kind says.
  package var value: String

  package init(_ kind: MarkKind, _ value: String) {
    self.kind = kind
    self.value = value
  }
}

/// The exact identities of a file's bytes, all from one pass. What nobody can ask about is not computed and nil.
package struct FileDigests: Codable, Hashable, Sendable {
  /// SHA-256 of the bytes.
  package var sha256: Digest
  /// The git blob id (SHA-1 of `blob SIZE\0` and the bytes), 40 hexadecimal digits; also the SWHID `cnt`. Of texts and
  /// scripts: what a repository can hold.
  package var gitBlob: String?
  /// The same with SHA-256: the OmniBOR artifact id, without its `gitoid:blob:sha256:`.
  package var gitoid: Digest?
  /// MD5, 32 hexadecimal digits: what dpkg records, and where a package database does. Never evidence against tampering.
  package var md5: String?

  package init(sha256: Digest, gitBlob: String? = nil, gitoid: Digest? = nil, md5: String? = nil) {
    self.sha256 = sha256
    self.gitBlob = gitBlob
    self.gitoid = gitoid
    self.md5 = md5
  }
}

/// What a file says of itself: a claim of its maker, to be believed as such.
package struct SelfDescription: Codable, Hashable, Sendable {
  /// Where in the file it stands.
  package enum Kind: String, Codable, Sendable {
    case goBuild, rustAudit, packageNote, versionResource, dotnetAssembly, soname, compiler
  }
  /// A part that the file says it was built from: a Go module, a Rust crate.
  package struct Component: Codable, Hashable, Sendable {
    package var name: String
    package var version: String

    package init(name: String, version: String) {
      self.name = name
      self.version = version
    }
  }
  package var kind: Kind
  package var name: String
  package var version: String
  /// The commit that it was built from.
  package var revision: String?
  /// Whether the work tree had changes that the commit does not hold.
  package var modified: Bool?
  /// Everything else it says, by its own field names.
  package var fields: [String: String]
  package var components: [Component]

  package init(
    kind: Kind, name: String, version: String, revision: String? = nil, modified: Bool? = nil,
    fields: [String: String] = [:], components: [Component] = []
  ) {
    self.kind = kind
    self.name = name
    self.version = version
    self.revision = revision
    self.modified = modified
    self.fields = fields
    self.components = components
  }
}

/// What can be recognised of one file beyond its digests.
package struct Fingerprint: Codable, Hashable, Sendable {
  package var kind: FileKind
  package var marks: [Mark]
  package var descriptions: [SelfDescription]
  /// Why the file could not be read as what it seems to be; what was read before that is kept.
  package var problem: String?

  package init(
    kind: FileKind, marks: [Mark] = [], descriptions: [SelfDescription] = [], problem: String? = nil
  ) {
    self.kind = kind
    self.marks = marks
    self.descriptions = descriptions
    self.problem = problem
  }
}
