import Foundation
import TestSupport
import Testing

@testable import Scanner

struct ApplianceKernelTests {
  /// Kernels of this machine; Debian packs them by xz or, later, zstd.
  private static let kernels = ((try? FileManager.default.contentsOfDirectory(atPath: "/boot")) ?? [])
    .filter { $0.hasPrefix("vmlinuz-") }.map { "/boot/" + $0 }

  @Test func `unpacks a kernel to what readelf knows and xz unpacks`() throws {
    let path = try #require(Self.kernels.first)
    let whole = try Data(contentsOf: URL(fileURLWithPath: path))
    let plain = try #require(unpackedKernel(whole))
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "vmlinux")
      try plain.write(to: file)
      let header = try run(["readelf", "-h", "-n", file.path]).text
      #expect(header.contains("EXEC (Executable file)") && header.contains("Xen"))
      let magic = Data([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00])
      guard let start = whole.firstRange(of: magic)?.lowerBound else { return }
      let packed = folder.appending(path: "packed")
      try whole[start...].write(to: packed)
      let truth = try run(["sh", "-c", "xz -dc --single-stream '\(packed.path)' | sha256sum | cut -c1-64"]).text
      let own = try run(["sh", "-c", "sha256sum < '\(file.path)' | cut -c1-64"]).text
      #expect(truth == own)
    }
  }

  @Test func `what is no kernel, or half of one, gives nothing`() throws {
    let path = try #require(Self.kernels.first)
    let whole = try Data(contentsOf: URL(fileURLWithPath: path))
    for length in [0, 0x1F1, 0x202, 0x24F, 0x250, 4096, whole.count / 2] {
      #expect(unpackedKernel(whole.prefix(length)) == nil)
    }
    var generator = SeededGenerator(seed: 3)
    var header = Data(whole.prefix(0x400))
    for position in 0x1F1..<0x250 where Bool.random(using: &generator) { header[position] = 0xFF }
    #expect(unpackedKernel(header + Data(count: 4096)) == nil)
  }

  @Test func `keeps the packed kernel and takes it back where the plain one does not boot`() async throws {
    let path = try #require(Self.kernels.first)
    let cache = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: cache) }
    let folder = cache.appending(path: ".guestfs-\(getuid())")
    let appliance = folder.appending(path: "appliance.d")
    try FileManager.default.createDirectory(at: appliance, withIntermediateDirectories: true)
    try Data().write(to: folder.appending(path: "lock"))
    let kernel = appliance.appending(path: "kernel")
    try FileManager.default.copyItem(atPath: path, toPath: kernel.path)
    var tries = 0
    let start = { try Data(contentsOf: kernel, options: .alwaysMapped).prefix(4) }
    await ApplianceKernel(cache: cache).prepare {
      tries += 1
      #expect((try? start()) == Data([0x7F, 0x45, 0x4C, 0x46]))
      return false
    }
    #expect(try Data(contentsOf: kernel) == Data(contentsOf: URL(fileURLWithPath: path)))
    await ApplianceKernel(cache: cache).prepare {
      tries += 1
      return true
    }
    #expect(tries == 1)
  }
}
