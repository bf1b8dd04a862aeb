import Foundation
import TestSupport
import Testing

/// Disks whose partition tables count in sectors of 4,096 bytes, and such whose tables are damaged. Fixtures/cases/02-gpt-4kn
/// says what is right.
@Suite struct Case02 {
  private static let packages = ["nginx 1.22.1-9", "openssl 3.0.14-1~deb12u2"]

  private static func image(_ name: String) -> String { Program.image("cases/02-gpt-4kn/\(name)") }

  /// One image by one reader.
  private func scan(_ path: String, _ reader: String) async throws -> ScanResult.Image {
    let catalog = FileManager.default.temporaryDirectory.appending(path: "vmlineage-test-\(UUID().uuidString).db")
    defer { for end in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: catalog.path + end) } }
    let (_, document) = try await Program.scan([path, "--reader", reader, "--catalog", catalog.path])
    return try #require(document.images.first)
  }

  private func expectRead(_ image: ScanResult.Image, by reader: String) {
    #expect(image.status == "scanned" && image.error == nil, "\(image)")
    #expect(
      image.operatingSystems.map { [$0.volume, $0.distribution, $0.version, $0.hostname] } == [
        ["/dev/sda1", "debian", "12", "native4k"]
      ])
    #expect(image.names("deb") == Self.packages)
    #expect(image.volumes.map(\.reader) == [reader])
  }

  @Test(arguments: ["d4k.raw", "d4k.qcow2", "d4k.vhdx"], ["direct", "auto"])
  func `reads sectors of 4,096 bytes`(name: String, reader: String) async throws {
    expectRead(try await scan(Self.image(name), reader), by: "direct")
  }

  @Test(.enabled(if: testsAll), arguments: ["d4k.raw", "d4k.qcow2"])
  func `reads sectors of 4,096 bytes in an appliance`(name: String) async throws {
    expectRead(try await scan(Self.image(name), "appliance"), by: "appliance")
  }

  @Test func `says why an appliance cannot be given such a VHDX`() async throws {
    let image = try await scan(Self.image("d4k.vhdx"), "appliance")
    #expect(image.status == "failed" && image.error?.code == "needs-direct")
    #expect(
      image.error?.message.contains(
        "QEMU does not read VHDX with sectors of 4,096 bytes (scan it with --reader direct)") == true)
  }

  /// What an appliance would be needed for fails, and the system beside it is read.
  @Test func `says it of a volume that is not read directly`() async throws {
    try await withCopy("d4k.vhdx") { path in
      // An ext4 that was not unmounted: its journal is left.
      try change(path, after: [0x53, 0xEF, 1, 0], at: 0x60 - 0x38) { $0 | 4 }
      let image = try await scan(path, "auto")
      let volume = try #require(image.volumes.first)
      #expect(image.status == "partial" && volume.status == "failed" && volume.error?.code == "needs-appliance")
      #expect(
        volume.error?.message.contains("its journal was not replayed, and an appliance cannot be given this disk: QEMU")
          == true)
    }
  }

  @Test(arguments: testsAll ? ["direct", "auto", "appliance"] : ["direct", "auto"])
  func `uses the second header where the first one is damaged`(reader: String) async throws {
    try await withCopy("d4k.raw") { path in
      try change(path, after: Array("EFI PART".utf8), at: 16) { ~$0 }
      let image = try await scan(path, reader)
      expectRead(image, by: reader == "appliance" ? reader : "direct")
      #expect(image.remarks.map(\.code) == ["gpt-damaged"])
      #expect(image.remarks.first?.message.contains("the second one was used") == true)
    }
  }

  @Test(arguments: ["direct", "auto", "appliance"])
  func `two damaged headers are an error`(reader: String) async throws {
    try await withCopy("d4k.raw") { path in
      for header in [4096, (64 << 20) - 4096] { try change(path, at: header + 16, to: Data([1, 2, 3, 4])) }
      let image = try await scan(path, reader)
      #expect(image.status == "failed")
      #expect(image.error?.message.contains("both headers of its GPT are damaged") == true)
    }
  }

  /// Linux takes no GPT that goes on beyond its disk.
  @Test(arguments: ["direct", "auto", "appliance"])
  func `reads what a cut disk still has, and says what it has not`(reader: String) async throws {
    try await withCopy("d4k.raw") { path in
      try FileHandle(forUpdating: URL(fileURLWithPath: path)).truncate(atOffset: 48 << 20)
      let image = try await scan(path, reader)
      #expect(image.remarks.contains { $0.code == "not-understood" && $0.subject == "/dev/sda1" })
      if reader == "appliance" {
        #expect(image.status == "failed" && image.error?.message.contains("goes on beyond the disk's end") == true)
      } else {
        #expect(image.status == "partial" && image.volumes.map(\.status) == ["failed"])
        #expect(image.volumes.first?.error?.message.contains("the disk ends before its partition does") == true)
      }
    }
  }

  private func withCopy(_ name: String, _ body: (String) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "vmlineage-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let copy = folder.appending(path: name)
    try FileManager.default.copyItem(atPath: Self.image(name), toPath: copy.path)
    try await body(copy.path)
  }

  /// Changes the byte that is so far behind the first place where these bytes stand.
  private func change(_ path: String, after bytes: [UInt8], at offset: Int, _ value: (UInt8) -> UInt8) throws {
    let data = try Data(contentsOf: URL(fileURLWithPath: path))
    let place = try #require(data.range(of: Data(bytes))).lowerBound + offset
    try change(path, at: place, to: Data([value(data[place])]))
  }

  private func change(_ path: String, at place: Int, to bytes: Data) throws {
    let handle = try FileHandle(forUpdating: URL(fileURLWithPath: path))
    try handle.seek(toOffset: UInt64(place))
    try handle.write(contentsOf: bytes)
    try handle.close()
  }
}
