import Fingerprints
import Foundation
import Inventory
import TestSupport
import Testing

@testable import Packages

/// A folder of this machine as a system's files: `folder` becomes `place`, and what the reader wants is read.
func systemFiles(_ folder: String, as place: GuestPath, for reader: any PackageReader) throws -> SystemFiles {
  var files = SystemFiles()
  let root = URL(fileURLWithPath: folder)
  let walk = try #require(FileManager.default.enumerator(at: root, includingPropertiesForKeys: [.isRegularFileKey]))
  for case let file as URL in walk where try file.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true {
    let path = place.appending(GuestPath(String(file.path.dropFirst(root.path.count))))
    files.list.insert(path)
    let size = try FileManager.default.attributesOfItem(atPath: file.path)[.size] as? UInt64 ?? 0
    if reader.wants(path, size: size) { files.contents[path] = try Data(contentsOf: file) }
  }
  return files
}

/// Names and versions that a program prints as a JSON list of lists.
func printedLists(_ arguments: [String], input: String? = nil) throws -> Set<[String]> {
  let printed = try run(arguments, input: input.map { Data($0.utf8) })
  #expect(printed.status == 0, "\(printed.errorText)")
  return Set(try JSONDecoder().decode([[String]].self, from: printed.output))
}

/// Damages what a reader was given, many times: it must return, with bounded names.
func expectReturns(_ reader: any PackageReader, _ files: SystemFiles, seed: UInt64) {
  var generator = SeededGenerator(seed: seed)
  for round in 0..<60 {
    var damaged = files
    for (path, whole) in files.contents.sorted(by: { $0.key < $1.key }).prefix(8) where !whole.isEmpty {
      var data = round % 2 == 0 ? whole.prefix(Int.random(in: 0..<whole.count, using: &generator)) : whole
      for _ in 0..<8 where !data.isEmpty {
        data[Int.random(in: 0..<data.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
      }
      damaged.contents[path] = data
    }
    let reading = reader.read(damaged)
    #expect(reading.packages.allSatisfy { (1...512).contains($0.name.utf8.count) && $0.version.utf8.count <= 512 })
  }
}

private func described(_ path: GuestPath, _ description: SelfDescription) -> SystemFiles {
  SystemFiles(list: [path], fingerprints: [path: Fingerprint(kind: .elf, descriptions: [description])])
}

@Suite struct SelfDescribedTests {
  @Test func `every reader has a name of its own`() {
    #expect(Set(packageReaders.map(\.name)).count == packageReaders.count)
  }

  @Test func `maps a Go program and its modules`() {
    let description = SelfDescription(
      kind: .goBuild, name: "example.org/tool", version: "v1.2.3",
      revision: "0F3A0C0D7B1E2F3A4B5C6D7E8F9A0B1C2D3E4F50", fields: ["go": "go1.24"],
      components: [.init(name: "golang.org/x/text", version: "v0.3.0"), .init(name: "", version: "v1")])
    let packages = GoReader().read(described("usr/bin/tool", description)).packages
    #expect(packages.map(\.name) == ["example.org/tool", "golang.org/x/text"])
    #expect(packages.map(\.version) == ["v1.2.3", "v0.3.0"])
    #expect(packages.map(\.kind) == [.go, .go])
    #expect(packages.first?.revision == "0f3a0c0d7b1e2f3a4b5c6d7e8f9a0b1c2d3e4f50")
    #expect(packages.map { $0.files.map(\.path) } == [["usr/bin/tool"], []])
    #expect(packages.allSatisfy { $0.location == "usr/bin/tool" })
  }

  @Test func `maps each crate of a Rust program once`() {
    let description = SelfDescription(
      kind: .rustAudit, name: "rg", version: "14.1.0",
      components: [.init(name: "memchr", version: "2.7.1"), .init(name: "rg", version: "14.1.0")])
    let packages = RustReader().read(described("usr/bin/rg", description)).packages
    #expect(packages.map(\.name) == ["rg", "memchr"])
    #expect(packages.allSatisfy { $0.kind == .cargo })
  }

  @Test func `puts the files of one package note together`() {
    let note = SelfDescription(
      kind: .packageNote, name: "coreutils", version: "9.4-6.fc40",
      fields: ["type": "rpm", "os": "fedora", "osVersion": "40", "architecture": "x86_64"])
    let files = SystemFiles(fingerprints: [
      "usr/bin/ls": Fingerprint(kind: .elf, descriptions: [note]),
      "usr/bin/cat": Fingerprint(kind: .elf, descriptions: [note]),
    ])
    let packages = PackageNoteReader().read(files).packages
    #expect(packages.count == 1)
    #expect(packages.first?.files.map(\.path) == ["usr/bin/cat", "usr/bin/ls"])
    #expect(packages.first?.vendor == "fedora 40")
    #expect(packages.first?.architecture == "x86_64")
  }

  @Test func `leaves out what is no single line of text`() {
    for name in ["", " ", "a\nb", "a\u{1B}[2J", "a\u{FFFD}", String(repeating: "x", count: 513)] {
      let files = described("x", SelfDescription(kind: .packageNote, name: name, version: "1"))
      #expect(PackageNoteReader().read(files).packages.isEmpty)
    }
  }

  @Test func `strips secrets from where a repository is`() {
    #expect(DeclaredText.repository("https://user:token@example.org/a.git?x=secret#f") == "https://example.org/a.git")
    #expect(DeclaredText.repository("git+ssh://git@example.org/a@b.git") == "ssh://example.org/a@b.git")
    #expect(DeclaredText.repository("https://a@b@example.org") == "https://example.org")
    #expect(DeclaredText.repository("https://example.org/@scope/a") == "https://example.org/@scope/a")
    #expect(DeclaredText.repository("") == nil)
  }

  @Test func `resolves paths inside the root only`() {
    let folder: GuestPath = "usr/lib/python3/site-packages"
    #expect(folder.resolving("../../../bin/x") == "usr/bin/x")
    #expect(folder.resolving("../../../../../x") == nil)
    #expect(folder.resolving("../../../../x/../..") == nil)
    #expect(folder.resolving("/opt/./x//y") == "opt/x/y")
    #expect(folder.resolving("/") == nil)
  }
}
