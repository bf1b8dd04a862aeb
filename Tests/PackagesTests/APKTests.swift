import Foundation
import Inventory
import Packages
import TestSupport
import Testing

/// The database is written by Fixtures/apk/make-apk-root in the layout of Alpine's, since Debian has no apk; digests
/// are checked against the files by sha1sum.
struct APKTests {
  private func withRoot(_ body: (URL, SystemFiles) throws -> Void) throws {
    try withTemporaryFolder { root in
      #expect(try run([packageFolder.appending(path: "Fixtures/apk/make-apk-root").path, root.path]).status == 0)
      try body(root, try systemFiles(root, for: APKReader()))
    }
  }

  @Test func `packages and their sources`() throws {
    try withRoot { _, files in
      let reading = APKReader().read(files)
      #expect(reading.problems == [])
      #expect(reading.packages.map(\.name) == ["fixture-libc", "fixture-utils", "fixture-empty"])
      #expect(reading.packages.map(\.version) == ["1.2.2-r7", "1.2.2-r7", "20210929_git-r0"])
      #expect(reading.packages.map(\.sourceName) == ["fixture-libc", "fixture-libc", nil])
      #expect(reading.packages.map(\.sourceVersion) == ["1.2.2-r7", "1.2.2-r7", nil])
      #expect(reading.packages.allSatisfy { $0.architecture == "x86_64" && $0.revision?.count == 40 })
      #expect(reading.packages[0].vendor == "Fixture Maker <maker@fixture.example>")
    }
  }

  @Test func `files are those on the disk`() throws {
    try withRoot { root, files in
      let declared = APKReader().read(files).packages.flatMap(\.files)
      #expect(Set(declared.map(\.path)) == files.list.subtracting(["lib/apk/db/installed"]))
      let sums = declared.map { "\($0.digest ?? "")  \($0.path.lossy)\n" }
      let checked = try run(["sha1sum", "--check"], in: root, input: Data(sums.joined().utf8))
      #expect(checked.status == 0, "\(checked.text)")
      #expect(declared.filter(\.isConfiguration).map(\.path) == ["etc/fixture/utils.conf"])
    }
  }

  @Test func `all packages before the cut are kept`() throws {
    try withRoot { _, files in
      let database = try #require(files.contents["lib/apk/db/installed"])
      let text = String(decoding: database, as: UTF8.self)
      let all = APKReader().read(files).packages.map { "\($0.name) \($0.version)" }
      for length in 1..<database.count - 1 {
        let reading = APKReader().read(SystemFiles(contents: ["lib/apk/db/installed": database.prefix(length)]))
        // Of the package that was cut name and version may be whole.
        let whole = text.prefix(length).components(separatedBy: "\n\n")
        let named = whole.last.map { $0.contains(/(?m)^P:.*\n(.|\n)*^V:.*\n/) } == true ? 1 : 0
        #expect(reading.packages.count == whole.count - 1 + named)
        #expect(reading.packages.allSatisfy { all.contains("\($0.name) \($0.version)") })
        let isEnd = text.prefix(length).hasSuffix("\n\n")
        #expect(reading.problems.map(\.code) == (isEnd ? [] : ["package-database-damaged"]))
      }
    }
  }

  @Test func `a broken package leaves its neighbours`() {
    func package(_ name: String) -> String { "C:Q1x\nP:\(name)\nV:\(name)-1\nF:usr\nR:\(name)\n\n" }
    let all = ["a", "b", "c", "d"].map(package).joined()
    func names(_ text: String) -> (names: [String], problems: Int) {
      let reading = APKReader().read(SystemFiles(contents: ["lib/apk/db/installed": Data(text.utf8)]))
      #expect(reading.packages.allSatisfy { $0.version == "\($0.name)-1" })
      return (reading.packages.map(\.name), reading.problems.count)
    }
    #expect(names(all.replacing("V:b-1\n", with: "")) == (["a", "c", "d"], 1))
    #expect(names(all.replacing("R:a\n\n", with: "R:a\n")) == (["a", "b", "c", "d"], 1))
    // A block of zeros from the first package's version into the third one's record.
    let zeros = all.replacing(/V:a-1(.|\n)*?P:c/, with: String(repeating: "\0", count: 100))
    #expect(names(zeros) == (["d"], 1))
    #expect(names(all + String(repeating: "\0", count: 4096)) == (["a", "b", "c", "d"], 1))
    // What `apk add --virtual` makes is a package as any other.
    #expect(names(package(".build-deps") + package("a")) == ([".build-deps", "a"], 0))
  }

  @Test func `hostile lines are passed over`() {
    let text = "Z:Q1AAAA\nR:\nF:../..\nR:passwd\nZ:Q1====\nP:a\nV:1\nF:x\nR:y\nZ:Q1AAAA\n:\n\n"
    let reading = APKReader().read(SystemFiles(contents: ["lib/apk/db/installed": Data(text.utf8)]))
    #expect(reading.packages.map(\.name) == ["a"])
    #expect(reading.packages[0].files == [PackageFile(path: "x/y")])
  }
}
