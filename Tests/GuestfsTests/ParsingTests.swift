import Foundation
import Testing

@testable import Guestfs

// What programs in the appliance print is as hostile as the image that they read.
struct ParsingTests {
  @Test func `reads the entries of find`() {
    let text =
      "etc\0d\u{0}4096\u{0}1700000000.5\u{0}12\u{0}3\u{0}755\u{0}0\u{0}0\u{0}\u{0}"
      + "a\nb\0l\u{0}5\u{0}-11644473600.0\u{0}13\u{0}1\u{0}4777\u{0}1000\u{0}50\u{0}/x y\u{0}"
    let files = parseListing(Data(text.utf8))
    #expect(files.count == 2)
    #expect(files.map { String(decoding: $0.path, as: UTF8.self) } == ["etc", "a\nb"])
    #expect(files[1].modified == -11_644_473_600)
    #expect(files[1].mode == 0o4777)
    #expect(String(decoding: files[1].target, as: UTF8.self) == "/x y")
  }

  @Test func `leaves out an entry that is cut short or no entry`() {
    let whole = "a\0f\u{0}1\u{0}1.0\u{0}1\u{0}1\u{0}644\u{0}0\u{0}0\u{0}\u{0}"
    for length in 0..<whole.utf8.count {
      #expect(parseListing(Data(whole.utf8.prefix(length))).isEmpty)
    }
    #expect(parseListing(Data(whole.utf8)).count == 1)
    let wrong = whole.replacingOccurrences(of: "644", with: "9x4")
    #expect(parseListing(Data((wrong + whole).utf8)).count == 1)
  }

  @Test func `a file cannot pose as the header of another`() {
    // The first file holds the header of the second.
    let first = "==> ./b <==\nfalse"
    let data = Data("==> ./a <==\n\(first)\n==> ./b <==\ntrue!".utf8)
    let slices = parseSlices(data, [(Array("a".utf8), UInt64(first.utf8.count)), (Array("b".utf8), 5)])
    #expect(slices[Array("a".utf8)] == Data(first.utf8))
    #expect(slices[Array("b".utf8)] == Data("true!".utf8))
  }

  @Test func `a file that could not be opened is absent and the next is found`() {
    let data = Data("==> ./b <==\nbb\n==> ./c <==\nccc".utf8)
    let slices = parseSlices(data, [(Array("a".utf8), 4), (Array("b".utf8), 2), (Array("c".utf8), 3)])
    #expect(slices[Array("a".utf8)] == nil)
    #expect(slices[Array("b".utf8)] == Data("bb".utf8))
    #expect(slices[Array("c".utf8)] == Data("ccc".utf8))
  }

  @Test func `reads the extents that filefrag prints`() {
    // As filefrag 1.47.0 prints with -v -b1.
    let text = """
      Filesystem type is: ef53
      File size of ./a
      b is 10485760 (10485760 blocks of 1 bytes)
       ext:     logical_offset:        physical_offset: length:   expected: flags:
         0:        0..    4095:      40960..     45055:   4096:
         1:   409600..  417791:  159887278..159895469:   8192:     409600: last
      ./a
      b: 2 extents found
      File size of ./inline is 60 (4096 block of 1 bytes)
       ext:     logical_offset:        physical_offset: length:   expected: flags:
         0:        0..    4095:          0..      4095:   4096:             last,inline,eof
      ./inline: 1 extent found
      File size of ./empty is 0 (0 blocks of 4096 bytes)
      ./empty: 0 extents found

      """
    let names = ["a\nb", "gone", "inline", "empty"].map { Array($0.utf8) }
    let extents = parseExtents(Data(text.utf8), names)
    #expect(
      extents[names[0]] == [
        Extent(logical: 0, physical: 40960, length: 4096),
        Extent(logical: 409_600, physical: 159_887_278, length: 8192),
      ])
    #expect(extents[names[1]] == nil)
    #expect(extents[names[2]] == nil)
    #expect(extents[names[3]] == [])
  }

  @Test func `maps a logical volume through its partition to the disk`() throws {
    let text = """
      D 8:0
      B 8:0 - 0 204800
      B 8:1 8:0 2048 100000
      B 253:0 - 0 16384
      T 253:0 0 8192 linear 8:1 2048
      T 253:0 8192 8192 linear 8:1 20480
      B 253:1 - 0 100
      T 253:1 0 100 crypt aes 8:1 0
      M 253:0 /sysroot/v0
      M 8:1 /sysroot/v1
      M 253:1 /sysroot/v2
      M 0:40 /sysroot/v3
      """
    let maps = parseBlockMaps(text)
    #expect(maps.keys.sorted() == [0, 1])
    let pieces = try #require(maps[0]?.pieces(at: 8190 * 512, count: 4 * 512))
    let starts: [UInt64] = [12_286, 22_528]
    #expect(pieces.map(\.disk) == starts.map { $0 * 512 })
    #expect(pieces.map(\.count) == [1024, 1024])
    #expect(maps[0]?.pieces(at: 8_388_607, count: 2) == nil)
    #expect(maps[0]?.pieces(at: .max, count: .max) == nil)
    #expect(maps[1]?.pieces(at: 0, count: 512)?.first?.disk == 1_048_576)
  }

  @Test func `a device that stands on itself has no map`() {
    let text = "D 8:0\nB 8:0 - 0 100\nB 253:0 - 0 100\nT 253:0 0 100 linear 253:0 0\nM 253:0 /sysroot/v0"
    #expect(parseBlockMaps(text).isEmpty)
  }
}
