internal import Fingerprints
internal import Foundation

/// Packages, packed.
package func pack(_ packages: [Package]) -> [UInt8] {
  var writer = PackedWriter()
  writer.list(packages) { $0.package($1) }
  return writer.bytes
}

/// - Throws: where the bytes are not what `pack` gives.
package func unpackPackages(_ bytes: [UInt8]) throws(Garbled) -> [Package] {
  var reader = PackedReader(bytes[...])
  return try reader.list { reader throws(Garbled) in try reader.package() }
}

extension PackedWriter {
  /// What a list says of a file. The path stands in front, for it is asked for alone.
  mutating func entry(_ file: FileRecord) {
    data(file.path.bytes)
    oneOf(file.kind)
    number(file.size)
    signed(file.modified)
    number(file.inode)
    number(file.mode)
    number(file.uid)
    number(file.gid)
    number(file.links)
    optional(file.target) { $0.data($1.bytes) }
  }

  /// What came of reading it. Whether it could be read stands in front, for that is asked for alone.
  mutating func reading(_ file: FileRecord) {
    optional(file.unreadable) { $0.text($1) }
    optional(file.digests) { $0.digests($1) }
    optional(file.fingerprint) { $0.fingerprint($1) }
  }

  private mutating func digests(_ digests: FileDigests) {
    data(digests.sha256.bytes)
    optional(digests.gitBlob) { $0.digits($1) }
    optional(digests.gitoid) { $0.data($1.bytes) }
    optional(digests.md5) { $0.digits($1) }
  }

  private mutating func fingerprint(_ fingerprint: Fingerprint) {
    oneOf(fingerprint.kind)
    list(fingerprint.marks) { writer, mark in
      writer.oneOf(mark.kind)
      writer.digits(mark.value)
    }
    // Few files say anything of themselves.
    let descriptions = fingerprint.descriptions.isEmpty ? nil : try? JSONEncoder().encode(fingerprint.descriptions)
    data(descriptions ?? Data())
    optional(fingerprint.problem) { $0.text($1) }
  }

  mutating func package(_ package: Package) {
    oneOf(package.kind)
    text(package.name)
    text(package.version)
    for words in [
      package.architecture, package.sourceName, package.sourceVersion, package.vendor, package.revision,
      package.repository,
    ] { optional(words) { $0.text($1) } }
    text(package.volume)
    data(package.location.bytes)
    list(package.files) { writer, file in
      writer.data(file.path.bytes)
      writer.optional(file.algorithm) { $0.oneOf($1) }
      writer.optional(file.digest) { $0.text($1) }
      writer.number(file.isConfiguration ? 1 : 0 as UInt)
    }
  }
}

extension PackedReader {
  mutating func entry(of volume: String) throws(Garbled) -> FileRecord {
    FileRecord(
      volume: volume, path: GuestPath(verbatim: try data()), kind: try oneOf(FileRecord.Kind.self), size: try number(),
      modified: try signed(), inode: try number(), mode: try number(), uid: try number(), gid: try number(),
      links: try number(),
      target: try optional { reader throws(Garbled) in GuestPath(verbatim: try reader.data()) })
  }

  mutating func reading(into file: inout FileRecord) throws(Garbled) {
    file.unreadable = try optionalText()
    file.digests = try optional { reader throws(Garbled) in try reader.digests() }
    file.fingerprint = try optional { reader throws(Garbled) in try reader.fingerprint() }
  }

  private mutating func digests() throws(Garbled) -> FileDigests {
    FileDigests(
      sha256: try digest(), gitBlob: try optionalDigits(),
      gitoid: try optional { reader throws(Garbled) in try reader.digest() }, md5: try optionalDigits())
  }

  private mutating func digest() throws(Garbled) -> Digest {
    guard let digest = Digest(bytes: try data()) else { throw Garbled("a digest has not 32 bytes") }
    return digest
  }

  private mutating func fingerprint() throws(Garbled) -> Fingerprint {
    let kind = try oneOf(FileKind.self)
    let marks = try list { reader throws(Garbled) in
      Mark(try reader.oneOf(MarkKind.self), try reader.digits())
    }
    let said = try data()
    var descriptions: [SelfDescription] = []
    if !said.isEmpty {
      guard let found = try? JSONDecoder().decode([SelfDescription].self, from: Data(said)) else {
        throw Garbled("what a file says of itself is no list of descriptions")
      }
      descriptions = found
    }
    return Fingerprint(kind: kind, marks: marks, descriptions: descriptions, problem: try optionalText())
  }

  mutating func package() throws(Garbled) -> Package {
    Package(
      kind: try oneOf(PackageKind.self), name: try text(), version: try text(), architecture: try optionalText(),
      sourceName: try optionalText(), sourceVersion: try optionalText(), vendor: try optionalText(),
      revision: try optionalText(), repository: try optionalText(), volume: try text(),
      location: GuestPath(verbatim: try data()),
      files: try list { reader throws(Garbled) in
        PackageFile(
          path: GuestPath(verbatim: try reader.data()),
          algorithm: try reader.optional { reader throws(Garbled) in
            try reader.oneOf(PackageFile.Algorithm.self)
          },
          digest: try reader.optionalText(), isConfiguration: try reader.number(Int.self) != 0)
      })
  }

  private mutating func optionalDigits() throws(Garbled) -> String? {
    try optional { reader throws(Garbled) in try reader.digits() }
  }

  private mutating func optionalText() throws(Garbled) -> String? {
    try optional { reader throws(Garbled) in try reader.text() }
  }
}
