import DiskFormats
import Foundation
import TestSupport
import Testing

@testable import DirectDisk

@Suite struct ConfinementTests {
  @Test func `a confined process reads and writes only what it was given`() async {
    await #expect(processExitsWith: .success) {
      let folder = FileManager.default.temporaryDirectory.appending(path: "vmlineage-test-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      let (given, other) = (folder.appending(path: "given"), folder.appending(path: "other"))
      let scratch = folder.appending(path: "scratch")
      try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
      for file in [given, other] { try Data("x".utf8).write(to: file) }
      #expect(open("/etc/hostname", O_RDONLY) >= 0)

      try Confinement.confine(readable: [given.path], writable: [scratch.path], memory: 8 << 30)

      var failures: [String] = []
      func check(_ what: String, _ holds: Bool) { if !holds { failures.append(what) } }
      check("reads what was given", open(given.path, O_RDONLY) >= 0)
      check("reads nothing else", open(other.path, O_RDONLY) < 0 && open("/etc/hostname", O_RDONLY) < 0)
      check("writes nothing else", open(other.path, O_WRONLY) < 0 && open(given.path, O_WRONLY) < 0)
      check("makes files in its folder", open(scratch.path + "/made", O_CREAT | O_WRONLY, 0o600) >= 0)
      check("makes none elsewhere", open(folder.path + "/made", O_CREAT | O_WRONLY, 0o600) < 0)
      check("removes none elsewhere", unlink(other.path) != 0)
      check("changes no permissions", chmod(given.path, 0o777) != 0)
      check("has no network", socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0) < 0)
      check("has no sockets", socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0) < 0)
      var program: [UnsafeMutablePointer<CChar>?] = [strdup("true"), nil]
      check("starts no program", execv("/bin/true", &program) != 0)
      check("has bounded memory", mmap(nil, 16 << 30, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED)
      for failure in failures { FileHandle.standardError.write(Data("not so: \(failure)\n".utf8)) }
      exit(failures.isEmpty ? 0 : 1)
    }
  }

  @Test(arguments: ["qcow2", "vpc", "vhdx", "vmdk", "vdi"])
  func `has the bytes of a disk in every format`(format: String) throws {
    try withTemporaryFolder { folder in
      let raw = folder.appending(path: "disk.raw")
      var generator = SeededGenerator(seed: 8)
      var data = Data(count: 3 << 20)
      for start in stride(from: 0, to: data.count, by: 100_003) {
        data[start..<start + 5] = Data((0..<5).map { _ in UInt8.random(in: 0...255, using: &generator) })
      }
      try data.write(to: raw)
      let image = folder.appending(path: "disk.\(format)")
      try make(["qemu-img", "convert", "-f", "raw", "-O", format, raw.path, image.path])
      let blocks = try DiskBlocks(try readDiskChain(path: image.path), folder: folder.path)
      // A geometry may round a disk up.
      #expect(blocks.size >= UInt64(data.count))
      var all = Data()
      try blocks.append(data.count, at: 0, to: &all)
      #expect(all == data)
      for _ in 0..<50 {
        let start = Int.random(in: 0..<data.count, using: &generator)
        let count = Int.random(in: 0...min(600_000, data.count - start), using: &generator)
        var piece = Data([1])
        try blocks.append(count, at: UInt64(start), to: &piece)
        #expect(piece == Data([1]) + data[start..<start + count])
      }
      #expect(throws: DirectDiskError.self) { try blocks.append(1, at: blocks.size, to: &all) }
      #expect(throws: DirectDiskError.self) { try blocks.append(2, at: .max, to: &all) }
      // The socket has no name any more.
      #expect(try Set(FileManager.default.contentsOfDirectory(atPath: folder.path)) == ["disk.\(format)", "disk.raw"])
    }
  }

  @Test func `an image that qemu-nbd does not take, or that ends early, is an error`() throws {
    try withTemporaryFolder { folder in
      let image = folder.appending(path: "disk.qcow2")
      try make(["qemu-img", "create", "-q", "-f", "qcow2", image.path, "1M"])
      let chain = try readDiskChain(path: image.path)
      // Damaged after the check: qemu-nbd says why on standard error and ends.
      let handle = try FileHandle(forWritingTo: image)
      try handle.write(contentsOf: Data(count: 512))
      #expect(throws: DirectDiskError.self) { try DiskBlocks(chain, folder: folder.path) }

      let raw = folder.appending(path: "disk.raw")
      try Data(count: 1 << 20).write(to: raw)
      let blocks = try DiskBlocks(try readDiskChain(path: raw.path, assume: .raw), folder: folder.path)
      try FileHandle(forWritingTo: raw).truncate(atOffset: 4096)
      var data = Data()
      #expect(throws: DirectDiskError.self) { try blocks.append(8192, at: 0, to: &data) }
      #expect(data.isEmpty)
    }
  }
}
