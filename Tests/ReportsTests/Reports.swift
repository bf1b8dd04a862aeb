import Catalog
import Fingerprints
import Foundation
import Inventory
import Lineage
import Reports
import Signatures
import TestSupport

/// Reports that tests share: everything that a scan can come to.
enum Sample {
  static let skipped = SkippedReport(
    counts: ["archive": 1, "unreadable": 3, "not-an-image": 1200],
    files: [
      SkippedReport.File(path: Array("/a.gz".utf8), reason: "archive", message: "is packed"),
      SkippedReport.File(path: Array("disk".utf8) + [0xFF], reason: "unreadable", message: "a\u{1B}[31m"),
    ]
      + (0..<12).map {
        SkippedReport.File(path: Array("/text\($0)".utf8), reason: "not-an-image", message: "is empty")
      })

  static let digest = Digest(of: Data("shop".utf8))

  static func source(_ number: Int) -> SourceRevision {
    SourceRevision(
      path: "src/file\(number).c", repository: "https://git.example/shop", revision: "\(number)c0ffee0000000000000",
      blob: "b\(number)", author: number == 3 ? "Ann <ann@x>" : "Bob <bob@x>", created: Date(timeIntervalSince1970: 0),
      revised: Date(timeIntervalSince1970: 1_769_860_800 - Double(abs(number - 3)) * 86_400), revisions: number,
      uncommitted: number == 1)
  }

  static func shop(sources: Int = 12) -> Application {
    Application(
      name: "shop", version: "2.1", kind: "release", volume: "/dev/sda1", origin: .inferred, match: .modified,
      confidence: 0.99807692, alternatives: ["2.1.1"], builds: [digest],
      claims: [Claim(origin: .inferred, confidence: 0.99807692, rule: "exact", ruleVersion: 1)],
      conflicts: ["bin/shop: modified after build: build id equal, code differs"],
      artifacts: ArtifactCounts(expected: 12, found: 11, modified: 2, missing: 1),
      files: [
        FileEvidence(
          volume: "/dev/sda1", path: GuestPath(bytes: [0x6F, 0x70, 0x74, 0x2F, 0xFF]), artifact: "bin/shop",
          level: .sameFile, weight: 9.5, sources: [0])
      ], sources: (0..<sources).map(source))
  }

  static func declared(_ kind: PackageKind, _ name: String, _ version: String = "1.0") -> Application {
    Application(
      name: name, version: version, kind: kind.rawValue, volume: "/dev/sda1", origin: .declared, confidence: 0.97,
      claims: [Claim(origin: .declared, confidence: 0.97, rule: "declared", ruleVersion: 1)],
      package: Package(
        kind: kind, name: name, version: version, location: "status",
        files: [PackageFile(path: GuestPath("usr/bin/\(name)"))]))
  }

  static func image(_ path: String, format: String = "vhd") -> ImageFacts {
    ImageFacts(
      format: format, virtualSize: 8 << 30,
      files: [ImageFile(path: path, format: format, size: 5, modified: 1, changed: 1, device: 1, inode: 1)])
  }

  static let whole = ImageReport(
    id: "3f0c", host: "h", path: "/images/web-07.vhd", role: .golden,
    inventory: Inventory(
      image: image("/images/web-07.vhd"), status: .scanned,
      volumes: [Volume(id: "/dev/sda1", fileSystem: "ext4", status: .read, journal: .replayed)],
      systems: [
        OperatingSystem(
          volume: "/dev/sda1", family: "linux", distribution: "debian", version: "12",
          product: "Debian GNU/Linux 12 (bookworm)", architecture: "x86_64", hostname: "web-07")
      ], counts: Counts(files: 20, read: 10, digested: 9, unreadable: 1)),
    findings: Findings(
      applications: [shop()] + (0..<208).map { declared(.deb, "deb\($0)") } + [declared(.pypi, "requests", "2.31.0")],
      explained: 15, unexplained: 4), unchanged: true)

  static let encrypted = ImageReport(
    id: "4e", host: "h", path: "/images/locked.qcow2",
    inventory: Inventory(
      image: image("/images/locked.qcow2", format: "qcow2"), status: .partial,
      problem: Problem(
        code: "encrypted", operation: "scan", subject: "/images/locked.qcow2", reason: "all of it is encrypted"),
      volumes: [Volume(id: "/dev/sda2", fileSystem: "crypto_LUKS", status: .encrypted)]))

  static let refused = ImageReport(
    id: nil, host: "h", path: "/images/evil\u{1B}[2J\n.vhd",
    inventory: Inventory(
      image: ImageFacts(parent: ParentReference(name: "base\u{202E}.vhd")), status: .failed,
      problem: Problem(code: "differencing", operation: "open", subject: "x", reason: "needs its parent")))

  static let empty = ImageReport(
    id: "5", host: "h", path: "/images/data.raw",
    inventory: Inventory(image: image("/d", format: "raw"), status: .scanned))

  static let all = [whole, encrypted, refused, empty]
}
