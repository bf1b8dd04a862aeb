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
    #expect(reading.problems.map(\.subject) == ["z/node_modules/deep/package.json"])
    #expect(reading.remarks.map(\.subject) == ["z/node_modules/types/package.json"])
  }

  /// Truth: JSON.parse, as Node reads a module's manifest.
  @Test func `takes what Node takes for JSON, and nothing else`() throws {
    let texts: [[UInt8]] =
      [
        #"{"name":"dup","version":"1","name":"last","version":"2"}"#, #"{"name":"a","version":"1","x":1e999}"#,
        #"{"name":"a","version":"1","author":"\ud800"}"#, #"{"name":"a","version":"1","x":[true,false,null,-0.5E+3]}"#,
        #"{"name":"\u0061\ud83d\ude00","version":"1"}"#, #" {"name":"a" , "version":"1"} "#,
        #"{"name":"\/\b","version":"1"}"#,
        #"{"name":"a","version":"1",}"#, #"{"name":"a","version":"1"}}"#, #"{"name":"a" "version":"1"}"#, "{}", "",
        "[]",
        #"{/**/"name":"a","version":"1"}"#, #"{'name':'a','version':'1'}"#, #"{"name":"a","version":01}"#,
        #"{"name":"a","version":"1","x":.5}"#, #"{"name":"a","version":"1","x":+1}"#,
        #"{"name":"a","version":"1","x":[1,]}"#,
        "{\"name\":\"a\tb\",\"version\":\"1\"}", #"{"name":"\x","version":"1"}"#, #"{"name":"a","version":"1"}\0"#,
        #"{"name":"a","version":1}"#, #"{"name":null,"version":"1"}"#, "nul", #"{"name":"\u00"}"#, #""name""#,
      ].map { Array($0.utf8) } + [Array(#"{"name":"a","author":"Jos"#.utf8) + [0xE9] + Array(#"","version":"1"}"#.utf8)]
    let script = """
      const all = JSON.parse(require("fs").readFileSync(0)), read = text => {
        try { const p = JSON.parse(text); return p && typeof p == "object" && !Array.isArray(p) ? [p.name, p.version] : null }
        catch { return null }
      }
      console.log(JSON.stringify(all.map(text => {
        const p = read(Buffer.from(text).toString("utf8"))
        return p === null ? "broken" : p.map(x => typeof x == "string" ? x : "-").join(" ")
      })))
      """
    let answer = try run(["node", "-e", script], input: try JSONEncoder().encode(texts))
    let expected = try JSONDecoder().decode([String].self, from: answer.output)
    let found = texts.map { text -> String in
      guard let object = DeclaredText.object(Data(text)) else { return "broken" }
      return ["name", "version"].map { object[$0] as? String ?? "-" }.joined(separator: " ")
    }
    #expect(found == expected)
    #expect(expected.count == texts.count && Set(expected).count > 5)
  }

  @Test func `a byte order mark is passed over, as npm does`() {
    let text = Data([0xEF, 0xBB, 0xBF]) + Data(#"{"name":"a","version":"1"}"#.utf8)
    #expect(
      NPMReader().read(SystemFiles(contents: ["node_modules/a/package.json": text])).packages.map(\.name) == ["a"])
  }

  @Test func `broken test data of a module makes nothing partial`() {
    let broken = Data("{,}".utf8)
    let installed: [GuestPath] = [
      "srv/node_modules/a/package.json", "srv/node_modules/@s/a/package.json",
      "srv/node_modules/a/node_modules/b/package.json",
      "srv/node_modules/.pnpm/@s+c@1/node_modules/@s/c/package.json",
    ]
    let other: [GuestPath] = [
      "srv/node_modules/a/test/node_modules/b/package.json", "srv/node_modules/@s/a/x/y/node_modules/b/package.json",
    ]
    let reading = NPMReader().read(
      SystemFiles(contents: Dictionary(uniqueKeysWithValues: (installed + other).map { ($0, broken) })))
    #expect(Set(reading.problems.map(\.subject)) == Set(installed.map(\.description)))
    #expect(Set(reading.remarks.map(\.subject)) == Set(other.map(\.description)))
  }

  @Test func `returns whatever was cut or flipped`() throws {
    let files = try systemFiles("/usr/share/nodejs", as: "node_modules", for: NPMReader())
    expectReturns(NPMReader(), files, seed: 12)
  }
}
