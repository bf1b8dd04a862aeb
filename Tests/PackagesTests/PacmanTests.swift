import Foundation
import Inventory
import Packages
import TestSupport
import Testing

/// Truth: Debian's pacman, which writes the database and is asked about it.
struct PacmanTests {
  private func withRoot(_ body: (URL, SystemFiles) throws -> Void) throws {
    try withTemporaryFolder { root in
      let made = try run([packageFolder.appending(path: "Fixtures/pacman/make-pacman-root").path, root.path])
      #expect(made.status == 0, "\(made.errorText)")
      try body(root, try systemFiles(root, for: PacmanReader()))
    }
  }

  private func pacman(_ root: URL, _ arguments: String...) throws -> [String] {
    let database = root.appending(path: "var/lib/pacman").path
    let answer = try run(
      ["pacman", "--root", root.path, "--dbpath", database] + arguments, environment: ["LC_ALL": "C.UTF-8"])
    return answer.text.split(separator: "\n").map(String.init)
  }

  @Test func `packages are those of pacman -Q`() throws {
    try withRoot { root, files in
      let reading = PacmanReader().read(files)
      #expect(reading.problems == [] && reading.packages.count == 3)
      #expect(reading.packages.map { "\($0.name) \($0.version)" }.sorted() == (try pacman(root, "-Q")).sorted())
      let described = try pacman(root, "-Qi")
      func values(_ field: String) -> [String] {
        described.filter { $0.hasPrefix(field) }.compactMap { $0.split(separator: ":", maxSplits: 1).last }
          .map { $0.trimmingCharacters(in: .whitespaces) }
      }
      #expect(reading.packages.map { $0.architecture ?? "" }.sorted() == values("Architecture").sorted())
      #expect(reading.packages.map { $0.vendor ?? "" }.sorted() == values("Packager").sorted())
      // pacman does not print the base; the packages of the fixture say it.
      #expect(reading.packages.map(\.sourceName) == ["fixture", "fixture", nil])
    }
  }

  @Test func `files are those of pacman -Ql and on the disk`() throws {
    try withRoot { root, files in
      let reading = PacmanReader().read(files)
      let expected = try pacman(root, "-Ql").filter { !$0.hasSuffix("/") }
        .map { $0.replacingOccurrences(of: " \(root.path)/", with: " ") }
      let found = reading.packages.flatMap { package in package.files.map { "\(package.name) \($0.path.lossy)" } }
      #expect(found.sorted() == expected.sorted() && found.count == 8)
      let settings = reading.packages.flatMap(\.files).filter(\.isConfiguration)
      #expect(settings.count == 2 && settings.allSatisfy { $0.algorithm == .md5 })
      let sums = settings.map { "\($0.digest ?? "")  \($0.path.lossy)\n" }
      #expect(try run(["md5sum", "--check"], in: root, input: Data(sums.joined().utf8)).status == 0)
    }
  }

  /// pacman lists a package by the name of its directory, whatever is in it.
  @Test func `a damaged entry leaves the others`() throws {
    try withRoot { root, files in
      var files = files
      let path: GuestPath = "var/lib/pacman/local/fixture-tools-2:1.4.0-3/desc"
      files.contents[path] = Data("%NAME%\nfixture-tools\n\n%VERS".utf8)
      try #require(files.contents[path]).write(to: root.appending(path: path.lossy))
      let missing: GuestPath = "var/lib/pacman/local/fixture-data-2:1.4.0-3/desc"
      files.contents[missing] = nil
      try FileManager.default.removeItem(at: root.appending(path: missing.lossy))
      files.contents["var/lib/pacman/local/odd/desc"] = Data("%NAME%\n".utf8)
      let reading = PacmanReader().read(files)
      #expect(reading.packages.map { "\($0.name) \($0.version)" }.sorted() == (try pacman(root, "-Q")).sorted())
      #expect(Set(reading.remarks.map(\.subject)) == [path.description, missing.description])
      #expect(reading.problems.map(\.subject) == ["var/lib/pacman/local/odd/desc"])
    }
  }
}
