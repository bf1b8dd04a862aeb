import DiskFormats
import Foundation
import TestSupport
import Testing

struct DiskChainTests {
  /// base.raw ← middle.qcow2 ← top.qcow2, each with bytes of its own; returns the path of the top.
  static func makeChain(in folder: URL) throws -> URL {
    _ = try makeRawDisk(in: folder, megabytes: 2)
    try done("qemu-img", "create", "-q", "-f", "qcow2", "-b", "disk.raw", "-F", "raw", "middle.qcow2", in: folder)
    try done("qemu-io", "-f", "qcow2", "-c", "write -P 7 100k 300k", "middle.qcow2", in: folder)
    try done("qemu-img", "create", "-q", "-f", "qcow2", "-b", "middle.qcow2", "-F", "qcow2", "top.qcow2", in: folder)
    try done("qemu-io", "-f", "qcow2", "-c", "write -P 9 200k 64k", "top.qcow2", in: folder)
    return folder.appending(path: "top.qcow2")
  }

  @Test func `an allowed chain reads as QEMU reads it`() throws {
    try withTemporaryFolder { folder in
      let top = try Self.makeChain(in: folder)
      let chain = try readDiskChain(path: top.path, allowed: [folder.path])
      #expect(chain.layers.map(\.header.format) == [.qcow2, .qcow2, .raw])
      try done("qemu-img", "convert", "-f", "qcow2", "-O", "raw", "top.qcow2", "truth.raw", in: folder)
      let truth = try Data(contentsOf: folder.appending(path: "truth.raw"))
      #expect(try readThroughOverlay(chain, in: folder) == truth)
    }
  }

  @Test func `an allowed VMDK with a parent reads as QEMU reads it`() throws {
    try withTemporaryFolder { folder in
      _ = try makeRawDisk(in: folder, megabytes: 1)
      try done("qemu-img", "convert", "-f", "raw", "-O", "vmdk", "disk.raw", "parent.vmdk", in: folder)
      try done("qemu-img", "create", "-q", "-f", "vmdk", "-b", "parent.vmdk", "-F", "vmdk", "child.vmdk", in: folder)
      try done("qemu-io", "-f", "vmdk", "-c", "write -P 5 64k 100k", "child.vmdk", in: folder)
      let child = folder.appending(path: "child.vmdk")
      #expect(chainFailure(child)?.code == .refersOutside)
      let chain = try readDiskChain(path: child.path, allowed: [folder.path])
      #expect(chain.layers[0].header.parent == DiskParent(name: "parent.vmdk", id: chain.layers[1].header.id))
      try done("qemu-img", "convert", "-f", "vmdk", "-O", "raw", "child.vmdk", "truth.raw", in: folder)
      let truth = try Data(contentsOf: folder.appending(path: "truth.raw"))
      #expect(try readThroughOverlay(chain, in: folder) == truth)
    }
  }

  @Test func `a layer outside the allowed folders is refused, by whatever way`() throws {
    try withTemporaryFolder { folder in
      let inside = folder.appending(path: "inside")
      try FileManager.default.createDirectory(at: inside, withIntermediateDirectories: true)
      try Data(count: 1 << 20).write(to: folder.appending(path: "secret.raw"))
      try FileManager.default.createSymbolicLink(
        atPath: inside.appending(path: "link.raw").path, withDestinationPath: "../secret.raw")
      let fifo = inside.appending(path: "fifo").path
      try done("mkfifo", fifo, in: inside)
      let names = ["../secret.raw", "link.raw", folder.path + "/secret.raw", "missing.raw", "fifo", ".", "nbd:h:1"]
      for name in names + ["json:{\"driver\":\"null-co\"}", "file:link.raw", "/etc/passwd"] {
        let image = inside.appending(path: "image.qcow2")
        try Data(HostileHeaderTests.qcow2(backing: Array(name.utf8)).bytes).write(to: image)
        let error = try #require(chainFailure(image, allowed: [inside]), "\(name)")
        #expect([.refersOutside, .notAFile].contains(error.code), "\(name): \(error)")
        #expect(error.header?.parent?.name == name)
      }
    }
  }

  @Test func `loops and deep chains end`() throws {
    try withTemporaryFolder { folder in
      func write(_ name: String, over backing: String) throws {
        let image = HostileHeaderTests.qcow2(backing: Array(backing.utf8))
        try Data(image.bytes).write(to: folder.appending(path: name))
      }
      try write("self", over: "self")
      try write("a", over: "b")
      try write("b", over: "a")
      for depth in 0..<40 { try write("d\(depth)", over: "d\(depth + 1)") }
      try Data(HostileHeaderTests.qcow2().bytes).write(to: folder.appending(path: "d40"))
      for name in ["self", "a", "d0"] {
        #expect(chainFailure(folder.appending(path: name), allowed: [folder])?.code == .loop)
      }
      // A chain that is read, but not one that QEMU can be told of in its 1,023 bytes.
      let chain = try readDiskChain(path: folder.appending(path: "d20").path, allowed: [folder.path])
      #expect(chain.layers.count == 21)
      #expect(throws: DiskFormatError.self) { try qemuBacking(chain) }
      try done("qemu-img", "create", "-q", "-f", "qcow2", "q0", "1M", in: folder)
      for depth in 1...7 {
        try done(
          "qemu-img", "create", "-q", "-f", "qcow2", "-b", "q\(depth - 1)", "-F", "qcow2", "q\(depth)", in: folder)
      }
      try done("qemu-io", "-f", "qcow2", "-c", "write -P 3 0 1M", "q0", in: folder)
      let short = try readDiskChain(path: folder.appending(path: "q7").path, allowed: [folder.path])
      #expect(try readThroughOverlay(short, in: folder) == Data(repeating: 3, count: 1 << 20))
    }
  }

  @Test func `a backing file without a header is raw only where the image says so`() throws {
    try withTemporaryFolder { folder in
      try Data(count: 1 << 20).write(to: folder.appending(path: "base"))
      let image = folder.appending(path: "image")
      try Data(HostileHeaderTests.qcow2(backing: Array("base".utf8)).bytes).write(to: image)
      #expect(chainFailure(image, allowed: [folder])?.code == .unrecognised)
      // Nor where it shows a disk: what its guest writes must not decide how it is read.
      try done("mkfs.ext4", "-q", "-F", "base", in: folder)
      #expect(chainFailure(folder.appending(path: "base")) == nil)
      #expect(chainFailure(image, allowed: [folder])?.reason.contains("states no format") == true)
      try FileManager.default.removeItem(at: image)
      try done("qemu-img", "create", "-q", "-f", "qcow2", "-b", "base", "-F", "raw", "image", in: folder)
      // What the guest writes to a raw disk is no header.
      var base = HostileHeaderTests.qcow2(backing: Array("/etc/passwd".utf8)).bytes
      base += [UInt8](repeating: 0, count: (1 << 20) - base.count)
      try Data(base).write(to: folder.appending(path: "base"))
      let chain = try readDiskChain(path: image.path, allowed: [folder.path])
      #expect(chain.layers.map(\.header.format) == [.qcow2, .raw])
      #expect(try readThroughOverlay(chain, in: folder) == Data(base))
    }
  }

  @Test func `extents are checked against their descriptor`() throws {
    try withTemporaryFolder { folder in
      _ = try makeRawDisk(in: folder, megabytes: 1)
      let image = try #require(Kind.all.first { $0.subformat == "monolithicFlat" }).make(in: folder)
      #expect(chainFailure(image)?.code == .refersOutside)
      let flat = folder.appending(path: "image-flat.vmdk")
      let extent = FileManager.default.fileExists(atPath: flat.path) ? flat : folder.appending(path: "image-flat")
      let cut = try Data(contentsOf: extent).dropLast(512)
      try cut.write(to: extent)
      #expect(chainFailure(image, allowed: [folder])?.code == .truncated)
    }
  }

  @Test func `only regular files and block devices are opened`() throws {
    try withTemporaryFolder { folder in
      try done("mkfifo", "fifo", in: folder)
      for path in [folder.path, folder.path + "/fifo", "/dev/null", "/dev/zero"] {
        #expect(chainFailure(URL(fileURLWithPath: path))?.code == .notAFile)
      }
      #expect(chainFailure(folder.appending(path: "missing"))?.code == .cannotOpen)
    }
  }
}
