import DiskFormats
import Foundation
import TestSupport
import Testing

/// VHD as other programs write it: the footer is patched by the specification, and QEMU must read the whole disk.
struct VHDTests {
  /// Puts creator and geometry into a footer and mends its checksum.
  static func patch(_ image: inout MemoryBytes, footer: Int, creator: String, cylinders: UInt16) {
    image.put(creator, at: footer + 28)
    image.put(cylinders, at: footer + 56)
    image.put(UInt8(4), at: footer + 58)
    image.put(UInt8(17), at: footer + 59)
    mend(&image, footer: footer)
  }

  static func mend(_ image: inout MemoryBytes, footer: Int) {
    image.put(UInt32(0), at: footer + 64)
    let sum = image.bytes[footer..<min(footer + 512, image.bytes.count)].reduce(UInt32(0)) { $0 &+ UInt32($1) }
    image.put(~sum, at: footer + 64)
  }

  /// A VHD from `folder`/disk.raw.
  static func make(_ subformat: String, in folder: URL) throws -> MemoryBytes {
    let kind = Kind(format: .vhd, options: "subformat=\(subformat),force_size=on", subformat: subformat)
    return MemoryBytes(bytes: try [UInt8](Data(contentsOf: kind.make(in: folder))))
  }

  @Test(arguments: ["fixed", "dynamic"], ["vpc ", "vbox", "win ", "qem2"])
  func `is read whole though its geometry is smaller`(_ subformat: String, _ creator: String) throws {
    try withTemporaryFolder { folder in
      let bytes = try makeRawDisk(in: folder, megabytes: 6)
      var image = try Self.make(subformat, in: folder)
      if subformat == "dynamic" { Self.patch(&image, footer: 0, creator: creator, cylinders: 100) }
      Self.patch(&image, footer: image.bytes.count - 512, creator: creator, cylinders: 100)
      let path = folder.appending(path: "patched.vhd")
      try Data(image.bytes).write(to: path)
      let chain = try readDiskChain(path: path.path)
      #expect(chain.header.creator == creator)
      #expect(chain.header.virtualSize == UInt64(bytes.count))
      #expect(chain.header.warnings.count == 1 && chain.header.warnings[0].contains("geometry"))
      #expect(try readThroughOverlay(chain, in: folder) == Data(bytes))
      // Without the size that we give, QEMU loses the rest: the test is worth something only while that is so.
      if subformat == "dynamic", creator == "vpc " {
        #expect(try QEMUInfo(path).virtualSize < UInt64(bytes.count))
      }
    }
  }

  @Test func `a footer of 511 bytes is one`() throws {
    try withTemporaryFolder { folder in
      let bytes = try makeRawDisk(in: folder, megabytes: 1)
      var image = try Self.make("fixed", in: folder)
      image.bytes.removeLast()
      let path = folder.appending(path: "old.vhd")
      try Data(image.bytes).write(to: path)
      let chain = try readDiskChain(path: path.path)
      #expect(chain.header.subformat == "fixed")
      #expect(try readThroughOverlay(chain, in: folder) == Data(bytes))
    }
  }

  /// The footer at the end of a dynamic one is only a copy, and QEMU does not look at it.
  @Test(arguments: [("dynamic", 64), ("dynamic", 512 + 36), ("fixed", -512 + 64)])
  func `wrong checksums are refused by name`(_ subformat: String, _ place: Int) throws {
    try withTemporaryFolder { folder in
      _ = try makeRawDisk(in: folder, megabytes: 1)
      var image = try Self.make(subformat, in: folder)
      #expect(failure(image.bytes) == nil)
      image.put(UInt32(1), at: place < 0 ? image.bytes.count + place : place)
      let error = try #require(failure(image.bytes))
      #expect(error.code == .damaged && error.reason.hasPrefix("incorrect header checksum"))
      // qemu-img knows it by its checksum too, that of the dynamic header excepted.
      let path = folder.appending(path: "damaged.vhd")
      try Data(image.bytes).write(to: path)
      let finished = try run(["qemu-img", "info", "--image-opts", "driver=vpc,file.filename=\(path.path)"])
      let isKnown = place != 512 + 36
      #expect(finished.errorText.contains("Incorrect header checksum") == isKnown, "\(finished.errorText)")
    }
  }

  @Test func `differencing is refused and the parent kept`() throws {
    try withTemporaryFolder { folder in
      _ = try makeRawDisk(in: folder, megabytes: 1)
      var image = try Self.make("dynamic", in: folder)
      image.put(UInt32(4), at: 60)
      image.put(UInt32(4), at: image.bytes.count - 512 + 60)
      image.put(UInt64(0x0011_2233_4455_6677), at: 512 + 40)
      image.put(UInt64(0x8899_AABB_CCDD_EEFF), at: 512 + 48)
      for (index, unit) in "C:\\vm\\größe.vhd".utf16.enumerated() { image.put(unit, at: 512 + 64 + 2 * index) }
      let error = try #require(failure(image.bytes))
      #expect(error.code == .differencing)
      #expect(
        error.header?.parent
          == DiskParent(name: "C:\\vm\\größe.vhd", id: "00112233-4455-6677-8899-aabbccddeeff"))
      // No folder that is allowed changes it, and one footer that says so is enough.
      let path = folder.appending(path: "child.vhd")
      try Data(image.bytes).write(to: path)
      #expect(chainFailure(path, allowed: [folder])?.code == .differencing)
      image.put(UInt32(3), at: 60)
      #expect(failure(image.bytes)?.code == .differencing)
    }
  }

  @Test func `a fixed VHD with another header inside is refused`() throws {
    try withTemporaryFolder { folder in
      _ = try makeRawDisk(in: folder, megabytes: 1)
      var image = try Self.make("fixed", in: folder)
      image.put(UInt32(0x5146_49FB), at: 0)
      #expect(failure(image.bytes)?.code == .ambiguous)
    }
  }
}
