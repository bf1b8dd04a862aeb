import Foundation
import TestSupport
import Testing

@testable import Fingerprints

struct ELFTests {
  /// Programs of the machine, by name, no links.
  private func programs(_ count: Int) throws -> [URL] {
    let folder = URL(fileURLWithPath: "/usr/bin")
    let files = try FileManager.default.contentsOfDirectory(
      at: folder, includingPropertiesForKeys: [.isRegularFileKey, .fileSizeKey])
    return Array(
      try files.filter { file in
        let values = try file.resourceValues(forKeys: [.isRegularFileKey, .fileSizeKey])
        guard values.isRegularFile == true, (values.fileSize ?? 0) < 2 << 20 else { return false }
        return try FileHandle(forReadingFrom: file).read(upToCount: 4) == Data(ELFHeader.magic)
      }.sorted { $0.path < $1.path }.prefix(count))
  }

  @Test func `build ids and outlines of the machine's programs agree with readelf`() throws {
    let files = try programs(150)
    try #require(files.count >= 100)
    var told: [String: String] = [:]
    var file = ""
    for line in try runs(["readelf", "-n"] + files.map(\.path)).split(separator: "\n") {
      if line.hasPrefix("File: ") { file = String(line.dropFirst(6)) }
      if let range = line.range(of: "Build ID: ") { told[file] = String(line[range.upperBound...]) }
    }
    try #require(told.count >= 100)
    for file in files {
      let data = try Data(contentsOf: file)
      let found = fingerprint(of: data, name: file.lastPathComponent)
      #expect(found.kind == .elf)
      #expect(found.problem == nil, "\(file.path)")
      #expect(found.mark(.buildID) == told[file.path], "\(file.path)")
      let ends = try #require(outline(of: data))
      #expect(ends.shape == found.mark(.shape))
      #expect(ends.buildID == told[file.path])
    }
  }

  @Test func `section digests agree with objcopy`() throws {
    try withTemporaryFolder { folder in
      var compared = 0
      for file in try programs(12) {
        let data = try Data(contentsOf: file)
        for (name, digest) in fingerprint(of: data, name: "").sections {
          let output = folder.appending(path: "section")
          try runs(["objcopy", "-O", "binary", "--only-section=\(name)", file.path, output.path])
          #expect(Digest(of: try Data(contentsOf: output)).description == digest, "\(file.path) \(name)")
          compared += 1
        }
      }
      #expect(compared > 30)
    }
  }

  @Test func `the load digest is what its definition says, computed by LIEF`() throws {
    let program = """
      import hashlib, lief, sys
      for path in sys.argv[1:]:
          data, elf = bytearray(open(path, 'rb').read()), lief.ELF.parse(path)
          loads = [s for s in elf.segments if s.type == lief.ELF.Segment.TYPE.LOAD]
          masks = [(40, 8), (60, 4)]
          for note in elf.notes:
              if note.type == lief.ELF.Note.TYPE.GNU_BUILD_ID:
                  id = bytes(note.description)
                  masks.append((data.find(id), len(id)))
          for start, size in masks:
              data[start:start + size] = bytes(size)
          parts = b''.join(data[s.file_offset:s.file_offset + s.physical_size] for s in loads)
          print(hashlib.sha256(parts).hexdigest())
      """
    let files = try programs(20)
    let told = try python(program, files.map(\.path)).split(separator: "\n").map(String.init)
    #expect(try files.map { try fingerprint(at: $0).mark(.elfLoad) } == told)
  }

  @Test func `the load digest survives what does not change the code`() throws {
    try withTemporaryFolder { folder in
      let original = try build(in: folder.appending(path: "one"), ["-g", "-Wl,--build-id"])
      try Data("a note".utf8).write(to: folder.appending(path: "extra"))
      let data = try Data(contentsOf: original)
      let first = try fingerprint(at: original)
      func changed(_ arguments: [String]) throws -> Fingerprint {
        let copy = folder.appending(path: "copy")
        try data.write(to: copy)
        try runs(arguments + [copy.path])
        let found = try fingerprint(at: copy)
        #expect(outline(of: try Data(contentsOf: copy))?.shape == first.mark(.shape))
        return found
      }
      let copies = try [
        changed(["strip"]), changed(["strip", "-g"]),
        changed(["objcopy", "--add-section", "note=\(folder.path)/extra"]),
        fingerprint(of: data + Data(repeating: 7, count: 1500), name: "sample"),
        fingerprint(at: try build(in: folder.appending(path: "another/place"), ["-g", "-Wl,--build-id"])),
        fingerprint(at: try build(in: folder.appending(path: "two"), ["-Wl,--build-id"])),
      ]
      for copy in copies {
        #expect(copy.problem == nil)
        #expect(copy.mark(.elfLoad) == first.mark(.elfLoad))
        #expect(copy.mark(.elfAlloc) == first.mark(.elfAlloc))
        #expect(copy.sections == first.sections)
      }
      #expect(first.mark(.elfLoad) != nil)
      // The two builds with other paths are other files to the linker.
      #expect(copies[4].mark(.buildID) != first.mark(.buildID))
    }
  }

  @Test(arguments: [".text", ".rodata"])
  func `one changed byte changes the load digest and not the build id`(section: String) throws {
    try withTemporaryFolder { folder in
      let file = try build(in: folder, ["-Wl,--build-id"])
      let first = try fingerprint(at: file)
      let place = try #require(
        try runs(["readelf", "-SW", file.path]).split(separator: "\n").first { $0.contains(" \(section) ") })
      let columns = try #require(place.split(separator: "]").last).split(separator: " ")
      let offset = try #require(Int(columns[3], radix: 16))
      var data = try Data(contentsOf: file)
      data[offset + 20] ^= 1
      let patched = fingerprint(of: data, name: "sample")
      #expect(patched.mark(.elfLoad) != first.mark(.elfLoad))
      #expect(patched.mark(.elfAlloc) != first.mark(.elfAlloc))
      #expect(patched.mark(.buildID) == first.mark(.buildID))
      let differing = first.sections.filter { patched.sections[$0.key] != $0.value }.map(\.key)
      #expect(differing == [section])
    }
  }

  @Test func `reads 32 bit programs`() throws {
    try withTemporaryFolder { folder in
      let source = ".globl _start\n_start:\n .rept 40\n movl $1,%eax\n int $0x80\n .endr\n"
      try Data(source.utf8).write(to: folder.appending(path: "small.s"))
      try runs(["as", "--32", "-o", "small.o", "small.s"], in: folder)
      try runs(["ld", "-m", "elf_i386", "--build-id=0x00112233aabb", "-o", "small", "small.o"], in: folder)
      let found = try fingerprint(at: folder.appending(path: "small"))
      #expect(found.problem == nil)
      #expect(found.mark(.buildID) == "00112233aabb")
      #expect(found.mark(.elfLoad) != nil)
      try runs(["objcopy", "-O", "binary", "--only-section=.text", "small", "text"], in: folder)
      #expect(found.sections[".text"] == Digest(of: try Data(contentsOf: folder.appending(path: "text"))).description)
    }
  }

  @Test(arguments: ["elf32-big", "elf64-big", "elf32-little", "elf64-little"])
  func `reads objects of either byte order and class`(format: String) throws {
    try withTemporaryFolder { folder in
      let contents = Data("contents of the section, long enough for a mark: ".utf8) + Data(0...99)
      try contents.write(to: folder.appending(path: "raw"))
      try runs(["objcopy", "-I", "binary", "-O", format, "raw", "object.o"], in: folder)
      let found = try fingerprint(at: folder.appending(path: "object.o"))
      #expect(found.problem == nil)
      #expect(found.sections == [".data": Digest(of: contents).description])
      #expect(found.mark(.elfLoad) == nil)
      #expect(found.mark(.elfAlloc) != nil)
    }
  }

  @Test func `reads what libraries and packages say of themselves`() throws {
    try withTemporaryFolder { folder in
      let note = #"{"type":"deb","name":"shop","version":"2.1-3","architecture":"amd64","os":"debian"}"#
      let file = try build(
        "int shop(void) { return 42; }", in: folder, name: "libshop",
        ["-shared", "-fPIC", "-Wl,-soname,libshop.so.2", "-Xlinker", "--package-metadata=\(note)"])
      let found = try fingerprint(at: file)
      #expect(found.problem == nil)
      #expect(found.description(.soname)?.name == "libshop.so.2")
      #expect(found.description(.soname)?.version == "2")
      #expect(
        found.description(.packageNote)
          == SelfDescription(
            kind: .packageNote, name: "shop", version: "2.1-3",
            fields: ["type": "deb", "architecture": "amd64", "os": "debian"]))
      #expect(outline(of: try Data(contentsOf: file))?.selfDescribes == true)
      // The note names the package and not the code.
      let other = try build(
        "int shop(void) { return 42; }", in: folder.appending(path: "other"), name: "libshop",
        [
          "-shared", "-fPIC", "-Wl,-soname,libshop.so.2", "-Xlinker",
          "--package-metadata=\(note.replacing("2.1-3", with: "2.1-4"))",
        ])
      #expect(try fingerprint(at: other).mark(.elfLoad) == found.mark(.elfLoad))
      let compiler = try runs(["gcc", "-dumpfullversion"]).trimmingCharacters(in: .whitespacesAndNewlines)
      #expect(found.description(.compiler)?.version == compiler)
    }
  }

  @Test func `reads the crates of a Rust program`() throws {
    try withTemporaryFolder { folder in
      let file = try build(in: folder)
      let json = """
        {"packages":[{"name":"memchr","version":"2.5.0","source":"crates.io","kind":"runtime"},
        {"name":"shop","version":"0.3.1","source":"local","dependencies":[0],"root":true}]}
        """
      _ = try python(
        "import sys,zlib;open(sys.argv[2],'wb').write(zlib.compress(sys.argv[1].encode()))",
        [json, folder.appending(path: "list").path])
      try runs(["objcopy", "--add-section", ".dep-v0=list", "sample"], in: folder)
      let found = try fingerprint(at: file)
      #expect(
        found.description(.rustAudit)
          == SelfDescription(
            kind: .rustAudit, name: "shop", version: "0.3.1", fields: ["source": "local"],
            components: [.init(name: "memchr", version: "2.5.0")]))
      #expect(outline(of: try Data(contentsOf: file))?.selfDescribes == true)
      // 64 MiB of zeros, packed to 64 KiB, are refused and do no harm.
      _ = try python(
        "import sys,zlib;open(sys.argv[1],'wb').write(zlib.compress(bytes(64<<20)))",
        [folder.appending(path: "bomb").path])
      try runs(["objcopy", "--update-section", ".dep-v0=bomb", "sample"], in: folder)
      #expect(try fingerprint(at: file).problem?.hasPrefix("crate list: ") == true)
    }
  }

  @Test func `objects, as kernel modules are, keep their digest without debug information`() throws {
    try withTemporaryFolder { folder in
      let file = try build(in: folder, name: "module.o", ["-c", "-g"])
      let first = try fingerprint(at: file)
      try runs(["strip", "-g", file.path])
      let stripped = try fingerprint(at: file)
      #expect(first.mark(.elfAlloc) != nil)
      #expect(stripped.mark(.elfAlloc) == first.mark(.elfAlloc))
      #expect(stripped.sections == first.sections)
      // What a module signature appends is no part of it.
      let signed = fingerprint(of: try Data(contentsOf: file) + Data(repeating: 9, count: 700), name: "")
      #expect(signed.mark(.elfAlloc) == first.mark(.elfAlloc))
      let other = try build(sampleC.replacing("31", with: "33"), in: folder, name: "module.o", ["-c", "-g"])
      #expect(try fingerprint(at: other).mark(.elfAlloc) != first.mark(.elfAlloc))
    }
  }

  @Test func `ends that do not belong together say nothing and do no harm`() throws {
    let files = try programs(30).map { try Data(contentsOf: $0) }
    var random = SeededGenerator(seed: 0x0717)
    for data in files {
      let other = try #require(files.randomElement(using: &random))
      for size in [0, 1, 4096, UInt64(data.count), .max] {
        let found = ExecutableOutline(head: data.prefix(4096), tail: other.suffix(4096), size: size)
        #expect(found?.shape == outline(of: data)?.shape)
        #expect(ExecutableOutline(head: data.prefix(70), tail: Data(), size: size)?.shape == nil)
      }
    }
  }

  @Test func `plain programs do not describe themselves`() throws {
    try withTemporaryFolder { folder in
      let data = try Data(contentsOf: try build(in: folder))
      #expect(outline(of: data)?.selfDescribes == false)
      #expect(outline(of: data)?.kind == .elf)
    }
  }

  @Test func `returns whatever the bytes are`() throws {
    try withTemporaryFolder { folder in
      let note = #"{"name":"shop","version":"1"}"#
      let file = try build(
        in: folder, ["-shared", "-fPIC", "-Wl,-soname,libx.so.1", "-Xlinker", "--package-metadata=\(note)"])
      mutate(try Data(contentsOf: file), seed: 0xE1F)
    }
  }
}
