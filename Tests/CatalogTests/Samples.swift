import Fingerprints
import Foundation
import Inventory
import Lineage
import Signatures
import TestSupport

/// Inventories that a seed decides, with everything in them that a guest may hold: names that are no UTF-8, sizes that use
/// all bits, values that are there and are not.
struct Samples {
  var generator: SeededGenerator

  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  mutating func number(_ range: Range<Int>) -> Int { Int.random(in: range, using: &generator) }
  mutating func bits() -> UInt64 { number(0..<4) == 0 ? .max - UInt64(number(0..<9)) : generator.next() >> 40 }
  mutating func text() -> String {
    ["", "é\n\u{1B}[31m", "plain", "'; --", "\u{202E}"][number(0..<5)] + "\(number(0..<99))"
  }
  mutating func maybe<Value>(_ value: (inout Samples) -> Value) -> Value? { number(0..<3) == 0 ? nil : value(&self) }
  mutating func one<Value>(of values: [Value]) -> Value { values[number(0..<values.count)] }

  mutating func path() -> GuestPath {
    GuestPath(bytes: (0..<number(1..<20)).map { _ in UInt8(one(of: [0xFF, 0x41, 0x42, 0x0A, 0x2F, 0xC3])) } + [0x61])
  }

  mutating func problem() -> Problem {
    Problem(code: text(), operation: text(), subject: text(), reason: text(), remedy: maybe { $0.text() })
  }

  mutating func digests() -> FileDigests {
    let digest = Digest(of: Data("\(number(0..<1000))".utf8))
    return FileDigests(
      sha256: digest, gitBlob: [UInt8(number(0..<3))].hex, gitoid: digest, md5: [UInt8(number(0..<3))].hex)
  }

  mutating func fingerprint() -> Fingerprint {
    Fingerprint(
      kind: one(of: FileKind.allCases),
      marks: (0..<number(0..<4)).map { _ in Mark(one(of: MarkKind.allCases), text()) },
      descriptions: (0..<number(0..<2)).map { _ in
        SelfDescription(
          kind: .goBuild, name: text(), version: text(), revision: maybe { $0.text() },
          modified: maybe { $0.number(0..<2) == 0 },
          fields: [text(): text()], components: [.init(name: text(), version: text())])
      }, problem: maybe { $0.text() })
  }

  mutating func file() -> FileRecord {
    FileRecord(
      volume: text(), path: path(), kind: one(of: [.regular, .directory, .link, .other]), size: bits(),
      modified: Int64(bitPattern: bits()), inode: bits(), mode: UInt16(number(0..<4096)), uid: UInt32.max, gid: 7,
      links: UInt32(number(0..<9)), target: maybe { GuestPath(verbatim: [0x2F] + $0.path().bytes) },
      digests: maybe { $0.digests() },
      fingerprint: maybe { $0.fingerprint() }, unreadable: maybe { $0.text() })
  }

  mutating func package() -> Package {
    Package(
      kind: one(of: PackageKind.allCases), name: text(), version: text(), architecture: maybe { $0.text() },
      sourceName: maybe { $0.text() }, sourceVersion: maybe { $0.text() }, vendor: maybe { $0.text() },
      revision: maybe { $0.text() }, repository: maybe { $0.text() }, volume: text(), location: path(),
      files: (0..<number(0..<5)).map { _ in
        PackageFile(
          path: path(), algorithm: maybe { _ in .sha512 }, digest: maybe { [UInt8($0.number(0..<256))].hex },
          isConfiguration: number(0..<2) == 0)
      })
  }

  mutating func volume() -> Volume {
    Volume(
      id: text(), fileSystem: text(), label: maybe { $0.text() }, uuid: maybe { $0.text() },
      status: one(of: [.read, .partial, .encrypted, .failed]),
      journal: maybe { $0.one(of: [.clean, .replayed, .left]) },
      problem: maybe { $0.problem() }, system: maybe { $0.text() }, mountPoint: maybe { $0.path() })
  }

  mutating func imageFile(_ path: String) -> ImageFile {
    ImageFile(
      path: path, format: text(), size: bits(), modified: Int64(bitPattern: bits()), changed: Int64(bitPattern: bits()),
      device: bits(), inode: generator.next())
  }

  mutating func inventory(_ path: String = "/images/a.qcow2", files: Int = 40) -> Inventory {
    Inventory(
      image: ImageFacts(
        format: maybe { $0.text() }, virtualSize: maybe { $0.bits() }, files: [imageFile(path), imageFile("/other")],
        formatID: maybe { $0.text() },
        parent: maybe { ParentReference(name: $0.text(), formatID: $0.maybe { $0.text() }) }),
      status: one(of: [.scanned, .partial, .failed]), problem: maybe { $0.problem() },
      volumes: (0..<number(0..<4)).map { _ in volume() },
      systems: (0..<number(0..<3)).map { _ in
        OperatingSystem(
          volume: text(), family: text(), distribution: text(), version: text(), pointRelease: maybe { $0.text() },
          product: text(), architecture: maybe { $0.text() }, hostname: maybe { $0.text() })
      }, packages: (0..<number(0..<20)).map { _ in package() }, files: FileList((0..<files).map { _ in file() }),
      counts: Counts(files: number(0..<99), read: number(0..<99), digested: number(0..<99), unreadable: number(0..<99)))
  }
}

/// One image with one file of a captured release in it.
struct Shop {
  static let source = SourceRevision(
    path: "src/cart.c", repository: "https://git.example/shop", revision: "c0ffee", blob: "b10b", author: "Ann <a@x>",
    created: Date(timeIntervalSince1970: 1), revised: Date(timeIntervalSince1970: 1_769_860_800), revisions: 3)
  static let digest = Digest(of: Data("shop".utf8))
  static let build = Digest(of: Data("build".utf8))
  static let signature = Signature(
    application: "shop", release: "2.1", build: build, built: Date(timeIntervalSince1970: 5),
    artifacts: [
      Artifact(path: "bin/shop", size: 5000, sha256: digest, gitoid: "b", kind: .elf, sources: [source])
    ])

  static func inventory(_ path: String) -> Inventory {
    let digests = FileDigests(sha256: digest, gitBlob: "b10b", gitoid: digest, md5: "5d")
    return Inventory(
      image: ImageFacts(
        format: "raw",
        files: [ImageFile(path: path, format: "raw", size: 1, modified: 2, changed: 3, device: 4, inode: 5)]),
      status: .scanned,
      packages: [Package(kind: .deb, name: "base", version: "1", volume: "/dev/sda1", location: "status")],
      files: [
        FileRecord(volume: "/dev/sda1", path: "usr/bin/shop", kind: .regular, size: 5000, digests: digests),
        FileRecord(volume: "/dev/sda1", path: "usr/bin/unread", kind: .regular, size: 77),
      ])
  }

  static var matches: MatchSet {
    MatchSet(
      hits: [MatchHit(file: 0, build: build, artifact: 0, mark: nil)], builds: [build: signature],
      applicationsPerDigest: [digest: 1], applications: 100)
  }
}

/// What the sqlite3 shell says, which knows nothing of this program.
func sqlite(_ path: String, _ sql: String) throws -> String {
  let finished = try sqlite3([path, sql])
  return (finished.text + finished.errorText).trimmingCharacters(in: .whitespacesAndNewlines)
}
