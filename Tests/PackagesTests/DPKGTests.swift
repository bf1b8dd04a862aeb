import Foundation
import Inventory
import TestSupport
import Testing

@testable import Packages

/// Truth: this machine's own dpkg, asked about this machine's own packages, and coreutils' md5sum.
struct DPKGTests {
  /// This machine's files, as far as packages own any.
  private static let machine = Result {
    var files = SystemFiles()
    let folders = ["usr", "etc", "var", "opt", "boot", "srv", "bin", "sbin", "lib", "lib64"]
    let found = try run(["find"] + folders + ["-xdev", "-type", "f", "-print0"], in: URL(fileURLWithPath: "/")).output
    files.list = Set(found.split(separator: 0).map { GuestPath(bytes: $0) })
    for path in files.list where DPKGReader().wants(path, size: 0) {
      files.contents[path] = try Data(contentsOf: URL(fileURLWithPath: "/\(path.lossy)"))
    }
    return (files: files, reading: DPKGReader().read(files))
  }

  private func query(_ arguments: String...) throws -> [String] {
    let answer = try run(["dpkg-query"] + arguments, environment: ["LC_ALL": "C"])
    return answer.text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  @Test func `packages are those of dpkg-query`() throws {
    let reading = try Self.machine.get().reading
    #expect(reading.problems == [])
    let expected = try query(
      "-W", "-f",
      "${db:Status-Status}\t${Package}\t${Version}\t${Architecture}\t${source:Package}\t${source:Version}\t${Maintainer}\n"
    )
    let found = reading.packages.map { package in
      [
        "installed", package.name, package.version, package.architecture, package.sourceName, package.sourceVersion,
        package.vendor,
      ].map { $0 ?? "" }.joined(separator: "\t")
    }
    #expect(found.count > 100)
    #expect(found.sorted() == expected.filter { $0.hasPrefix("installed\t") }.sorted())
  }

  @Test func `file lists are those of dpkg -L, links and folders left out`() throws {
    let (files, reading) = try Self.machine.get()
    let names = reading.packages.map { "\($0.name):\($0.architecture ?? "")" }
    // One empty line between packages; diversions are told on lines of their own.
    let answer = try run(["dpkg", "-L"] + names, environment: ["LC_ALL": "C"])
    let groups = answer.text.split(separator: "\n", omittingEmptySubsequences: false).split(separator: "")
    let lists = groups.map { group in
      group.map(String.init).reduce(into: [String]()) { paths, line in
        if line.hasPrefix("diverted by "), let colon = line.range(of: " to: ") {
          paths[paths.count - 1] = String(line[colon.upperBound...])
        } else if line.hasPrefix("/") {
          paths.append(line)
        }
      }
    }
    // dpkg merges /bin and the like only where a file is looked for, so its list is compared with the disk.
    #expect(lists.count == reading.packages.count)
    for (package, list) in zip(reading.packages, lists) {
      let onDisk = list.map { files.located(GuestPath($0)) }.filter(files.list.contains)
      let found = Set(package.files.map(\.path))
      #expect(found.filter(files.list.contains) == Set(onDisk), "\(package.name)")
      // What is not there was removed by hand, or by the image's maker (documentation).
      let missing = found.filter { !files.list.contains($0) }
      #expect(missing.isSubset(of: list.map { GuestPath($0) }), "\(package.name)")
    }
  }

  @Test func `digests are those of the files`() throws {
    let (files, reading) = try Self.machine.get()
    let names: Set = ["coreutils", "bash", "dpkg", "libc6", "perl-base", "rpm", "postgresql-common"]
    let sums = reading.packages.filter { names.contains($0.name) }.flatMap(\.files)
      .filter { !$0.isConfiguration && files.list.contains($0.path) }
      .compactMap { file in file.digest.map { "\($0)  /\(file.path.lossy)\n" } }
    #expect(sums.count > 500)
    let checked = try run(["md5sum", "--check", "--quiet"], input: Data(sums.joined().utf8))
    #expect(checked.status == 0, "\(checked.text.prefix(500))")
  }

  @Test func `configuration files and their sums are those of dpkg-query`() throws {
    let reading = try Self.machine.get().reading
    var expected: Set<String> = []
    // What is to be removed on upgrade is shipped by no package (deb-conffiles(5)).
    for line in try query("-W", "-f", "${Conffiles}\n") where !line.isEmpty && !line.hasSuffix("remove-on-upgrade") {
      let words = line.split(separator: " ")
      expected.insert("\(words[0]) \(words[1])")
    }
    let found = reading.packages.flatMap(\.files).filter(\.isConfiguration)
      .map { "/\($0.path.lossy) \($0.digest ?? "newconffile")" }
    #expect(Set(found).symmetricDifference(expected) == [])
  }

  @Test func `all packages before the cut are kept`() throws {
    var files = try Self.machine.get().files
    let path: GuestPath = "var/lib/dpkg/status"
    let status = try #require(files.contents[path])
    files.contents = [:]
    for part in 1..<20 {
      let cut = status.prefix(status.count * part / 20 + part)
      let whole = String(decoding: cut, as: UTF8.self).components(separatedBy: "\n\n")
      files.contents[path] = cut
      let reading = DPKGReader().read(files)
      if cut.last != UInt8(ascii: "\n") { #expect(reading.problems.map(\.code) == ["package-database-damaged"]) }
      // The last may be cut in its description, where nothing that counts is lost.
      let expected = whole.dropLast().filter { $0.contains("\nStatus: install ok installed\n") }.count
      #expect((expected...expected + 1).contains(reading.packages.count))
    }
  }

  private func status(_ text: String, _ more: [GuestPath: String] = [:], list: Set<GuestPath> = []) -> PackageReading {
    let contents = more.merging(["var/lib/dpkg/status": text]) { $1 }
    return DPKGReader().read(SystemFiles(contents: contents.mapValues { Data($0.utf8) }, list: list))
  }

  @Test(arguments: [
    ("install ok installed", true), ("install ok unpacked", true), ("install reinstreq half-configured", true),
    ("install ok triggers-pending", true), ("install ok triggers-awaited", true), ("deinstall ok config-files", false),
    ("unknown ok not-installed", false), ("install ok half-installed", false),
  ])
  func `counts packages whose files are unpacked`(state: String, counts: Bool) {
    let reading = status("Package: a\nStatus: \(state)\nVersion: 1:2-3\nArchitecture: all\nDescription: x\n\n")
    #expect(reading.packages.map(\.version) == (counts ? ["1:2-3"] : []))
  }

  @Test func `files of a merged, diverted and multi-architecture package are where they are`() {
    // The layout of dpkg's own files: deb-md5sums(5), dpkg-divert(1), dpkg-query(1) --control-path.
    let sum = String(repeating: "0a", count: 16)
    let reading = status(
      """
      Package: a
      Status: install ok installed
      Architecture: amd64
      Source: src (9-1)
      Version: 9-1+b1
      Conffiles:
       /etc/a b.conf \(sum)
       /etc/new newconffile
       /etc/old \(sum) obsolete
      Description: x

      """,
      [
        "var/lib/dpkg/info/a:amd64.list":
          "/.\n/bin\n/bin/a\n/bin/link\n/etc/a b.conf\n/etc/new\n/etc/old\n/lib/d\n/../x\n",
        "var/lib/dpkg/info/a:amd64.md5sums": "\(sum.uppercased())  bin/a\n\(sum)  lib/d\n",
        "var/lib/dpkg/diversions": "/lib/d\n/lib/d.real\nother\n/bin/a\n/bin/x\na\n",
      ], list: ["usr/bin/a", "usr/lib/d.real"])
    let package = reading.packages[0]
    #expect(package.sourceName == "src" && package.sourceVersion == "9-1")
    #expect(
      package.files == [
        PackageFile(path: "usr/bin/a", algorithm: .md5, digest: sum),
        PackageFile(path: "etc/a b.conf", algorithm: .md5, digest: sum, isConfiguration: true),
        PackageFile(path: "etc/new", isConfiguration: true),
        PackageFile(path: "etc/old", algorithm: .md5, digest: sum, isConfiguration: true),
        PackageFile(path: "usr/lib/d.real", algorithm: .md5, digest: sum),
      ])
  }

  @Test func `a distroless image has a file for each package`() {
    let sum = String(repeating: "0a", count: 16)
    let part: GuestPath = "var/lib/dpkg/status.d/base"
    #expect(DPKGReader().wants(part, size: 9) && DPKGReader().wants("var/lib/dpkg/status.d/base.md5sums", size: 9))
    let contents: [GuestPath: String] = [
      part: "Package: base-files\nVersion: 12.4\nArchitecture: amd64",
      "var/lib/dpkg/status.d/base.md5sums": "\(sum)  usr/lib/os-release\n",
    ]
    let reading = DPKGReader().read(SystemFiles(contents: contents.mapValues { Data($0.utf8) }))
    #expect(reading.problems == [] && reading.packages.map(\.name) == ["base-files"])
    #expect(reading.packages[0].files.map(\.path) == ["usr/lib/os-release"])
  }

  @Test func `bytes that are no status file never trap`() throws {
    let status = try #require(try Self.machine.get().files.contents["var/lib/dpkg/status"]).prefix(20_000)
    var generator = SeededGenerator(seed: 5)
    for _ in 0..<100 {
      var changed = [UInt8](status)
      for _ in 0..<50 {
        changed[Int.random(in: 0..<changed.count, using: &generator)] =
          [0, 10, 32, 58, UInt8.random(in: 0...255, using: &generator)].randomElement(using: &generator) ?? 0
      }
      let reading = DPKGReader().read(SystemFiles(contents: ["var/lib/dpkg/status": Data(changed)]))
      #expect(reading.packages.count <= 200)
    }
  }

  @Test func `a status file that was not read is a problem`() {
    let files = SystemFiles(unread: ["var/lib/dpkg/status": "a reason", "x": "another"])
    let reading = DPKGReader().everything(files)
    #expect(reading.problems.map(\.code) == ["package-database-unread"])
    #expect(reading.problems.first?.reason.contains("a reason") == true)
  }

  /// Of three packages in the midst of this machine's own.
  @Test(arguments: [
    ("a version is missing", 1), ("a state is changed", 1), ("no empty line is between two", 0),
    ("a block of zeros", 3),
    ("a line of 2 MiB", 1), ("a paragraph of rubbish", 0),
  ])
  func `a broken package leaves its neighbours`(damage: String, lost: Int) throws {
    var files = try Self.machine.get().files
    let path: GuestPath = "var/lib/dpkg/status"
    let text = String(decoding: try #require(files.contents[path]), as: UTF8.self)
    var paragraphs = text.components(separatedBy: "\n\n").filter { !$0.isEmpty }
    let place = paragraphs.count / 2
    func line(_ field: String, _ value: String) {
      let pattern = try? Regex("(?m)^\(field): .*$")
      if let pattern { paragraphs[place].replace(pattern, with: value) }
    }
    switch damage {
    case "a version is missing": line("Version", "X: y")
    case "a state is changed": line("Status", "Status: install ok instal")
    case "a line of 2 MiB": line("Version", "Version: " + String(repeating: "1", count: 2 << 20))
    case "no empty line is between two":
      paragraphs[place...(place + 1)] = [paragraphs[place] + "\n" + paragraphs[place + 1]]
    case "a paragraph of rubbish": paragraphs.insert("rubbish\n more: rubbish", at: place)
    default:
      // From the middle of one's name into the middle of the last one's.
      paragraphs[place...(place + 2)] = [
        paragraphs[place].prefix(12) + String(repeating: "\0", count: 4096) + paragraphs[place + 2].dropFirst(12)
      ]
    }
    files.contents = [path: Data((paragraphs.joined(separator: "\n\n") + "\n\n").utf8)]
    let reading = DPKGReader().read(files)
    let found = Set(reading.packages.map { "\($0.name):\($0.architecture ?? "") \($0.version)" })
    let all = Set(
      try query("-W", "-f", "${db:Status-Status} ${Package}:${Architecture} ${Version}\n").compactMap {
        $0.hasPrefix("installed ") ? String($0.dropFirst(10)) : nil
      })
    #expect(found.isSubset(of: all) && found.count == all.count - lost)
    #expect(reading.problems.map(\.code) == ["package-database-damaged"])
  }

  @Test func `packages that are half installed, or without a state, are named`() {
    let reading = status(
      "Package: a\nStatus: install ok half-installed\nVersion: 1\nDescription: x\n\n"
        + "Package: b\nVersion: 1\nDescription: x\n\nPackage: c\nStatus: deinstall ok config-files\nVersion: 1\n"
        + "Description: x\n\nPackage: d\nStatus: install ok installed\nVersion: 1\nDescription: x\n\n")
    #expect(reading.packages.map(\.name) == ["d"] && reading.problems.isEmpty)
    #expect(reading.remarks.map(\.reason).map { $0.suffix(1) } == ["a", "b"])
  }
}
