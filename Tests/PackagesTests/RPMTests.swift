import Foundation
import Inventory
import TestSupport
import Testing

@testable import Packages

/// The SQLite form is checked against Debian's rpm, which wrote it. The Berkeley DB form was written by Debian's
/// db5.3-util and is checked against rpm reading that same file (its bdb_ro backend). Debian's rpm has no NDB: that
/// file is written by Fixtures/rpm/write-ndb.py, and checked against what rpm says of the SQLite database whose headers
/// it holds.
struct RPMTests {
  private static let packageFormat =
    "%{NAME}\\t%{EVR}\\t%{ARCH}\\t%{SOURCERPM}\\t%{VENDOR}\\t%{VCS}\\n"
  private static let fileFormat = "[%{=NAME}\\t%{FILENAMES}\\t%{FILEDIGESTS}\\t%{FILEFLAGS}\\t%{FILEMODES}\\n]"

  @Test func `SQLite database gives what rpm gives`() throws {
    let fixture = try RPMFixture.sqlite.get()
    try check(fixture, truth: fixture, count: 210)
  }

  @Test func `Berkeley DB gives what rpm gives`() throws {
    let fixture = try RPMFixture.berkeley.get()
    try check(fixture, truth: fixture, backend: "bdb_ro", count: 210)
  }

  @Test func `Berkeley DB of the other byte order gives what rpm gives`() throws {
    let fixture = try RPMFixture.swapped.get()
    try check(fixture, truth: fixture, backend: "bdb_ro", count: 12)
  }

  @Test func `NDB gives the packages whose headers it holds`() throws {
    try check(try RPMFixture.ndb.get(), truth: try RPMFixture.sqlite.get(), count: 210)
  }

  private func check(_ fixture: RPMFixture, truth: RPMFixture, backend: String = "sqlite", count: Int) throws {
    let reading = RPMReader().read(try systemFiles(fixture.root, for: RPMReader()))
    #expect(reading.problems == [])
    let expected = try truth.query(Self.packageFormat, backend: backend).filter { !$0.hasPrefix("gpg-pubkey\t") }
    #expect(expected.count == count)
    let found = reading.packages.map { package in
      let source = "\(package.sourceName ?? "")-\(package.sourceVersion ?? "").src.rpm"
      let origin = "\(package.repository ?? "")#\(package.revision ?? ""):"
      return [package.name, package.version, package.architecture ?? "", source, package.vendor ?? "", origin]
        .joined(separator: "\t")
    }
    #expect(found.sorted() == expected.sorted())
    let files = try expectedFiles(truth, backend: backend)
    #expect(Set(files.map(\.algorithm)) == [.sha256, .md5, .sha512])
    #expect(files.contains { $0.isConfiguration } && files.contains { $0.digest == "" })
    let foundFiles = reading.packages.flatMap { package in
      package.files.map {
        ExpectedFile(
          package: package.name, path: "/\($0.path.lossy)", digest: $0.digest ?? "",
          algorithm: $0.algorithm ?? algorithm(of: package), isConfiguration: $0.isConfiguration)
      }
    }
    #expect(Set(foundFiles) == Set(files))
    #expect(foundFiles.count == files.count)
  }

  private struct ExpectedFile: Hashable {
    var package, path, digest: String
    var algorithm: PackageFile.Algorithm?
    var isConfiguration: Bool
  }

  /// The specs have one algorithm each.
  private func algorithm(of package: Package) -> PackageFile.Algorithm? {
    ["fixture-base": .sha256, "fixture-web-tools": .md5, "fixture_net": .sha512][package.sourceName ?? ""]
  }

  private func expectedFiles(_ fixture: RPMFixture, backend: String) throws -> [ExpectedFile] {
    let algorithms = Dictionary(
      uniqueKeysWithValues: try fixture.query("%{NAME} %{FILEDIGESTALGO}\\n", backend: backend).map { line in
        let words = line.split(separator: " ").map(String.init)
        return (words[0], ["8": PackageFile.Algorithm.sha256, "10": .sha512][words[1]] ?? .md5)
      })
    return try fixture.query(Self.fileFormat, backend: backend).compactMap { line in
      let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      let flags = try #require(Int(fields[3]))
      let mode = try #require(Int(fields[4]))
      guard fields[0] != "gpg-pubkey", mode & 0o170000 != 0o040000 else { return nil }
      return ExpectedFile(
        package: fields[0], path: fields[1], digest: flags & 64 == 0 ? fields[2] : "",
        algorithm: algorithms[fields[0]], isConfiguration: flags & 1 != 0)
    }
  }

  @Test func `a header's files are those on the disk`() throws {
    let fixture = try RPMFixture.sqlite.get()
    let reading = RPMReader().read(try systemFiles(fixture.root, for: RPMReader()))
    let sums = reading.packages.flatMap(\.files).filter { $0.algorithm == .sha256 }
      .map { "\($0.digest ?? "")  \($0.path.lossy)\n" }
    #expect(sums.count > 1000)
    let checked = try run(["sha256sum", "--check", "--quiet"], in: fixture.root, input: Data(sums.joined().utf8))
    #expect(checked.status == 0, "\(checked.text.prefix(500))")
  }

  @Test(arguments: [
    ("glibc-common-2.34-60.el9.src.rpm", "glibc-common", "2.34-60.el9"), ("a-1-2.nosrc.rpm", "a", "1-2"),
  ])
  func `a source package's name is split from the right`(file: String, name: String, version: String) throws {
    // `rpm -qp` would need the file; the rule is that versions and releases hold no hyphen (rpm's spec syntax).
    let split = try #require(splitSourcePackage(file))
    #expect(split.name == name && split.version == version)
  }

  @Test(arguments: ["", "x.src.rpm", "a-1.src.rpm", "-1-2.src.rpm", "a-1-2.rpm"])
  func `a source package's name that is none is refused`(file: String) {
    #expect(splitSourcePackage(file) == nil)
  }

  @Test func `an older form beside the database is passed over`() throws {
    let fixture = try RPMFixture.smallSQLite.get()
    var files = try systemFiles(fixture.root, for: RPMReader())
    let old = try RPMFixture.smallNDB.get().database.appending(path: "Packages.db")
    files.contents["var/lib/rpm/Packages.db"] = try Data(contentsOf: old)
    #expect(RPMReader().read(files).packages.count == 5)
    files.contents["var/lib/rpm/rpmdb.sqlite"] = Data("nothing".utf8)
    let reading = RPMReader().read(files)
    #expect(reading.packages.count == 5)
    #expect(reading.problems.map(\.code) == ["package-database-damaged"])
  }

  @Test func `a database that was not read is a problem`() {
    let reading = RPMReader().everything(SystemFiles(unread: ["usr/lib/sysimage/rpm/rpmdb.sqlite": "it is too large"]))
    #expect(reading.problems.map(\.code) == ["package-database-unread"])
  }
}
