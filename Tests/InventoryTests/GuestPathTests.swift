import Foundation
import Inventory
import TestSupport
import Testing

/// Runs of bytes that hold much that is special: controls, slashes, cut and whole UTF-8, bidirectional overrides.
private func randomBytes(_ generator: inout SeededGenerator) -> [UInt8] {
  let special: [[UInt8]] = [
    [0x1B, 0x5B, 0x32, 0x4A], [0x0A], [0x0D], [0x09], [0x7F], [0x2F], [0xC3], [0xFF, 0xFE], [0xED, 0xA0, 0x80],
    Array("\u{202E}".utf8), Array("\u{2066}".utf8), Array("\u{200B}".utf8), Array("\u{FEFF}".utf8),
    Array("\u{E000}".utf8), Array("\u{85}".utf8), Array("\u{2028}".utf8), Array("e\u{301}".utf8), Array("é".utf8),
    Array("👩‍👩‍👧".utf8), [0xF4, 0x90, 0x80, 0x80], [0xC0, 0xAF], [0x5C], [0x22], [0x00],
  ]
  return (0..<Int.random(in: 0..<24, using: &generator)).flatMap { _ in
    Bool.random(using: &generator)
      ? special.randomElement(using: &generator) ?? [] : [UInt8.random(in: 0...255, using: &generator)]
  }
}

@Test func `any bytes come back from JSON`() throws {
  var generator = SeededGenerator(seed: 11)
  for _ in 0..<3000 {
    let bytes = randomBytes(&generator)
    let path = GuestPath(verbatim: bytes)
    let data = try JSONEncoder().encode([path])
    #expect(try JSONDecoder().decode([GuestPath].self, from: data) == [path], "\(bytes)")
    // Another reader of JSON understands it too.
    #expect(try JSONSerialization.jsonObject(with: data) is [Any])
  }
}

@Test func `nothing that moves a cursor or turns a line around is printed`() {
  var generator = SeededGenerator(seed: 12)
  for _ in 0..<3000 {
    let bytes = randomBytes(&generator)
    for text in [
      printable(bytes), printable(String(decoding: bytes, as: UTF8.self)), GuestPath(bytes: bytes).description,
    ] {
      for scalar in text.unicodeScalars {
        let value = scalar.value
        #expect(value >= 0x20 && !(0x7F...0x9F).contains(value), "\(bytes)")
        // Unicode Standard Annex #9, table 4; and the invisible ones beside them.
        let isHidden =
          (0x200B...0x200F).contains(value) || (0x2028...0x202E).contains(value) || (0x2060...0x206F).contains(value)
          || value == 0x061C || value == 0xFEFF || (0xE0000...0xE0FFF).contains(value)
        #expect(!isHidden, "\(bytes)")
      }
    }
  }
}

@Test func `what is plain is printed as it is`() {
  #expect(printable("opt/größe/日本語 1.txt") == "opt/größe/日本語 1.txt")
  #expect(printable([0x61, 0x0A, 0xFF, 0x1B]) == "a\\n\\xff\\u{1b}")
}

@Test func `a path of bytes knows its name and its folder`() {
  let path = GuestPath(bytes: Array("//usr/lib/caf".utf8) + [0xE9, 0x2F])
  #expect(path.bytes == Array("usr/lib/caf".utf8) + [0xE9])
  #expect(path.parent == "usr/lib")
  #expect(path.utf8 == nil)
  #expect(GuestPath("etc").parent == "")
  #expect(GuestPath("").appending("etc") == "etc")
  #expect(GuestPath("var").appending("lib/x") == "var/lib/x")
  #expect(GuestPath(verbatim: Array("/etc".utf8)) != "etc")
}
