import Foundation
import TestSupport
import Testing

@testable import Fingerprints

struct TextTests {
  private static let lines = (1...9).map { "line \($0) of the configuration, with an é in it" }
  private static let plain = lines.joined(separator: "\n") + "\n"

  /// The same text as editors, checkouts and transfers leave it.
  private static let variants: [Data] = [
    Data(plain.utf8), Data(plain.dropLast().utf8), Data((plain + "\n\n").utf8), Data([0xEF, 0xBB, 0xBF] + plain.utf8),
    Data(lines.joined(separator: "\r\n").utf8), Data(lines.joined(separator: "\r").utf8),
    Data(lines.joined(separator: " \t\n").utf8), Data((plain + " \n\t").utf8),
  ]

  @Test(arguments: variants)
  func `variants of a text have one mark, the digest of the plain form`(variant: Data) throws {
    let told = try run(["sha256sum"], input: Data(Self.plain.utf8)).text.prefix(64)
    let found = fingerprint(of: variant, name: "")
    #expect(found == Fingerprint(kind: .text, marks: [Mark(.text, String(told))]))
  }

  @Test(arguments: ["UTF-16LE", "UTF-16BE"])
  func `texts in UTF 16 with a mark are the same`(encoding: String) throws {
    let converted = try run(["iconv", "-f", "UTF-8", "-t", encoding], input: Data(Self.plain.utf8)).output
    let mark: [UInt8] = encoding == "UTF-16LE" ? [0xFF, 0xFE] : [0xFE, 0xFF]
    #expect(fingerprint(of: mark + converted, name: "") == fingerprint(of: Data(Self.plain.utf8), name: ""))
    // Without its mark it cannot be told from other data.
    #expect(fingerprint(of: converted, name: "").kind == .other)
  }

  @Test func `blanks within lines and empty lines between them count`() {
    let first = fingerprint(of: Data(Self.plain.utf8), name: "").marks
    for changed in [
      Self.plain.replacing("line 3 ", with: "line  3 "), Self.plain.replacing("line 3", with: "\nline 3"),
    ] {
      #expect(fingerprint(of: Data(changed.utf8), name: "").marks != first)
    }
    #expect(fingerprint(of: Data((" " + Self.plain).utf8), name: "").marks != first)
  }

  @Test func `kinds are told by contents`() throws {
    func kind(_ bytes: [UInt8]) -> FileKind { fingerprint(of: Data(bytes), name: "x.txt").kind }
    #expect(kind([]) == .empty)
    #expect(kind(Array("#!/bin/sh\necho\n".utf8)) == .script)
    #expect(kind(Array("#! no line end".utf8)) == .text)
    #expect(kind(Array("abc\0def".utf8)) == .other)
    #expect(kind([0xC3, 0x28, 0x41]) == .other)
    #expect(kind(Array("BZhelp is a word".utf8)) == .text)
    #expect(kind(Array("MZ is no program".utf8)) == .text)
    #expect(fingerprint(of: Data("short\n".utf8), name: "").marks.isEmpty)
    let large = Data(repeating: UInt8(ascii: "a"), count: 17 << 20)
    #expect(fingerprint(of: large, name: "") == Fingerprint(kind: .text))
    #expect(outline(of: Data("#!/usr/bin/perl\n".utf8))?.kind == .script)
    #expect(outline(of: Data("only text\n".utf8)) == nil)
  }

  @Test(arguments: ["gzip", "bzip2", "xz", "zstd", "tar", "zip", "ar"])
  func `archives are told by contents`(tool: String) throws {
    try withTemporaryFolder { folder in
      try Data(Self.plain.utf8).write(to: folder.appending(path: "file"))
      let arguments = [
        "tar": ["tar", "-cf", "out", "file"], "ar": ["ar", "rc", "out", "file"],
        "zip": ["python3", "-m", "zipfile", "-c", "out", "file"],
      ]
      try runs(arguments[tool] ?? ["sh", "-c", "\(tool) -c file > out"], in: folder)
      #expect(try fingerprint(at: folder.appending(path: "out")) == Fingerprint(kind: .archive))
    }
  }
}
