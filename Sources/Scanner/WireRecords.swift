internal import Fingerprints
internal import Foundation
internal import Inventory

extension WireWriter {
  /// Files in the order given, those of one volume that stand together under its name.
  mutating func files(_ files: [FileRecord]) {
    var rest = files[...]
    while let volume = rest.first?.volume {
      let run = rest.prefix { $0.volume == volume }
      text(volume)
      list(run) { $0.file($1) }
      rest = rest[run.endIndex...]
    }
  }

  private mutating func file(_ file: FileRecord) {
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
    optional(file.digests) { $0.digests($1) }
    optional(file.fingerprint) { $0.fingerprint($1) }
    optional(file.unreadable) { $0.text($1) }
  }

  private mutating func digests(_ digests: FileDigests) {
    data(digests.sha256.bytes)
    optional(digests.gitBlob) { $0.text($1) }
    optional(digests.gitoid) { $0.data($1.bytes) }
    optional(digests.md5) { $0.text($1) }
  }

  private mutating func fingerprint(_ fingerprint: Fingerprint) {
    oneOf(fingerprint.kind)
    list(fingerprint.marks) { writer, mark in
      writer.oneOf(mark.kind)
      writer.text(mark.value)
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

extension WireReader {
  mutating func files() throws(GarbledMessage) -> [FileRecord] {
    var files: [FileRecord] = []
    while !isAtEnd {
      let volume = try text()
      files += try list { reader throws(GarbledMessage) in try reader.file(volume) }
    }
    return files
  }

  private mutating func file(_ volume: String) throws(GarbledMessage) -> FileRecord {
    FileRecord(
      volume: volume, path: GuestPath(verbatim: try data()), kind: try oneOf(FileRecord.Kind.self), size: try number(),
      modified: try signed(), inode: try number(), mode: try number(), uid: try number(), gid: try number(),
      links: try number(),
      target: try optional { reader throws(GarbledMessage) in GuestPath(verbatim: try reader.data()) },
      digests: try optional { reader throws(GarbledMessage) in try reader.digests() },
      fingerprint: try optional { reader throws(GarbledMessage) in try reader.fingerprint() },
      unreadable: try optionalText())
  }

  private mutating func digests() throws(GarbledMessage) -> FileDigests {
    FileDigests(
      sha256: try digest(), gitBlob: try optionalText(),
      gitoid: try optional { reader throws(GarbledMessage) in try reader.digest() }, md5: try optionalText())
  }

  private mutating func digest() throws(GarbledMessage) -> Digest {
    guard let digest = Digest(bytes: try data()) else { throw GarbledMessage("a digest has not 32 bytes") }
    return digest
  }

  private mutating func fingerprint() throws(GarbledMessage) -> Fingerprint {
    let kind = try oneOf(FileKind.self)
    let marks = try list { reader throws(GarbledMessage) in
      Mark(try reader.oneOf(MarkKind.self), try reader.text())
    }
    let said = try data()
    var descriptions: [SelfDescription] = []
    if !said.isEmpty {
      guard let found = try? JSONDecoder().decode([SelfDescription].self, from: Data(said)) else {
        throw GarbledMessage("what a file says of itself is no list of descriptions")
      }
      descriptions = found
    }
    return Fingerprint(kind: kind, marks: marks, descriptions: descriptions, problem: try optionalText())
  }

  mutating func package() throws(GarbledMessage) -> Package {
    Package(
      kind: try oneOf(PackageKind.self), name: try text(), version: try text(), architecture: try optionalText(),
      sourceName: try optionalText(), sourceVersion: try optionalText(), vendor: try optionalText(),
      revision: try optionalText(), repository: try optionalText(), volume: try text(),
      location: GuestPath(verbatim: try data()),
      files: try list { reader throws(GarbledMessage) in
        PackageFile(
          path: GuestPath(verbatim: try reader.data()),
          algorithm: try reader.optional { reader throws(GarbledMessage) in
            try reader.oneOf(PackageFile.Algorithm.self)
          },
          digest: try reader.optionalText(), isConfiguration: try reader.number(Int.self) != 0)
      })
  }

  private mutating func optionalText() throws(GarbledMessage) -> String? {
    try optional { reader throws(GarbledMessage) in try reader.text() }
  }
}
