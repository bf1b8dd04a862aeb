import Foundation
import TestSupport
import Testing

@testable import Fingerprints

struct GoBuildTests {
  private let environment = [
    "GO111MODULE": "on", "GOFLAGS": "-mod=mod", "GOPROXY": "off", "GOTOOLCHAIN": "local", "CGO_ENABLED": "0",
    "GOCACHE": packageFolder.appending(path: ".build/go-cache").path,
    "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.org", "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@example.org",
  ]

  /// A program with a module beside it, in a git work tree with one commit.
  private func project(in folder: URL) throws -> URL {
    let (shop, cart) = (folder.appending(path: "shop"), folder.appending(path: "cart"))
    for place in [shop, cart] { try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true) }
    let files = [
      cart.appending(path: "go.mod"): "module example.org/cart\n",
      cart.appending(path: "cart.go"): "package cart\nfunc Sum() int { return 3 }\n",
      shop.appending(path: "go.mod"): """
      module example.org/shop
      go 1.19
      require example.org/cart v1.2.3
      replace example.org/cart => ../cart
      """,
      shop.appending(path: "main.go"): """
      package main
      import "example.org/cart"
      func main() { println(cart.Sum()) }
      """,
    ]
    for (file, text) in files { try Data(text.utf8).write(to: file) }
    for arguments in [["init", "-q"], ["add", "."], ["commit", "-q", "-m", "first"]] {
      try runs(["git"] + arguments, in: folder, environment: environment)
    }
    return shop
  }

  /// What `go version -m` prints of a file: lines of fields.
  private func told(_ file: URL) throws -> [[String]] {
    try runs(["go", "version", "-m", file.path], environment: environment).split(separator: "\n").dropFirst()
      .map { $0.split(separator: "\t").map(String.init) }.filter { !$0.isEmpty }
  }

  @Test(arguments: ["linux", "windows"])
  func `agrees with go version`(system: String) throws {
    try withTemporaryFolder { folder in
      let shop = try project(in: folder)
      let environment = environment.merging(["GOOS": system]) { $1 }
      try runs(
        ["go", "build", "-buildvcs=true", #"-ldflags=-s -w -X 'main.a="b\\c"'"#, "-o", "program", "."], in: shop,
        environment: environment)
      let file = shop.appending(path: "program")
      let lines = try told(file)
      let settings = Dictionary(
        uniqueKeysWithValues: lines.filter { $0[0] == "build" }.map { line in
          let parts = line[1].split(separator: "=", maxSplits: 1).map(String.init)
          return (parts[0], parts.count > 1 ? parts[1] : "")
        })
      let found = try fingerprint(at: file)
      #expect(found.problem == nil)
      let build = try #require(found.description(.goBuild))
      #expect(build.name == "example.org/shop")
      #expect(build.version == lines.first { $0[0] == "mod" }?[2])
      #expect(build.fields["path"] == lines.first { $0[0] == "path" }?[1])
      #expect(build.revision == settings["vcs.revision"])
      #expect(build.revision != nil)
      #expect(build.modified == (settings["vcs.modified"] == "true"))
      #expect(build.fields["vcs.time"] == settings["vcs.time"])
      #expect(build.fields["GOOS"] == system)
      #expect(build.fields["-ldflags"] == #"-s -w -X 'main.a="b\\c"'"#)
      #expect(build.components.map(\.name) == lines.filter { $0[0] == "=>" }.map { $0[1] })
      let ends = try #require(outline(of: try Data(contentsOf: file)))
      #expect(ends.selfDescribes)
      #expect(ends.shape == found.mark(.shape))
    }
  }

  @Test func `reads the form before Go 1 18, with and without section names`() throws {
    // The same records that the older linker wrote; Go's own reader is the judge.
    let source = """
      struct text { const char *start; long length; };
      static const char version_text[] = "go1.17.13";
      static const char module_text[] = "0123456789abcdef"
        "path\\texample.org/old/cmd\\nmod\\texample.org/old\\tv1.4.0\\th1:sum=\\n"
        "dep\\texample.org/part\\tv0.9.1\\th1:other=\\n" "fedcba9876543210";
      static struct text version = {version_text, sizeof version_text - 1};
      static struct text modules = {module_text, sizeof module_text - 1};
      __attribute__((section(".go.buildinfo"), aligned(16), used)) static struct {
        char magic[14]; char pointer; char flags; struct text *version, *modules;
      } info = {"\\xff Go buildinf:", 8, 0, &version, &modules};
      int main(void) { return 0; }
      """
    try withTemporaryFolder { folder in
      let file = try build(source, in: folder, ["-static", "-no-pie"])
      let lines = try told(file)
      let build = try #require(try fingerprint(at: file).description(.goBuild))
      #expect(build.name == lines.first { $0[0] == "mod" }?[1])
      #expect(build.version == lines.first { $0[0] == "mod" }?[2])
      #expect(build.fields["path"] == "example.org/old/cmd")
      #expect(build.fields["go"] == "go1.17.13")
      #expect(build.components == [.init(name: "example.org/part", version: "v0.9.1")])
      #expect(outline(of: try Data(contentsOf: file))?.selfDescribes == true)
      mutate(try Data(contentsOf: file), seed: 0x60, rounds: 60)
    }
  }
}
