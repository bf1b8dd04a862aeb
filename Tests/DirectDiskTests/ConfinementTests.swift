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

      try Confinement.confine(readable: [given.path], writable: [scratch.path], memory: 8 << 30, written: 1 << 20)

      var failures: [String] = []
      func check(_ what: String, _ holds: Bool) { if !holds { failures.append(what) } }
      check("reads what was given", open(given.path, O_RDONLY) >= 0)
      check("reads nothing else", open(other.path, O_RDONLY) < 0 && open("/etc/hostname", O_RDONLY) < 0)
      check("writes nothing else", open(other.path, O_WRONLY) < 0 && open(given.path, O_WRONLY) < 0)
      check("makes files in its folder", open(scratch.path + "/made", O_CREAT | O_WRONLY, 0o600) >= 0)
      let long = open(scratch.path + "/long", O_CREAT | O_WRONLY, 0o600)
      check("makes files so long", ftruncate(long, 1 << 20) == 0)
      check("makes none longer", ftruncate(long, 1 << 20 + 1) != 0 && errno == EFBIG)
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

  @Test func `the socket of qemu-nbd has no name once it is used`() throws {
    try withTemporaryFolder { folder in
      let image = folder.appending(path: "disk.vmdk")
      try make(["qemu-img", "create", "-q", "-f", "vmdk", image.path, "3M"])
      let blocks = try DiskBlocks(try readDiskChain(path: image.path), folder: folder.path)
      #expect(blocks.size == 3 << 20)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["disk.vmdk"])
    }
  }

  @Test func `an image that qemu-nbd does not take, or that ends early, is an error`() throws {
    try withTemporaryFolder { folder in
      let image = folder.appending(path: "disk.vmdk")
      try make(["qemu-img", "create", "-q", "-f", "vmdk", image.path, "1M"])
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
