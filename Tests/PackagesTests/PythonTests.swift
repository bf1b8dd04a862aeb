import Foundation
import Inventory
import TestSupport
import Testing

@testable import Packages

/// What importlib.metadata says of a folder: name, version; or name, path, algorithm, digest of each file.
private let distributions = """
  import importlib.metadata, json, sys
  print(json.dumps([[d.metadata["Name"], d.version] for d in importlib.metadata.distributions(path=[sys.argv[1]])]))
  """
private let recorded = """
  import base64, importlib.metadata, json, os, sys
  def plain(text):
      return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).hex()
  print(json.dumps([[d.metadata["Name"], os.path.normpath(os.path.join(sys.argv[2], str(f))),
                     f.hash.mode if f.hash else "", plain(f.hash.value) if f.hash else ""]
                    for d in importlib.metadata.distributions(path=[sys.argv[1]])
                    if d.read_text("RECORD") for f in d.files]))
  """
/// Builds a wheel without any other package (PEP 517), so that pip needs no index.
private let backend = """
  import zipfile
  def build_wheel(folder, settings=None, metadata=None):
      name = "demo-1.5-py3-none-any.whl"
      with zipfile.ZipFile(folder + "/" + name, "w") as wheel:
          wheel.writestr("demo, with comma.py", "pass\\n")
          wheel.writestr("demo-1.5.dist-info/METADATA", "Metadata-Version: 2.1\\nName: demo\\nVersion: 1.5\\n")
          wheel.writestr("demo-1.5.dist-info/WHEEL", "Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
          wheel.writestr("demo-1.5.dist-info/RECORD", "demo-1.5.dist-info/RECORD,,\\n")
      return name
  """
private let python = packageFolder.appending(path: ".build/python/bin/python").path

@Suite struct PythonTests {
  @Test func `lists what importlib lists, of wheels`() throws {
    let folder = try sitePackages()
    let expected = try printedLists([python, "-c", distributions, folder])
    let files = try systemFiles(folder, as: "opt/venv/lib/python3/site-packages", for: PythonReader())
    let reading = PythonReader().read(files)
    #expect(expected.contains { $0[0] == "pip" })
    #expect(Set(reading.packages.map { [$0.name, $0.version] }).isSuperset(of: expected))
    #expect(reading.packages.allSatisfy { $0.kind == .pypi })
  }

  @Test func `lists the files and digests that importlib reads`() throws {
    let folder = try sitePackages()
    let place = "opt/venv/lib/python3/site-packages"
    let expected = try printedLists([python, "-c", recorded, folder, place])
    let files = try systemFiles(folder, as: GuestPath(place), for: PythonReader())
    let found = PythonReader().read(files).packages.filter { $0.location.parent.parent == GuestPath(place) }
      .flatMap { package in
        package.files.map { [package.name, $0.path.lossy, $0.algorithm?.rawValue ?? "", $0.digest ?? ""] }
      }
    #expect(expected.contains { $0[1] == "opt/venv/bin/pip" && $0[2] == "sha256" })
    #expect(Set(found) == expected)
  }

  @Test func `lists what importlib lists, of older eggs`() throws {
    let folder = "/usr/lib/python3/dist-packages"
    let expected = try printedLists(["/usr/bin/python3", "-c", distributions, folder])
    let files = try systemFiles(folder, as: "usr/lib/python3/dist-packages", for: PythonReader())
    #expect(files.contents.keys.contains { $0.hasSuffix(".egg-info/PKG-INFO") || $0.hasSuffix(".egg-info") })
    let reading = PythonReader().read(files)
    #expect(Set(reading.packages.map { [$0.name, $0.version] }).isSuperset(of: expected))
  }

  @Test func `tells the commit that pip installed from`() throws {
    try withTemporaryFolder { folder in
      let source = folder.appending(path: "source")
      try FileManager.default.createDirectory(at: source, withIntermediateDirectories: true)
      try Data(backend.utf8).write(to: source.appending(path: "backend.py"))
      let project = "[build-system]\nrequires = []\nbuild-backend = \"backend\"\nbackend-path = [\".\"]\n"
      try Data(project.utf8).write(to: source.appending(path: "pyproject.toml"))
      let git = ["git", "-C", source.path, "-c", "user.name=a", "-c", "user.email=a@example.org"]
      for arguments in [["init", "-q"], ["add", "."], ["commit", "-qm", "Start"]] {
        #expect(try run(git + arguments).status == 0)
      }
      let commit = try run(git + ["rev-parse", "HEAD"]).text.trimmingCharacters(in: .whitespacesAndNewlines)
      let target = folder.appending(path: "target").path
      let installed = try run([
        python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-index", "--no-build-isolation",
        "--target", target, "git+file://\(source.path)",
      ])
      #expect(installed.status == 0, "\(installed.errorText)")
      let files = try systemFiles(target, as: "srv/app", for: PythonReader())
      let package = try #require(PythonReader().read(files).packages.first)
      #expect([package.name, package.version] == ["demo", "1.5"])
      #expect(package.revision == commit)
      #expect(package.repository == "file://\(source.path)")
      #expect(package.files.contains { $0.path == "srv/app/demo, with comma.py" })
    }
  }

  @Test func `keeps what is whole where records are hostile`() {
    let record = """
      ../../../../../etc/passwd,sha256=AAAA,1
      "a,""b"".py",md5=1B2M2Y8AsgTpgAmY7PhCfg,0
      c.py,sha256=not/base64!,3
      d.py
      """
    let folder: GuestPath = "lib/site-packages/x-1.dist-info"
    let files = SystemFiles(contents: [
      folder.appending("METADATA"): Data("Name: x\nVersion: 1\n\nName: y\n".utf8),
      folder.appending("RECORD"): Data(record.utf8),
      "lib/site-packages/bad-1.dist-info/METADATA": Data([0xFF, 0, 0x3A]),
    ])
    let reading = PythonReader().read(files)
    #expect(reading.packages.map(\.name) == ["bad", "x"])
    #expect(
      reading.packages.last?.files.map(\.path.lossy) == ["lib/site-packages/a,\"b\".py", "lib/site-packages/c.py"])
    // The MD5 of nothing (RFC 1321, A.5).
    #expect(reading.packages.last?.files.map(\.digest) == ["d41d8cd98f00b204e9800998ecf8427e", nil])
    #expect(reading.problems.isEmpty && reading.remarks.count == 1)
  }

  /// Truth: importlib.metadata, of the same folder, which finds what is packed too.
  @Test func `reads an egg that is an archive`() throws {
    try withTemporaryFolder { folder in
      let script = """
        import json, sys, zipfile, importlib.metadata
        egg = sys.argv[1] + "/demo_tool-2.5-py3.11.egg"
        with zipfile.ZipFile(egg, "w", zipfile.ZIP_DEFLATED) as z:
            z.writestr("EGG-INFO/PKG-INFO", "Metadata-Version: 1.0\\nName: demo-tool\\nVersion: 2.5\\n")
            z.writestr("demo_tool.py", "pass\\n")
        print(json.dumps([[d.metadata["Name"], d.version] for d in importlib.metadata.distributions(path=[egg])]))
        """
      let expected = try printedLists([python, "-c", script, folder.path])
      let files = try systemFiles(folder.path, as: "usr/lib/python3/dist-packages", for: PythonReader())
      let reading = PythonReader().read(files)
      #expect(Set(reading.packages.map { [$0.name, $0.version] }) == expected && expected == [["demo-tool", "2.5"]])
    }
  }

  @Test func `takes from the path what metadata does not state`() {
    let folder: GuestPath = "opt/v/lib/python3.11/site-packages"
    let reading = PythonReader().read(
      SystemFiles(contents: [
        folder.appending("no_metadata-1.2.dist-info/RECORD"): Data("x.py,,\n".utf8),
        folder.appending("no_version-3.0-py3.11.egg-info/PKG-INFO"): Data("Name: no-version\n".utf8),
        folder.appending("broken-4.egg"): Data("no archive".utf8),
        folder.appending("nothing.egg-info/PKG-INFO"): Data(),
        folder.appending("good-1.dist-info/METADATA"): Data("Name: good\nVersion: 1\n".utf8),
      ]))
    #expect(
      reading.packages.map { "\($0.name) \($0.version)" } == [
        "broken 4", "good 1", "no_metadata 1.2", "no-version 3.0",
      ])
    #expect(reading.packages[2].files.map(\.path) == [folder.appending("x.py")])
    #expect(reading.problems.map(\.subject) == [folder.appending("nothing.egg-info/PKG-INFO").description])
  }

  @Test func `returns whatever was cut or flipped`() throws {
    let files = try systemFiles(try sitePackages(), as: "lib", for: PythonReader())
    expectReturns(PythonReader(), files, seed: 11)
  }

  private func sitePackages() throws -> String {
    let printed = try run([python, "-c", "import sysconfig; print(sysconfig.get_paths()['purelib'])"])
    #expect(printed.status == 0, "\(printed.errorText)")
    return printed.text.trimmingCharacters(in: .whitespacesAndNewlines)
  }
}
