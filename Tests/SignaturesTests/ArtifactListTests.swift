import Fingerprints
import Foundation
import Signatures
import TestSupport
import Testing

@Suite struct ArtifactListTests {
  private func list(_ paths: String...) throws -> [String: Artifact] {
    var list = ArtifactList()
    for path in paths { try list.add(path) }
    #expect(list.problems.isEmpty)
    return Dictionary(uniqueKeysWithValues: list.artifacts.map { ($0.path, $0) })
  }

  /// A folder with a link, an empty file and hard names.
  private func tree(_ folder: URL) throws -> URL {
    let tree = folder.appending(path: "tree")
    try FileManager.default.createDirectory(at: tree.appending(path: "bin/deep er"), withIntermediateDirectories: true)
    try Data("#!/bin/sh\necho\n".utf8).write(to: tree.appending(path: "bin/deep er/run"))
    try Data().write(to: tree.appending(path: "empty"))
    try Data("line\n".utf8).write(to: tree.appending(path: "new\nline"))
    try FileManager.default.createSymbolicLink(
      at: tree.appending(path: "link"), withDestinationURL: URL(fileURLWithPath: "/etc/passwd"))
    return tree
  }

  /// sha256sum and git are the truth.
  @Test func `a folder gives its regular files`() throws {
    try withTemporaryFolder { folder in
      let tree = try tree(folder)
      let artifacts = try list(tree.path)
      #expect(Set(artifacts.keys) == ["bin/deep er/run", "empty", "new\nline"])
      for (path, artifact) in artifacts {
        let file = tree.appending(path: path)
        let input = try Data(contentsOf: file)
        let sum = try run(["sha256sum"], input: input).text.prefix(64)
        let blob = try run(["git", "hash-object", "--stdin"], input: input).text.prefix(40)
        #expect("\(artifact.sha256)" == sum)
        #expect(artifact.gitoid == blob)
        #expect(artifact.size == UInt64(input.count))
      }
      #expect(artifacts["bin/deep er/run"]?.kind == .script)
    }
  }

  @Test(arguments: [
    ["tar", "-cf", "OUT.tar", "."], ["tar", "-czf", "OUT.tar.gz", "."], ["tar", "-cJf", "OUT.tar.xz", "."],
    ["python3", "-m", "zipfile", "-c", "OUT.zip", "bin", "empty", "new\nline"],
  ])
  func `an archive gives what its folder gives`(command: [String]) throws {
    try withTemporaryFolder { folder in
      let tree = try tree(folder)
      let command = command.map { $0.replacing("OUT", with: folder.path + "/out") }
      let made = try run(command, in: tree)
      try #require(made.status == 0, "\(made.errorText)")
      let archive = try #require(command.first { $0.hasPrefix(folder.path) })
      #expect(try list(archive) == list(tree.path))
    }
  }

  /// dpkg-deb is the truth for what a package installs.
  @Test func `a deb gives what dpkg-deb unpacks`() throws {
    try withTemporaryFolder { folder in
      let root = folder.appending(path: "root")
      for name in ["DEBIAN", "usr/bin"] {
        try FileManager.default.createDirectory(at: root.appending(path: name), withIntermediateDirectories: true)
      }
      let control = "Package: shop\nVersion: 1\nArchitecture: all\nMaintainer: a <a@b>\nDescription: d\n"
      try Data(control.utf8).write(to: root.appending(path: "DEBIAN/control"))
      try Data("#!/bin/sh\n".utf8).write(to: root.appending(path: "usr/bin/shop"))
      _ = try run(["ln", "usr/bin/shop", "usr/bin/alias"], in: root)
      let deb = folder.appending(path: "shop.deb").path
      try #require(try run(["dpkg-deb", "--root-owner-group", "-b", root.path, deb]).status == 0)
      let unpacked = folder.appending(path: "unpacked").path
      try #require(try run(["dpkg-deb", "-x", deb, unpacked]).status == 0)
      #expect(try list(deb) == list(unpacked))
      #expect(try list(deb).count == 2)
    }
  }

  /// pip is the truth for where a wheel's entries go.
  @Test func `a wheel gives what pip installs`() throws {
    try withTemporaryFolder { folder in
      let script = """
        import zipfile
        with zipfile.ZipFile("shop-1-py3-none-any.whl", "w") as z:
            z.writestr("shop/__init__.py", "x = 1\\n")
            z.writestr("shop-1.data/purelib/extra.py", "y = 1\\n")
            z.writestr("shop-1.dist-info/METADATA", "Metadata-Version: 2.1\\nName: shop\\nVersion: 1\\n")
            z.writestr("shop-1.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
            z.writestr("shop-1.dist-info/RECORD", "")
        """
      try #require(try run([python, "-c", script], in: folder).status == 0)
      let wheel = "shop-1-py3-none-any.whl"
      let pip = ["-m", "pip", "install", "-q", "--no-index", "--no-deps", "--no-compile", "--target", "site", wheel]
      let installed = try run([python] + pip, in: folder)
      try #require(installed.status == 0, "\(installed.errorText)")
      let truth = try list(folder.path + "/site").filter {
        !["RECORD", "INSTALLER", "REQUESTED", "direct_url.json"].contains($0.key.split(separator: "/").last)
      }
      #expect(try list(folder.path + "/" + wheel) == truth)
    }
  }

  @Test func `a jar and a single file are one artifact each`() throws {
    try withTemporaryFolder { folder in
      let tree = try tree(folder)
      let jar = folder.appending(path: "app.jar").path
      try #require(try run(["python3", "-m", "zipfile", "-c", jar, "bin"], in: tree).status == 0)
      #expect(try list(jar, tree.path + "/empty").keys.sorted() == ["app.jar", "empty"])
    }
  }

  @Test func `what is missing or damaged is an error`() throws {
    try withTemporaryFolder { folder in
      let damaged = folder.appending(path: "damaged.tar.gz")
      try Data([0x1F, 0x8B, 8, 0, 1, 2, 3]).write(to: damaged)
      for path in [damaged.path, folder.path + "/none", folder.path + "/none.tar"] {
        var list = ArtifactList()
        #expect(throws: SignatureError.self, "\(path)") { try list.add(path) }
      }
    }
  }
}
