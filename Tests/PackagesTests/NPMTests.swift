import Foundation
import Inventory
import TestSupport
import Testing

@testable import Packages

private let manifests = """
  const fs = require("fs")
  const paths = fs.readFileSync(0, "utf8").trim().split("\\n")
  console.log(JSON.stringify(paths.map(path => { const p = require(path); return [p.name, p.version] })))
  """

@Suite struct NPMTests {
  /// Debian keeps each module in /usr/share/nodejs as npm would below node_modules.
  @Test func `lists what Node reads`() throws {
    let files = try systemFiles("/usr/share/nodejs", as: "srv/app/node_modules", for: NPMReader())
    let paths = files.contents.keys.map { "/usr/share/nodejs/" + $0.lossy.dropFirst("srv/app/node_modules/".count) }
    #expect(paths.contains("/usr/share/nodejs/semver/package.json"))
    #expect(paths.contains { $0.contains("/@") })
    let expected = try printedLists(["node", "-e", manifests], input: paths.joined(separator: "\n"))
    let reading = NPMReader().read(files)
    #expect(Set(reading.packages.map { [$0.name, $0.version] }) == expected)
    #expect(reading.packages.first { $0.name == "semver" }?.repository == "https://github.com/npm/node-semver")
    #expect(reading.problems.isEmpty)
  }

  @Test func `wants the manifests of packages only`() {
    let reader = NPMReader()
    for path in ["node_modules/a/package.json", "x/node_modules/@s/a/package.json"] {
      #expect(reader.wants(GuestPath(path), size: 9))
    }
    for path in [
      "package.json", "a/package.json", "node_modules/package.json", "node_modules/a/b/package.json",
      "node_modules/a/test/@x/package.json", "node_modules/a/xpackage.json",
    ] {
      #expect(!reader.wants(GuestPath(path), size: 9))
    }
  }

  @Test func `keeps the nearest of equal packages, and their revision`() {
    let manifest = """
      {"name": "@s/a", "version": "1.0.0", "gitHead": "09b0f2cbe2ba7b0aca1b2c3d4e5f60718293a4b5",
       "repository": {"type": "git", "url": "git+https://u:p@example.org/a.git"}}
      """
    let reading = NPMReader().read(
      SystemFiles(contents: [
        "a/node_modules/b/node_modules/@s/a/package.json": Data(manifest.utf8),
        "z/node_modules/@s/a/package.json": Data(manifest.utf8),
        "z/node_modules/deep/package.json": Data(String(repeating: "[", count: 100_000).utf8),
        "z/node_modules/types/package.json": Data(#"{"name": 1, "version": [], "repository": 3}"#.utf8),
      ]))
    #expect(reading.packages.map(\.location) == ["z/node_modules/@s/a/package.json"])
    #expect(reading.packages.first?.revision == "09b0f2cbe2ba7b0aca1b2c3d4e5f60718293a4b5")
    #expect(reading.packages.first?.repository == "https://example.org/a.git")
    #expect(reading.problems.count == 2)
  }

  @Test func `returns whatever was cut or flipped`() throws {
    let files = try systemFiles("/usr/share/nodejs", as: "node_modules", for: NPMReader())
    expectReturns(NPMReader(), files, seed: 12)
  }
}
