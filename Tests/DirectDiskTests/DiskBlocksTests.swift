import DiskFormats
import Foundation
import TestSupport
import Testing

@testable import DirectDisk

/// The bytes of a disk in every form that qemu-img writes, against the raw disk that it was made from.
struct DiskBlocksTests {
  /// How qemu-img is told of a format, and whether its blocks are read here.
  struct Form: Sendable, CustomStringConvertible {
    var words: [String]
    var isReadHere = true
    var description: String { words.joined(separator: " ") }
  }

  static let forms = [
    Form(words: ["-O", "raw"]), Form(words: ["-O", "qcow2"]), Form(words: ["-O", "qcow2", "-c"]),
    Form(words: ["-O", "qcow2", "-o", "compat=0.10"]), Form(words: ["-c", "-O", "qcow2", "-o", "compat=0.10"]),
    Form(words: ["-O", "qcow2", "-o", "cluster_size=512"]),
    Form(words: ["-c", "-O", "qcow2", "-o", "cluster_size=2M"]),
    Form(words: ["-c", "-O", "qcow2", "-o", "cluster_size=4096"]),
    Form(words: ["-O", "qcow2", "-o", "preallocation=metadata"]),
    Form(words: ["-c", "-O", "qcow2", "-o", "compression_type=zstd"], isReadHere: false),
    Form(words: ["-O", "qcow2", "-o", "extended_l2=on"], isReadHere: false),
    Form(words: ["-O", "vpc", "-o", "force_size"]), Form(words: ["-O", "vpc", "-o", "subformat=fixed,force_size"]),
    Form(words: ["-O", "vhdx"]), Form(words: ["-O", "vhdx", "-o", "block_size=1M"]),
    Form(words: ["-O", "vhdx", "-o", "subformat=fixed"]), Form(words: ["-O", "vmdk"], isReadHere: false),
    Form(words: ["-O", "vdi"], isReadHere: false),
  ]

  /// 5 MiB and a few sectors of what deflates, what does not, and holes of all lengths.
  private static let disk: Data = {
    var generator = SeededGenerator(seed: 11)
    var data = Data(count: 5 << 20 + 3 * 512)
    var place = 0
    while place < data.count {
      let end = min(data.count, place + Int.random(in: 1...400_000, using: &generator))
      switch Int.random(in: 0..<3, using: &generator) {
      case 0:
        data.replaceSubrange(place..<end, with: (place..<end).map { _ in UInt8(truncatingIfNeeded: generator.next()) })
      case 1: data.replaceSubrange(place..<end, with: (place..<end).map { UInt8(truncatingIfNeeded: $0 / 7) })
      default: break
      }
      place = end
    }
    return data
  }()

  private func withImage(_ form: Form, _ body: (DiskChain, Data, URL) throws -> Void) throws {
    try withTemporaryFolder { folder in
      let (raw, image, data) = (folder.appending(path: "raw"), folder.appending(path: "image"), Self.disk)
      try data.write(to: raw)
      try make(["qemu-img", "convert", "-f", "raw"] + form.words + [raw.path, image.path])
      try body(try readDiskChain(path: image.path, assume: form.words[1] == "raw" ? .raw : nil), data, image)
    }
  }

  @Test(arguments: forms)
  func `gives the bytes of the disk whatever form it has`(_ form: Form) throws {
    try withImage(form) { chain, data, image in
      #expect(try (readBlockTable(chain) != nil) == form.isReadHere)
      let blocks = try DiskBlocks(chain, folder: image.deletingLastPathComponent().path)
      #expect(blocks.size >= UInt64(data.count))
      var whole = Data()
      try blocks.append(data.count, at: 0, to: &whole)
      #expect(whole == data)
      var generator = SeededGenerator(seed: 12)
      for longest in [1, 600, 70_000, 3_000_000] {
        for _ in 0..<60 {
          let start = Int.random(in: 0..<data.count, using: &generator)
          let count = min(data.count - start, Int.random(in: 1...longest, using: &generator))
          var piece = Data()
          try blocks.append(count, at: UInt64(start), to: &piece)
          #expect(piece == data[start..<start + count])
        }
      }
      var beyond = Data()
      #expect(throws: DirectDiskError.self) { try blocks.append(1, at: blocks.size, to: &beyond) }
      #expect(throws: DirectDiskError.self) { try blocks.append(2, at: .max, to: &beyond) }
    }
  }

  /// Tables lie in the first clusters; what they say may be anything.
  @Test(arguments: forms.filter(\.isReadHere))
  func `damage is an error or other bytes, never an end`(_ form: Form) throws {
    try withImage(form) { _, data, image in
      let whole = try Data(contentsOf: image)
      var generator = SeededGenerator(seed: 13)
      for _ in 0..<60 {
        var bad = whole
        for _ in 0..<40 {
          let end = Bool.random(using: &generator) ? min(bad.count, 400_000) : bad.count
          bad[Int.random(in: 0..<end, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
        }
        if Bool.random(using: &generator) { bad = bad.prefix(Int.random(in: 1...bad.count, using: &generator)) }
        try bad.write(to: image)
        guard let chain = try? readDiskChain(path: image.path, assume: form.words[1] == "raw" ? .raw : nil),
          let table = try? readBlockTable(chain)
        else { continue }
        let blocks = ImageBlocks(chain.files[0], table, size: chain.header.virtualSize)
        let count = Int(min(chain.header.virtualSize, UInt64(data.count)))
        var read = [UInt8](repeating: 0, count: count)
        read.withUnsafeMutableBytes { buffer in _ = try? blocks.read(into: buffer, at: 0) }
      }
    }
  }

  /// QEMU makes no VHDX with such sectors, and reads none. Its table has an entry of a bitmap behind those of 2^23 sectors.
  @Test func `reads a VHDX whose sectors have 4,096 bytes`() throws {
    try withTemporaryFolder { folder in
      let image = folder.appending(path: "image.vhdx")
      try make(["qemu-img", "create", "-q", "-f", "vhdx", "-o", "block_size=1M", image.path, "6G"])
      let places: [UInt64] = [3 << 20, 5 << 30]
      for (number, place) in places.enumerated() {
        try make(["qemu-io", "-f", "vhdx", "-c", "write -P \(number + 1) \(place) 4096", image.path])
      }
      var bytes = try Data(contentsOf: image)
      let entry: [UInt8] = [0x1D, 0xBF, 0x41, 0x81, 0x6F, 0xA9, 0x09, 0x47, 0xBA, 0x47]
      let metadata = try #require(bytes.range(of: Data("metadata".utf8))).lowerBound
      let item = try #require(bytes.range(of: Data(entry), in: metadata..<bytes.count)).lowerBound
      let value = metadata + Int([UInt8](bytes[item + 16..<item + 20]).number(0, 4))
      #expect([UInt8](bytes[value..<value + 4]).number(0, 4) == 512)
      bytes.replaceSubrange(value..<value + 4, with: [0, 0x10, 0, 0])
      // With blocks of 1 MiB a bitmap follows 4,096 of them by sectors of 512 bytes, and 32,768 by larger ones.
      let regions: [UInt8] = [0x66, 0x77, 0xC2, 0x2D, 0x23, 0xF6, 0x00, 0x42]
      let region = try #require(bytes.range(of: Data(regions))).lowerBound
      let table = Int([UInt8](bytes[region + 16..<region + 24]).number(0, 8))
      let old = table + (5120 + 1) * 8
      let moved = [UInt8](bytes[old..<old + 8])
      #expect(moved != [UInt8](repeating: 0, count: 8))
      bytes.replaceSubrange(old..<old + 8, with: [UInt8](repeating: 0, count: 8))
      bytes.replaceSubrange(old - 8..<old, with: moved)
      try bytes.write(to: image)
      let chain = try readDiskChain(path: image.path)
      #expect(chain.header.sectorSize == 4096 && chain.header.qemuObstacle != nil)
      let blocks = try DiskBlocks(chain, folder: folder.path)
      for (number, place) in places.enumerated() {
        var data = Data()
        try blocks.append(8192, at: place - 4096, to: &data)
        #expect(data == Data(count: 4096) + Data(repeating: UInt8(number + 1), count: 4096))
      }
      // What qemu-nbd would have to read says why it does not.
      #expect(try run(["qemu-img", "info", image.path]).status != 0)
      let error = #expect(throws: DirectDiskError.self) { try BlockServer(chain, folder: folder.path, by: .landlock) }
      #expect(error?.reason == "QEMU does not read VHDX with sectors of 4,096 bytes")
    }
  }
}
