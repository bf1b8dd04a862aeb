/// Which ecosystem declares a package; also the `kind` of an application in reports.
package enum PackageKind: String, Codable, Sendable, CaseIterable {
  case deb, rpm, apk, pacman, pypi, npm, gem, jar, go, cargo, nuget, windows, msix, service, note
}

/// Something that an image says is installed.
package struct Package: Codable, Hashable, Sendable {
  package var kind: PackageKind
  package var name: String
  /// As its ecosystem writes it: `[epoch:]upstream-revision` for deb, `[epoch:]version-release` for rpm.
  package var version: String
  package var architecture: String?
  /// The source package it was built from (deb, rpm, apk, pacman).
  package var sourceName: String?
  package var sourceVersion: String?
  package var vendor: String?
  /// The commit it says it was built from, and where that is.
  package var revision: String?
  package var repository: String?
  /// The volume of the system that holds it, filled in by the scanner.
  package var volume: String
  /// The file that says so, from the root of the system.
  package var location: GuestPath
  /// What it says it installed, where its ecosystem records that; paths from the root of the system.
  package var files: [PackageFile]

  package init(
    kind: PackageKind, name: String, version: String, architecture: String? = nil, sourceName: String? = nil,
    sourceVersion: String? = nil, vendor: String? = nil, revision: String? = nil, repository: String? = nil,
    volume: String = "", location: GuestPath, files: [PackageFile] = []
  ) {
    self.kind = kind
    self.name = name
    self.version = version
    self.architecture = architecture
    self.sourceName = sourceName
    self.sourceVersion = sourceVersion
    self.vendor = vendor
    self.revision = revision
    self.repository = repository
    self.volume = volume
    self.location = location
    self.files = files
  }
}

/// A file that a package says it installed.
package struct PackageFile: Codable, Hashable, Sendable {
  package enum Algorithm: String, Codable, Sendable, CaseIterable { case md5, sha1, sha224, sha256, sha384, sha512 }

  package var path: GuestPath
  package var algorithm: Algorithm?
  /// Lower-case hexadecimal; nil where none is recorded.
  package var digest: String?
  /// Whether the package expects people to change it.
  package var isConfiguration: Bool

  package init(
    path: GuestPath, algorithm: Algorithm? = nil, digest: String? = nil, isConfiguration: Bool = false
  ) {
    self.path = path
    self.algorithm = algorithm
    self.digest = digest
    self.isConfiguration = isConfiguration
  }
}
