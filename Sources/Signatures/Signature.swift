package import Fingerprints
package import Foundation

/// What one build says: its artifacts, and for each the revisions that went into it. The signature file is its JSON.
///
///     {"schema":"vmlineage.signature/1","application":"shop","release":"2.1","build":"<id>", "environment":{…},
///      "built":"2026-01-31T12:00:00Z","artifacts":[{"path":"bin/shop","size":1,"sha256":"…","gitoid":"…",
///      "kind":"elf","marks":[{"kind":"elf-load","value":"…"}],"sources":[{…}]}]}
package struct Signature: Codable, Hashable, Sendable {
  package static let schema = "vmlineage.signature/1"

  package var schema: String
  package var application: String
  package var release: String
  /// The build's id: SHA-256 of the canonical form (RFC 8785) without this field and without times. Nil before sealing.
  package var build: Digest?
  package var environment: BuildEnvironment?
  /// When the build ran.
  package var built: Date?
  /// Sorted by path.
  package var artifacts: [Artifact]

  package init(
    application: String, release: String, build: Digest? = nil, environment: BuildEnvironment? = nil,
    built: Date? = nil, artifacts: [Artifact]
  ) {
    self.schema = Self.schema
    self.application = application
    self.release = release
    self.build = build
    self.environment = environment
    self.built = built
    self.artifacts = artifacts
  }
}

/// Where a build ran and with what.
package struct BuildEnvironment: Codable, Hashable, Sendable {
  /// Such as `linux-x86_64`.
  package var platform: String?
  /// Such as `gcc (Debian 12.2.0-14) 12.2.0`.
  package var compiler: String?
  /// `user@host` or the builder's own name.
  package var builder: String?
  /// The command line that was followed.
  package var command: [String]?

  package init(
    platform: String? = nil, compiler: String? = nil, builder: String? = nil, command: [String]? = nil
  ) {
    self.platform = platform
    self.compiler = compiler
    self.builder = builder
    self.command = command
  }
}

/// A file that a build ships.
package struct Artifact: Codable, Hashable, Sendable {
  /// Under the install root, no leading slash.
  package var path: String
  package var size: UInt64
  package var sha256: Digest
  /// The git blob id (SHA-1), so that it joins with git and Software Heritage.
  package var gitoid: String
  package var kind: FileKind
  package var marks: [Mark]
  package var sources: [SourceRevision]

  package init(
    path: String, size: UInt64, sha256: Digest, gitoid: String, kind: FileKind, marks: [Mark] = [],
    sources: [SourceRevision] = []
  ) {
    self.path = path
    self.size = size
    self.sha256 = sha256
    self.gitoid = gitoid
    self.kind = kind
    self.marks = marks
    self.sources = sources
  }
}

/// One state of a source file that went into an artifact.
package struct SourceRevision: Codable, Hashable, Sendable {
  /// From the root of its repository (or of the source folder where there is none).
  package var path: String
  /// The repository's `origin` URL without credentials, else the folder's name.
  package var repository: String
  /// The commit that last changed the file, 40 hexadecimal digits; nil outside git.
  package var revision: String?
  /// The git blob id of the contents that the build read.
  package var blob: String
  /// `Name <mail>` of that commit's author.
  package var author: String?
  /// When the first revision of the file was committed.
  package var created: Date?
  /// When that commit was made.
  package var revised: Date?
  /// How many earlier revisions the file has.
  package var revisions: Int?
  /// Whether the build read contents that the commit does not hold.
  package var uncommitted: Bool

  package init(
    path: String, repository: String, revision: String? = nil, blob: String, author: String? = nil,
    created: Date? = nil, revised: Date? = nil, revisions: Int? = nil, uncommitted: Bool = false
  ) {
    self.path = path
    self.repository = repository
    self.revision = revision
    self.blob = blob
    self.author = author
    self.created = created
    self.revised = revised
    self.revisions = revisions
    self.uncommitted = uncommitted
  }
}
