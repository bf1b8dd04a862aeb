import Fingerprints
import Foundation
import Signatures
import TestSupport
import Testing

@Suite struct SignatureFileTests {
  /// rfc8785 from PyPI writes the canonical form of the same JSON and computes the same build id.
  @Test func `agrees with an independent implementation of RFC 8785`() throws {
    let signature = try hostileSignature().sealed()
    let canonical = try signature.canonical()
    let script = """
      import sys, json, hashlib, rfc8785
      document = json.load(sys.stdin.buffer)
      whole = rfc8785.dumps(document)
      build = document.pop("build"); document.pop("built", None)
      for artifact in document["artifacts"]:
          for source in artifact["sources"]:
              source.pop("created", None); source.pop("revised", None)
      print(hashlib.sha256(rfc8785.dumps(document)).hexdigest())
      sys.stdout.flush(); sys.stdout.buffer.write(whole)
      """
    let result = try run([python, "-c", script], input: canonical)
    try #require(result.status == 0, "\(result.errorText)")
    #expect(result.output == Data("\(try #require(signature.build))\n".utf8) + canonical)
  }

  @Test func `satisfies its JSON Schema`() throws {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "s.json")
      try hostileSignature().sealed().write(to: file)
      let schema = packageFolder.appending(path: "Signatures/schemas/vmlineage.signature-1.json").path
      let result = try run([python, "-m", "check_jsonschema", "--schemafile", schema, file.path])
      #expect(result.status == 0, "\(result.text)\(result.errorText)")
    }
  }

  @Test func `reads what it wrote`() throws {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "s.json")
      let signature = try hostileSignature().sealed()
      try signature.write(to: file)
      let read = try Signature.read(file)
      #expect(read == signature)
      #expect(try read.differences().isEmpty)
    }
  }

  @Test func `times are no part of the build id and all else is`() throws {
    let signature = try hostileSignature().sealed()
    var later = signature
    later.built = nil
    later.artifacts[0].sources[0].revised = Date(timeIntervalSince1970: 0)
    later.artifacts[0].sources[0].created = nil
    #expect(try later.computedBuild() == signature.build)
    var other = signature
    other.artifacts[0].sources[0].author = "someone else"
    #expect(try other.computedBuild() != signature.build)
    #expect(try other.differences().count == 1)
    var reordered = signature
    reordered.artifacts.reverse()
    #expect(try reordered.differences().contains { $0.contains("sorted") })
  }

  @Test(arguments: [
    (#""size":1"#, #""size":-1"#, ""),
    (#""size":1"#, #""size":1.5"#, ""),
    (#""size":1"#, #""size":"1""#, "artifacts[0].size"),
    (#""size":1"#, #""size":9007199254740992"#, "artifacts[0].size"),
    (#""size":1"#, #""size":1e400"#, ""),
    (#""path":"bin/x""#, #""path":"/bin/x""#, "artifacts[0].path"),
    (#""path":"bin/x""#, #""path":"bin/../x""#, "artifacts[0].path"),
    (#""path":"bin/x""#, #""path":"bin//x""#, "artifacts[0].path"),
    (#""path":"bin/x""#, #""path":"a\u0000b""#, "artifacts[0].path"),
    (#""path":"bin/x""#, #""path":"bin/y""#, "artifacts[1].path"),
    (#""kind":"other""#, #""kind":"spoon""#, "artifacts[0].kind"),
    (#""gitoid":"aa"#, #""gitoid":"AA"#, "artifacts[0].gitoid"),
    (#""sha256":""#, #""sha256":"0"#, "artifacts[0].sha256"),
    (#""built":"2026"#, #""built":"26"#, "built"),
    (#"12:00:00Z"#, #"12:00:00+01:00"#, "built"),
    (#""application":"shop""#, #""application":"""#, "application"),
    (#""application":"shop","#, #""#, "application"),
    (#"signature/1"#, #"signature/2"#, "schema"),
  ])
  func `an error names the file and the place`(from: String, to: String, place: String) throws {
    let signature = Signature(
      application: "shop", release: "1", built: Date(timeIntervalSince1970: 1_769_860_800),
      artifacts: [sampleArtifact("bin/x", contents: "x"), sampleArtifact("bin/y", contents: "yy")])
    let text = String(decoding: try signature.canonical(), as: UTF8.self)
    let range = try #require(text.range(of: from))
    let changed = text.replacingCharacters(in: range, with: to)
    let error = #expect(throws: SignatureError.self) { try Signature.decode(Data(changed.utf8), file: "bad.json") }
    #expect(error?.file == "bad.json")
    #expect(error?.place == place, "\(error?.description ?? "")")
  }

  @Test func `both spellings of an accented letter are two files, one spelling twice is refused`() throws {
    let two = Signature(
      application: "a", release: "1",
      artifacts: [sampleArtifact("é", contents: "1"), sampleArtifact("e\u{301}", contents: "2")])
    #expect(try Signature.decode(two.canonical(), file: "f").artifacts.count == 2)
    let same = Signature(
      application: "a", release: "1",
      artifacts: [sampleArtifact("é", contents: "1"), sampleArtifact("é", contents: "2")])
    #expect(throws: SignatureError.self) { try same.canonical() }
  }

  @Test func `refuses nesting without end, a folder, a device and a huge file`() throws {
    let deep = Data(String(repeating: "[", count: 100_000).utf8)
    #expect(throws: SignatureError.self) { try Signature.decode(deep, file: "deep") }
    try withTemporaryFolder { folder in
      #expect(throws: SignatureError.self) { try Signature.read(folder) }
      #expect(throws: SignatureError.self) { try Signature.read(URL(fileURLWithPath: "/dev/zero")) }
      let huge = folder.appending(path: "huge.json")
      try Data().write(to: huge)
      let handle = try FileHandle(forWritingTo: huge)
      try handle.truncate(atOffset: UInt64(SignatureLimits.fileSize) + 1)
      #expect(throws: SignatureError.self) { try Signature.read(huge) }
    }
  }

  @Test func `returns for any bytes`() throws {
    let whole = try hostileSignature().sealed().canonical()
    var generator = SeededGenerator(seed: 4)
    for _ in 0..<300 {
      var bytes = whole
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
      }
      if Bool.random(using: &generator) { bytes = bytes.prefix(Int.random(in: 0..<bytes.count, using: &generator)) }
      do {
        _ = try Signature.decode(Data(bytes), file: "mutated").differences()
      } catch is SignatureError {}
    }
  }
}
