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
    #expect(reading.remarks.map(\.code) == ["archive-not-read"])
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

  /// Jars in a jar as Spring Boot packs them: stored, and one of them deflated.
  private func fat(_ change: String) throws -> Data {
    let script = """
      import io, struct, sys, zipfile
      def inner(name):
          o = io.BytesIO()
          with zipfile.ZipFile(o, "w", zipfile.ZIP_DEFLATED) as z:
              z.writestr(f"META-INF/maven/g/{name}/pom.properties", f"version=1\\ngroupId=g\\nartifactId={name}\\n")
              z.writestr("x.class", bytes(range(256)) * 40)
          return o.getvalue()
      o = io.BytesIO()
      with zipfile.ZipFile(o, "w") as z:
          z.writestr("META-INF/MANIFEST.MF", "Implementation-Title: app\\nImplementation-Version: 9\\n")
          for name in "abc":
              z.writestr(f"BOOT-INF/lib/{name}-1.jar", inner(name), zipfile.ZIP_DEFLATED if name == "b" else zipfile.ZIP_STORED)
      d = bytearray(o.getvalue())
      head, listed = d.find(b"BOOT-INF/lib/b-1.jar"), d.rfind(b"BOOT-INF/lib/b-1.jar")
      \(change)
      sys.stdout.buffer.write(d)
      """
    let made = try run(["python3", "-c", script])
    #expect(made.status == 0, "\(made.errorText)")
    return made.output
  }

  @Test(arguments: [
    ("pass", ["app", "g:a", "g:b", "g:c"], 0, 0),
    // Deflated data that is none.
    ("d[head + 20:head + 40] = b'\\xff' * 20", ["app", "g:a", "g:c"], 1, 0),
    // The magic of one entry of the central directory, and of one entry itself.
    ("d[listed - 46:listed - 42] = b'XXXX'", ["app", "g:a", "g:b", "g:c"], 1, 0),
    ("d[head - 30:head - 26] = b'XXXX'", ["app", "g:a", "g:c"], 1, 0),
    // Cut before the central directory, and in the last entry.
    ("del d[d.rfind(b'META-INF/MANIFEST.MF') - 46:]", ["app", "g:a", "g:b", "g:c"], 1, 0),
    ("del d[d.rfind(b'PK\\3\\4') - 10:]", ["app", "g:a", "g:b"], 1, 0),
    // Bytes before it, as of a script that runs it, and behind it.
    ("d = b'#!/bin/sh\\nexec java\\n' + d + bytes(5000)", ["app", "g:a", "g:b", "g:c"], 0, 0),
    // An encrypted entry, and one packed by a method that is not read (APPNOTE.TXT, 4.4.4 and 4.4.5).
    ("d[head - 24] |= 1; d[listed - 38] |= 1", ["app", "g:a", "g:c"], 0, 1),
    ("d[head - 22] = d[listed - 36] = 97", ["app", "g:a", "g:c"], 0, 1),
    // The same entry twice.
    (
      "z = zipfile.ZipFile(o, 'a'); z.writestr('BOOT-INF/lib/b-1.jar', inner('b')); z.close(); d = o.getvalue()",
      ["app", "g:a", "g:b", "g:c"], 0, 0
    ),
  ])
  func `a broken entry leaves its neighbours`(change: String, names: [String], problems: Int, remarks: Int) throws {
    let good = try fat("pass")
    let reading = read(["opt/a.jar": try fat(change), "opt/b.jar": good, "opt/0.jar": Data("no archive".utf8)])
    #expect(reading.packages.filter { $0.location == "opt/a.jar" }.map(\.name).sorted() == names, "\(reading.problems)")
    #expect(reading.packages.filter { $0.location == "opt/b.jar" }.count == 4)
    #expect(reading.problems.map(\.subject) == ["opt/0.jar"] + Array(repeating: "opt/a.jar", count: problems))
    #expect(reading.remarks.map(\.code) == Array(repeating: "archive-not-read", count: remarks))
  }

  @Test func `an entry that is too large leaves its neighbours`() throws {
    let reading = read([
      "a.jar": try fat(
        "z = zipfile.ZipFile(o := io.BytesIO(), 'w', zipfile.ZIP_DEFLATED); z.writestr('0.jar', __import__('os').urandom(65 << 20)); "
          + "z.writestr('c.jar', inner('c')); z.close(); d = o.getvalue()")
    ])
    #expect(reading.packages.map(\.name) == ["g:c"])
    #expect(reading.problems.first?.reason.contains("0.jar") == true)
  }

  @Test func `jars in ZIP64, and without a name or entries, are no problem`() throws {
    let large = try fat(
      "z = zipfile.ZipFile(o := io.BytesIO(), 'w'); f = z.open('META-INF/maven/g/l/pom.properties', 'w', force_zip64=True); "
        + "f.write(b'version=1\\ngroupId=g\\nartifactId=l\\n'); f.close(); "
        + "[z.writestr(f'{i}', '') for i in range(66000)]; z.close(); d = o.getvalue()")
    let bare = try jar(#"{"META-INF/MANIFEST.MF": "Manifest-Version: 1.0\r\n\r\n", "a.class": "x"}"#)
    let reading = read(["l.jar": large, "bare.jar": bare, "empty.jar": try jar("{}"), "nothing.jar": Data()])
    #expect(reading.packages.map(\.name) == ["g:l"])
    #expect(reading.problems.isEmpty)
    #expect(
      reading.remarks.map(\.subject) == ["bare.jar"]
        && reading.remarks.first?.reason.contains("3 Java archives") == true)
  }

  @Test func `returns whatever was cut or flipped`() throws {
    let path = "/usr/share/java/slf4j-api.jar"
    let files = SystemFiles(contents: [GuestPath(path): try Data(contentsOf: URL(fileURLWithPath: path))])
    expectReturns(JarReader(), files, seed: 15)
  }
}
