import Foundation
import Inventory
import TestSupport
import Testing

@testable import Packages

/// Writes jars as Python's zipfile does: `{NAME: text}` for each, the last one holding the ones before where it says so.
private let zipper = """
  import io, json, sys, zipfile
  def pack(entries):
      out = io.BytesIO()
      with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
          for name, value in entries.items():
              z.writestr(name, pack(value) if isinstance(value, dict) else value)
      return out.getvalue()
  sys.stdout.buffer.write(pack(json.load(sys.stdin)))
  """

private func jar(_ entries: String) throws -> Data {
  let made = try run(["python3", "-c", zipper], input: Data(entries.utf8))
  #expect(made.status == 0, "\(made.errorText)")
  return made.output
}

private func read(_ jars: [GuestPath: Data]) -> PackageReading { JarReader().read(SystemFiles(contents: jars)) }

@Suite struct JarTests {
  /// Debian's versions of these packages begin with the version that upstream put into the jar.
  @Test(arguments: [
    ("commons-lang3", "libcommons-lang3-java", "org.apache.commons:commons-lang3"),
    ("commons-io", "libcommons-io-java", "commons-io:commons-io"),
    ("slf4j-api", "libslf4j-java", "org.slf4j:slf4j-api"),
  ])
  func `tells a real jar by its coordinates`(file: String, debian: String, name: String) throws {
    let path = "/usr/share/java/\(file).jar"
    let package = try #require(read([GuestPath(path): try Data(contentsOf: URL(fileURLWithPath: path))]).packages.first)
    let properties = try run(["sh", "-c", "unzip -p '\(path)' 'META-INF/maven/*/pom.properties' | grep ^version="])
    let version = properties.text.trimmingCharacters(in: .whitespacesAndNewlines).dropFirst("version=".count)
    let installed = try run(["dpkg-query", "-W", "-f", "${Version}", debian]).text
    #expect(package.name == name)
    #expect(package.version == version)
    #expect(installed.hasPrefix(package.version))
    #expect(package.files.map(\.path) == [GuestPath(path)])
  }

  @Test func `goes by the manifest where others were put inside`() throws {
    let made = try jar(
      #"""
      {"META-INF/MANIFEST.MF": "Manifest-Version: 1.0\r\nBundle-SymbolicName: com.example.a-very-long-symbolic-name-that-is-broken-in-tw\r\n o;singleton:=true\r\nBundle-Version: 4.2\r\nBundle-Vendor: Example\r\n\r\nName: x\r\nBundle-Version: 9\r\n",
       "META-INF/maven/cglib/cglib/pom.properties": "#c\nversion=3.2.12\ngroupId=cglib\nartifactId=cglib\n",
       "BOOT-INF/classes/git.properties": "git.commit.id=0123456789abcdef0123456789abcdef01234567\ngit.remote.origin.url=https\\://u\\:p@example.org/a.git\n"}
      """#)
    let packages = read(["opt/a.jar": made]).packages
    #expect(packages.map(\.name) == ["com.example.a-very-long-symbolic-name-that-is-broken-in-two", "cglib:cglib"])
    #expect(packages.map(\.version) == ["4.2", "3.2.12"])
    #expect(packages.first?.revision == "0123456789abcdef0123456789abcdef01234567")
    #expect(packages.first?.repository == "https://example.org/a.git")
    #expect(packages.first?.vendor == "Example")
  }

  @Test func `reads three levels, no more`() throws {
    func pom(_ name: String) -> String {
      #""META-INF/maven/g/\#(name)/pom.properties": "version=1\ngroupId=g\nartifactId=\#(name)\n""#
    }
    let made = try jar(
      "{\(pom("a")), \"WEB-INF/b.war\": {\(pom("b")), \"lib/c.jar\": {\(pom("c")), \"d.jar\": {\(pom("d"))}}}}")
    let reading = read(["srv/a.ear": made])
    #expect(reading.packages.map(\.name) == ["g:a", "g:b", "g:c"])
    #expect(reading.problems.isEmpty)
  }

  @Test func `says what is no archive, or unpacks to too much`() throws {
    #expect(read(["a.jar": Data("no archive".utf8)]).problems.map(\.code) == ["malformed"])
    let bomb = try run([
      "python3", "-c",
      """
      import io, sys, zipfile
      out = io.BytesIO()
      with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
          for i in range(4): z.writestr(f"{i}.jar", bytes(60 << 20))
          z.writestr("META-INF/MANIFEST.MF", bytes(65 << 20))
      sys.stdout.buffer.write(out.getvalue())
      """,
    ])
    #expect(!bomb.output.isEmpty)
    #expect(read(["a.jar": bomb.output]).problems.count == 1)
  }

  @Test func `returns whatever was cut or flipped`() throws {
    let path = "/usr/share/java/slf4j-api.jar"
    let files = SystemFiles(contents: [GuestPath(path): try Data(contentsOf: URL(fileURLWithPath: path))])
    expectReturns(JarReader(), files, seed: 15)
  }
}
