import Foundation
import TestSupport
import Testing

@testable import Fingerprints

struct PETests {
  private static let resources = """
    #include <windows.h>
    1 VERSIONINFO
    FILEVERSION 3,1,4,159
    PRODUCTVERSION 3,1,0,0
    BEGIN
      BLOCK "StringFileInfo"
      BEGIN
        BLOCK "040904b0"
        BEGIN
          VALUE "CompanyName", L"Example \\x00dc GmbH"
          VALUE "FileDescription", "The shop's till"
          VALUE "InternalName", "till"
          VALUE "OriginalFilename", "till.exe"
          VALUE "ProductName", "Shop"
          VALUE "ProductVersion", "3.1-beta"
        END
      END
      BLOCK "VarFileInfo"
      BEGIN
        VALUE "Translation", 0x409, 1200
      END
    END
    """

  /// A Windows program with a version resource.
  private func till(in folder: URL, _ options: [String] = []) throws -> URL {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try Data(Self.resources.utf8).write(to: folder.appending(path: "till.rc"))
    try runs(["x86_64-w64-mingw32-windres", "till.rc", "till.res.o"], in: folder)
    return try build(in: folder, name: "till.exe", compiler: "x86_64-w64-mingw32-gcc", ["till.res.o"] + options)
  }

  /// Signs with a certificate made for the purpose.
  private func sign(_ file: URL, in folder: URL) throws -> URL {
    try runs(
      [
        "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "cert.pem",
        "-days", "2", "-subj", "/CN=example",
      ], in: folder)
    let signed = folder.appending(path: "signed.exe")
    try runs(
      [
        "osslsigncode", "sign", "-certs", "cert.pem", "-key", "key.pem", "-h", "sha256", "-in", file.path, "-out",
        signed.path,
      ],
      in: folder)
    return signed
  }

  @Test func `signed and unsigned copies have the digest that was signed`() throws {
    try withTemporaryFolder { folder in
      let file = try till(in: folder)
      // A length that signing has to pad.
      var data = try Data(contentsOf: file)
      while data.count % 8 != 5 { data.append(0x2A) }
      try data.write(to: file)
      let signed = try sign(file, in: folder)
      let (plain, covered) = (try fingerprint(at: file), try fingerprint(at: signed))
      #expect(covered.problem == nil)
      #expect(covered.mark(.authenticode) == (try authentihash(signed)))
      #expect(covered.mark(.authenticode) == plain.mark(.authenticode))
      #expect(covered.mark(.peImage) == plain.mark(.peImage))
      #expect(covered.mark(.shape) == plain.mark(.shape))
      // The tool that signed says the same.
      let told = try run(["osslsigncode", "verify", "-in", signed.path]).text.lowercased()
      #expect(told.contains(try #require(covered.mark(.authenticode))))
    }
  }

  @Test func `the image digest survives time stamps, strip and other debug ids`() throws {
    try withTemporaryFolder { folder in
      let file = try till(in: folder.appending(path: "one"), ["-g", "-Wl,--build-id,--insert-timestamp"])
      let first = try fingerprint(at: file)
      #expect(first.problem == nil)
      let stripped = folder.appending(path: "stripped.exe")
      try runs(["x86_64-w64-mingw32-strip", "-o", stripped.path, file.path])
      var stamped = try Data(contentsOf: file)
      let header = Int(stamped[0x3C]) | Int(stamped[0x3D]) << 8
      for position in [header + 8, header + 24 + 64] { stamped[position] ^= 0x55 }
      for copy in try [
        fingerprint(at: stripped), fingerprint(of: stamped, name: ""),
        fingerprint(of: stamped + Data(1...99), name: ""),
      ] {
        #expect(copy.mark(.peImage) == first.mark(.peImage))
        #expect(copy.mark(.shape) == first.mark(.shape))
        #expect(copy.sections == first.sections)
        #expect(copy.problem == nil)
      }
      #expect(try fingerprint(at: stripped).mark(.authenticode) != first.mark(.authenticode))
    }
  }

  @Test(arguments: [".text", ".rdata"])
  func `one changed byte of code or constants changes the image digest`(section: String) throws {
    try withTemporaryFolder { folder in
      let file = try till(in: folder)
      let first = try fingerprint(at: file)
      let program = """
        import pefile, sys
        print([s.PointerToRawData for s in pefile.PE(sys.argv[1]).sections if s.Name.rstrip(b'\\0') == sys.argv[2].encode()][0])
        """
      let told = try python(program, [file.path, section]).trimmingCharacters(in: .whitespacesAndNewlines)
      var data = try Data(contentsOf: file)
      data[try #require(Int(told)) + 33] ^= 1
      let patched = fingerprint(of: data, name: "")
      #expect(patched.mark(.peImage) != first.mark(.peImage))
      #expect(first.sections.filter { patched.sections[$0.key] != $0.value }.map(\.key) == [section])
    }
  }

  @Test func `sections, CodeView and version resource agree with pefile`() throws {
    try withTemporaryFolder { folder in
      let file = try till(in: folder, ["-Wl,--build-id"])
      let program = """
        import hashlib, json, pefile, sys
        pe = pefile.PE(sys.argv[1])
        sections = {}
        for s in pe.sections:
            name = s.Name.rstrip(b'\\0').decode()
            if name in ('.text', '.rdata', '.data'):
                sections[name] = hashlib.sha256(s.get_data()[:s.Misc_VirtualSize]).hexdigest()
        fields = {}
        for info in pe.FileInfo[0]:
            for table in getattr(info, 'StringTable', []):
                fields.update({k.decode(): v.decode() for k, v in table.entries.items()})
        fixed = pe.VS_FIXEDFILEINFO[0]
        fields['FixedFileVersion'] = '.'.join(str(n) for n in (fixed.FileVersionMS >> 16, fixed.FileVersionMS & 65535,
            fixed.FileVersionLS >> 16, fixed.FileVersionLS & 65535))
        view = pe.DIRECTORY_ENTRY_DEBUG[0].entry
        text = f'{view.Signature_Data1:08x}-{view.Signature_Data2:04x}-{view.Signature_Data3:04x}-' + \\
            f'{view.Signature_Data4:02x}{view.Signature_Data5:02x}-{view.Signature_Data6.hex()}-{view.Age}'
        print(json.dumps({'sections': sections, 'fields': fields, 'view': {'is': text}}))
        """
      let told = try JSONDecoder().decode(
        [String: [String: String]].self, from: Data(try python(program, [file.path]).utf8))
      let found = try fingerprint(at: file)
      #expect(found.kind == .pe)
      #expect(found.problem == nil)
      #expect(found.sections == told["sections"])
      #expect(found.sections.count == 3)
      #expect(found.mark(.codeView) == told["view"]?["is"])
      let resource = try #require(found.description(.versionResource))
      #expect(resource.fields == told["fields"])
      #expect(resource.name == "Shop")
      #expect(resource.version == "3.1-beta")
      #expect(resource.fields["FixedFileVersion"] == "3.1.4.159")
      let ends = try #require(outline(of: try Data(contentsOf: file)))
      #expect(ends.selfDescribes)
      #expect(ends.kind == .pe)
      #expect(ends.shape == found.mark(.shape))
    }
  }

  @Test func `a resource tree that leads back to itself is refused`() throws {
    try withTemporaryFolder { folder in
      var data = try Data(contentsOf: try till(in: folder))
      let pe = try PE(Bytes(data))
      let directory = try #require(pe.header.directory(PEDirectory.Index.resources))
      let start = Int(try pe.offset(of: directory.address).offset)
      // The first entry of the root: 8 bytes after the table's 16, its second half the offset, here of the root.
      data.replaceSubrange(start + 20..<start + 24, with: [0, 0, 0, 0x80])
      let found = fingerprint(of: data, name: "")
      #expect(found.description(.versionResource) == nil)
      #expect(found.problem?.hasPrefix("version resource: ") == true)
    }
  }

  @Test func `returns whatever the bytes are`() throws {
    try withTemporaryFolder { folder in
      let data = try Data(contentsOf: try till(in: folder, ["-s", "-Wl,--build-id"]))
      mutate(data, seed: 0xBE)
      // The resources stand at the end, where changes are rare.
      var random = SeededGenerator(seed: 0xBEE)
      let pe = try PE(Bytes(data))
      let section = try #require(pe.section(".rsrc"))
      for _ in 0..<400 {
        var copy = data
        let position = Int(section.rawOffset) + Int.random(in: 0..<Int(section.mappedSize), using: &random)
        copy[position] = UInt8.random(in: 0...255, using: &random)
        #expect(fingerprint(of: copy, name: "").kind == .pe)
      }
    }
  }
}
