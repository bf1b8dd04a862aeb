import Foundation
import TestSupport
import Testing

@Suite struct DebianTests {
  @Test func `finds every package that dpkg knows`() async throws {
    let scan = try await SharedScan.value
    let image = try scan.image("debian.qcow2")
    let known = try truth("debian.dpkg.tsv")
    #expect(image.names("deb") == known.map { "\($0[0]) \($0[1])" }.sorted())
    #expect(image.packages("deb").allSatisfy { $0.origin == "declared" })
    let stored = try rows(
      scan.catalog,
      """
      SELECT name, version, architecture, source_name, source_version FROM package
      JOIN inventory_package ON package_id = package.id WHERE kind = 'deb' AND inventory_id = \(inventory(of: image))
      """)
    // A package whose source has its own name and version may leave them out.
    let described = stored.map { row in
      let (name, version) = (row["name"] ?? "", row["version"] ?? "")
      return [
        name, version, row["architecture"] ?? "", row["source_name"] ?? name, row["source_version"] ?? version,
      ].joined(separator: " ")
    }
    #expect(described.sorted() == known.map { $0.joined(separator: " ") }.sorted())
  }

  @Test func `tells the system and reads all of it`() async throws {
    let image = try await SharedScan.value.image("debian.qcow2")
    #expect(image.status == "scanned" && image.error == nil && image.format == "qcow2")
    #expect(image.virtualSize == 1 << 30)
    let system = try #require(image.operatingSystems.first)
    #expect(image.operatingSystems.count == 1)
    #expect([system.family, system.distribution, system.version] == ["linux", "debian", "12"])
    #expect(system.hostname == "gold-web" && system.architecture == "x86_64")
    #expect(image.volumes.map(\.status) == ["read"] && image.volumes.map(\.fileSystem) == ["ext4"])
    #expect(image.counts["unreadable"] == 0)
  }

  @Test func `lists every file, and digests as sha256sum and git do`() async throws {
    let scan = try await SharedScan.value
    let found = try storedFiles(of: scan.image("debian.qcow2"), in: scan.catalog)
    let known = try trueFiles("debian.files")
    #expect(Set(found.keys) == Set(known.keys))
    #expect(found.allSatisfy { known[$0.key]?.size == $0.value.size })
    let digested = found.filter { !$0.value.sha256.isEmpty }
    #expect(digested.count > 100)
    #expect(misdigested(digested, known) == [])
  }

  @Test func `counts a file with several names once`() async throws {
    let scan = try await SharedScan.value
    let image = try scan.image("debian.qcow2")
    // What hard links the packages of Debian ship is in dpkg's truth only as paths of one content and size.
    let known = try trueFiles("debian.files")
    let links = [["usr/bin/perl", "usr/bin/perl5.36.0"], ["usr/bin/perlbug", "usr/bin/perlthanks"]]
      .filter { $0.allSatisfy { known[$0] != nil } }
    for names in links { #expect(known[names[0]] == known[names[1]]) }
    #expect(image.counts["files"] == known.count - links.count)
    #expect((image.counts["explained"] ?? 0) + (image.counts["unexplained"] ?? 0) == image.counts["files"])
  }
}

/// The catalog's number of the inventory of an image, as SQL.
func inventory(of image: ScanResult.Image) -> String {
  "(SELECT max(inventory.id) FROM inventory JOIN thing ON thing.id = image_id WHERE thing.key = '\(image.id ?? "")')"
}

/// Regular files of an image as a catalog has them, by path; without digests where they were not read whole.
func storedFiles(of image: ScanResult.Image, in catalog: String) throws -> [String: TrueFile] {
  let found = try rows(
    catalog,
    """
    SELECT hex(path) AS path, size, lower(hex(sha256)) AS sha256, lower(hex(git_blob)) AS git_blob FROM v_files
    WHERE kind = 'regular' AND inventory_id = \(inventory(of: image))
    """)
  return Dictionary(
    found.map { row in
      (
        String(decoding: bytes(hexadecimal: row["path"] ?? ""), as: UTF8.self),
        TrueFile(sha256: row["sha256"] ?? "", size: row["size"] ?? "", blob: row["git_blob"] ?? "")
      )
    }, uniquingKeysWith: { $1 })
}

/// Paths of files that have another size or digest than they should. Git ids are those of what a repository holds for
/// people to read; where there is one it is right, and scripts have one.
func misdigested(_ found: [String: TrueFile], _ known: [String: TrueFile]) -> [String] {
  found.compactMap { path, file in
    guard let truth = known[path], truth.sha256 == file.sha256, truth.size == file.size else { return path }
    let isScript = [".py", ".sh"].contains { path.hasSuffix($0) }
    return file.blob == truth.blob || (file.blob.isEmpty && !isScript) ? nil : path
  }.sorted()
}

func bytes(hexadecimal text: String) -> [UInt8] {
  stride(from: 0, to: text.utf8.count, by: 2).compactMap { start in
    let digits = text.utf8.dropFirst(start).prefix(2)
    return UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
  }
}
