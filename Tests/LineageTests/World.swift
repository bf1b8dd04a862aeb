import Fingerprints
import Foundation
import Inventory
import Lineage
import Signatures

/// A made-up image and a made-up index. Contents are named by a word; their digests follow from it.
struct World {
  var files: [FileRecord] = []
  var packages: [Package] = []
  var volumes: [Volume] = []
  var signatures: [Signature] = []
  /// Applications of the index that have nothing to do with the image.
  var strangers = 100

  mutating func add(_ path: String, _ content: String, volume: String = "/dev/sda1", marks: [Mark] = []) {
    files.append(record(path, content, volume: volume, marks: marks))
  }

  /// Everything that a release ships, below a folder.
  mutating func install(_ signature: Signature, at root: String, volume: String = "/dev/sda1") {
    for artifact in signature.artifacts {
      files.append(
        FileRecord(
          volume: volume, path: GuestPath(root).appending(GuestPath(artifact.path)), kind: .regular,
          size: artifact.size, digests: digests(artifact.sha256), fingerprint: Fingerprint(kind: artifact.kind)))
    }
  }

  var inventory: Inventory {
    Inventory(
      image: ImageFacts(), status: .scanned, volumes: volumes, packages: packages, files: FileList(files))
  }

  /// What an index answers: every artifact with an equal digest or mark.
  var matches: MatchSet {
    var byDigest: [Digest: [(Digest, Int)]] = [:]
    var byMark: [Mark: [(Digest, Int)]] = [:]
    var applications: [Digest: Set<String>] = [:]
    var set = MatchSet(applications: Set(signatures.map(\.application)).count + strangers)
    for signature in signatures {
      let build = id(signature)
      set.builds[build] = signature
      for (position, artifact) in signature.artifacts.enumerated() {
        byDigest[artifact.sha256, default: []].append((build, position))
        applications[artifact.sha256, default: []].insert(signature.application)
        for mark in artifact.marks { byMark[mark, default: []].append((build, position)) }
      }
    }
    for key in matchKeys(of: inventory) {
      for (build, artifact) in key.sha256.flatMap({ byDigest[$0] }) ?? [] {
        set.hits.append(MatchHit(file: key.file, build: build, artifact: artifact, mark: nil))
      }
      for mark in key.marks {
        for (build, artifact) in byMark[mark] ?? [] {
          set.hits.append(MatchHit(file: key.file, build: build, artifact: artifact, mark: mark))
        }
      }
    }
    for hit in set.hits {
      guard let digest = set.builds[hit.build]?.artifacts[hit.artifact].sha256 else { continue }
      set.applicationsPerDigest[digest] = applications[digest]?.count
    }
    return set
  }

  var findings: Findings { infer(inventory, matches) }
}

func id(_ signature: Signature) -> Digest {
  signature.build ?? Digest(of: Data("\(signature.application) \(signature.release)".utf8))
}

/// Sizes are those of real programs; contents called `tiny…` are too small to say anything.
func size(_ content: String) -> UInt64 { content.hasPrefix("tiny") ? 20 : content == "empty" ? 0 : 5000 }

func artifact(
  _ path: String, _ content: String, marks: [Mark] = [], sources: [SourceRevision] = []
) -> Artifact {
  Artifact(
    path: path, size: size(content), sha256: Digest(of: Data(content.utf8)), gitoid: "",
    kind: path.contains("share/") ? .text : .elf, marks: marks,
    sources: sources)
}

func record(_ path: String, _ content: String, volume: String = "/dev/sda1", marks: [Mark] = []) -> FileRecord {
  FileRecord(
    volume: volume, path: GuestPath(path), kind: .regular, size: size(content),
    digests: digests(Digest(of: Data(content.utf8))), fingerprint: Fingerprint(kind: .elf, marks: marks))
}

func digests(_ sha256: Digest) -> FileDigests {
  FileDigests(sha256: sha256, gitBlob: "", gitoid: sha256, md5: "md5 of \(sha256)")
}

/// A release whose files are `bin/NAME` and `lib/NAME-0.so`, …, with contents of these words.
func release(_ application: String, _ version: String, _ contents: [String]) -> Signature {
  Signature(
    application: application, release: version,
    artifacts: contents.enumerated().map { position, content in
      artifact(position == 0 ? "bin/\(application)" : "lib/\(application)-\(position).so", content)
    })
}

func package(
  _ name: String, _ version: String, kind: PackageKind = .deb, source: String? = nil, files: [String] = [],
  volume: String = "/dev/sda1"
) -> Package {
  Package(
    kind: kind, name: name, version: version, sourceName: source, volume: volume, location: "var/lib/dpkg/status",
    files: files.map { PackageFile(path: GuestPath($0)) })
}

extension Findings {
  subscript(_ name: String) -> [Application] { applications.filter { $0.name == name } }
}
