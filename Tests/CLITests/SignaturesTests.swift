import Foundation
import TestSupport
import Testing

/// The commands that make signatures, as a release manager runs them; truth by sha256sum and git.
struct SignaturesTests {
  private struct Shown: Decodable {
    struct Artifact: Decodable {
      struct Source: Decodable { var path: String, blob: String }
      var path: String, size: Int, sha256: String, gitoid: String, sources: [Source]
    }
    var schema: String, application: String, release: String, artifacts: [Artifact]
  }

  private func shown(_ file: URL) throws -> Shown {
    let finished = try run([builtProgram, "signatures", "show", file.path, "--format", "json"])
    #expect(finished.status == 0, "\(finished.errorText)")
    return try JSONDecoder().decode(Shown.self, from: finished.output)
  }

  /// A small application: a program, a script and a setting.
  private func application(in folder: URL) throws -> URL {
    let root = folder.appending(path: "shop")
    let script = """
      mkdir -p bin etc && cp /bin/true bin/shop && printf '#!/bin/sh\\necho hello\\n' > bin/hello && chmod +x bin/*
      printf 'colour=blue\\n' > etc/shop.conf
      """
    try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
    #expect(try run(["sh", "-ec", script], in: root).status == 0)
    return root
  }

  @Test(arguments: [
    ("tar czf ../given -C . .", "tar.gz"), ("tar --zstd -cf ../given .", "tar.zst"),
    ("python3 -m zipfile -c ../given bin etc", "zip"), ("python3 -m zipfile -c ../given bin etc", "whl"),
    ("cp -r . ../given", "folder"),
    (
      """
      cp -r . ../package && mkdir ../package/DEBIAN && printf 'Package: shop\\nVersion: 1\\nArchitecture: all\\n\
      Maintainer: x <x@shop.example>\\nDescription: x\\n' > ../package/DEBIAN/control
      dpkg-deb -b ../package ../given > ../log
      """, "deb"
    ),
  ])
  func `takes what is in an archive for what it is`(_ pack: String, _ kind: String) throws {
    try withTemporaryFolder { folder in
      let root = try application(in: folder)
      try #require(try run(["sh", "-ec", pack], in: root).status == 0)
      let archive = folder.appending(path: kind == "folder" ? "given" : "given.\(kind)")
      if kind != "folder" {
        try FileManager.default.moveItem(at: folder.appending(path: "given"), to: archive)
      }
      let file = folder.appending(path: "shop.json")
      let added = try run(
        [
          builtProgram, "signatures", "add", "--application", "shop", "--release", "2.0", "--output", file.path,
          archive.path,
        ])
      #expect(added.status == 0, "\(added.errorText)")
      let signature = try shown(file)
      #expect(signature.schema == "vmlineage.signature/1")
      #expect(signature.application == "shop" && signature.release == "2.0")
      let truth = try run(
        [
          "sh", "-ec", "find . -type f | sort | while read f; do sha256sum $f; git hash-object $f; stat -c %s $f; done",
        ],
        in: root
      ).text.split(separator: "\n").map(String.init)
      let own = signature.artifacts.sorted { $0.path < $1.path }
        .flatMap { ["\($0.sha256)  ./\($0.path)", $0.gitoid, "\($0.size)"] }
      #expect(own == truth)
      #expect(try run([builtProgram, "signatures", "verify", file.path]).status == 0)
    }
  }

  @Test func `a jar is installed as it is`() throws {
    try withTemporaryFolder { folder in
      let root = try application(in: folder)
      try #require(try run(["sh", "-ec", "python3 -m zipfile -c ../shop.jar bin etc"], in: root).status == 0)
      let (jar, file) = (folder.appending(path: "shop.jar"), folder.appending(path: "shop.json"))
      let add = [builtProgram, "signatures", "add", "--application", "shop", "--release", "2.0", "--output", file.path]
      #expect(try run(add + [jar.path]).status == 0)
      let artifacts = try shown(file).artifacts
      #expect(artifacts.map(\.path) == ["shop.jar"])
      #expect(try run(["sha256sum", jar.path]).text.hasPrefix(artifacts.first?.sha256 ?? "none"))
    }
  }

  @Test func `what cannot be read makes no signature`() throws {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "x.json").path
      let broken = folder.appending(path: "broken.tar.gz")
      try Data([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3]).write(to: broken)
      for path in ["/nonexistent", broken.path] {
        let added = try run(
          [builtProgram, "signatures", "add", "--application", "a", "--release", "1", "--output", file, path])
        #expect(added.status == 2 && added.errorText.split(separator: "\n").count == 1, "\(added.errorText)")
        #expect(!FileManager.default.fileExists(atPath: file))
      }
    }
  }

  @Test func `capture links what was built to what git knows, and passes the build's status on`() throws {
    try withTemporaryFolder { folder in
      let script = """
        git init -q . && git config user.name Ada && git config user.email ada@shop.example
        printf '#include "shop.h"\\nint main(void) { return ZERO; }\\n' > main.c && echo '#define ZERO 0' > shop.h
        git add . && git commit -qm first && mkdir dist
        """
      try #require(try run(["sh", "-ec", script], in: folder).status == 0)
      func capture(_ command: String) throws -> Finished {
        try run(
          [
            builtProgram, "capture", "--application", "shop", "--release", "1", "--artifacts", "dist", "--output",
            "shop.json", "--", "sh", "-c", command,
          ], in: folder)
      }
      for (command, status) in [("exit 7", 7), ("kill -TERM $$", 143)] {
        #expect(try capture(command).status == Int32(status))
        #expect(!FileManager.default.fileExists(atPath: folder.appending(path: "shop.json").path))
      }
      let captured = try capture("echo built && gcc -O1 -c main.c && gcc -o dist/shop main.o")
      #expect(captured.status == 0 && captured.text == "built\n", "\(captured.errorText)")
      let artifact = try #require(try shown(folder.appending(path: "shop.json")).artifacts.first)
      #expect(artifact.path == "shop")
      let truth = try run(["git", "ls-tree", "HEAD", "--format=%(path) %(objectname)"], in: folder).text
      #expect(artifact.sources.map { "\($0.path) \($0.blob)" }.sorted().joined(separator: "\n") + "\n" == truth)
    }
  }
}
