import Foundation
import TestSupport
import Testing

/// What becomes of a scan whose reader of file systems crashes, hangs, or loses its disk.
@Suite(.serialized) struct ReaderProcessTests {
  /// In a format that is read through qemu-nbd.
  private static let debian: String = {
    let image = packageFolder.appending(path: ".build/end-to-end-debian.vmdk").path
    _ = try? run(["qemu-img", "convert", "-O", "vmdk", Program.image("debian.qcow2"), image])
    return image
  }()
  private var debian: String { Self.debian }
  private let shop = Program.image("shop.vhdx")

  /// Where a kernel has no Landlock the reader is in a sandbox of bubblewrap.
  private static let machines = [[]] + (canMount ? [machine(without: [.landlock])] : [])

  /// Starts to read every file of an image, and does something to the process that does, once its qemu-nbd is there.
  private func scan(
    _ options: [String], on machine: [String] = [], in folder: URL,
    disturb: (_ reader: Int32, _ server: Int32) -> Void
  ) throws -> (finished: Finished, images: [ScanResult.Image]) {
    let scan = try Running(
      machine + [builtProgram, "scan", debian, shop, "--jobs", "1", "--digests", "all", "--format", "json"] + options,
      in: folder)
    let found: (group: Int32, reader: Int32, server: Int32)? = eventually {
      // A sandbox's own process closes what it hands over.
      for worker in scan.workers where members(ofGroup: worker).contains(where: { openFiles($0).contains(debian) }) {
        let members = members(ofGroup: worker).map { (id: $0, program: arguments(of: $0).first ?? "") }
        let reader = members.first { $0.program.hasSuffix("/vmlineage") }
        let server = members.first { $0.program.contains("qemu-nbd") }
        if let reader, let server { return (worker, reader.id, server.id) }
      }
      return nil
    }
    let (group, reader, server) = try #require(found)
    disturb(reader, server)
    let finished = try scan.finish()
    #expect(isGone(group))
    #expect(try left(in: folder).isEmpty)
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .iso8601
    return (finished, try decoder.decode(ScanResult.self, from: finished.output).images)
  }

  @Test(arguments: [(SIGKILL, "died"), (SIGSEGV, "died"), (SIGSTOP, "deadline")], machines)
  func `a crash or a hang is one failed image`(fate: (signal: Int32, code: String), machine: [String]) throws {
    try withTemporaryFolder { folder in
      let options = ["--reader", "direct", "--deadline", "20s"]
      let (finished, images) = try scan(options, on: machine, in: folder) { reader, _ in kill(reader, fate.signal) }
      #expect(finished.status == 2)
      #expect(images.map(\.status) == ["failed", "scanned"])
      #expect(images.first?.error?.code == fate.code)
    }
  }

  @Test(arguments: machines) func `a disk that is lost on the way is a partial result`(machine: [String]) throws {
    try withTemporaryFolder { folder in
      let (_, images) = try scan(["--reader", "direct"], on: machine, in: folder) { _, server in kill(server, SIGKILL) }
      #expect(["partial", "failed"].contains(images.first?.status))
      #expect(images.last?.status == "scanned")
    }
  }

  @Test(arguments: machines) func `a server of blocks that hangs is one failed image`(machine: [String]) throws {
    try withTemporaryFolder { folder in
      let options = ["--reader", "direct", "--deadline", "20s"]
      let (finished, images) = try scan(options, on: machine, in: folder) { _, server in kill(server, SIGSTOP) }
      #expect(finished.status == 2)
      #expect(images.map(\.status) == ["failed", "scanned"])
      #expect(images.first?.error?.code == "deadline")
    }
  }

  @Test(arguments: ["raw", "qcow2", "vmdk"])
  func `an image that is cut while it is read is partial or failed`(format: String) throws {
    try withTemporaryFolder { folder in
      let image = folder.appending(path: "image").path
      #expect(try run(["qemu-img", "convert", "-O", format, Program.image("debian.qcow2"), image]).status == 0)
      let scan = try Running(
        [
          builtProgram, "scan", image, "--reader", "direct", "--digests", "all", "--format", "json", "--deadline",
          "60s",
        ]
          + (format == "raw" ? ["--image-format", "raw"] : []), in: folder)
      let worker = try #require(eventually { scan.workers.first { openFiles($0).contains(image) } })
      kill(worker, SIGSTOP)
      #expect(truncate(image, 4 << 20) == 0)
      kill(worker, SIGCONT)
      let finished = try scan.finish()
      let decoder = JSONDecoder()
      decoder.dateDecodingStrategy = .iso8601
      let result = try #require(try decoder.decode(ScanResult.self, from: finished.output).images.first)
      #expect(finished.status == 2 && ["partial", "failed"].contains(result.status))
      #expect(result.error != nil && isGone(worker))
      #expect(try left(in: folder).isEmpty)
    }
  }

  @Test func `without qemu-nbd one line says what to install`() throws {
    try withTemporaryFolder { folder in
      let image = folder.appending(path: "disk.vmdk").path
      #expect(try run(["qemu-img", "create", "-q", "-f", "vmdk", image, "8M"]).status == 0)
      let hidden = ["bwrap", "--dev-bind", "/", "/", "--ro-bind", "/dev/null", "/usr/bin/qemu-nbd"]
      let finished = try run(
        hidden + [builtProgram, "scan", image, "--reader", "direct", "--catalog", folder.path + "/catalog.db"])
      #expect(finished.status == 2)
      #expect(finished.text.contains("apt-get install qemu-utils"), "\(finished.text)")
    }
  }

  @Test(arguments: [true, false])
  func `auto has the appliance do again what the reader could not`(crashes: Bool) throws {
    try withTemporaryFolder { folder in
      let (finished, images) = try scan(["--reader", "auto"], in: folder) { worker, server in
        kill(crashes ? worker : server, SIGKILL)
      }
      #expect(finished.status == 0, "\(finished.errorText)")
      #expect(images.map(\.status) == ["scanned", "scanned"])
      #expect(images.map { $0.volumes.map(\.reader) } == [["appliance"], ["direct"]])
      #expect(images.first?.counts["digested"] == images.first?.counts["files"])
    }
  }

  /// It never serves, and says more than anyone wants to know.
  @Test(.enabled(if: testsAll && canMount)) func `auto goes past a qemu-nbd that hangs from the start`() throws {
    try withTemporaryFolder { folder in
      let (code, program) = (folder.appending(path: "hang.c"), folder.appending(path: "hang").path)
      try Data(
        """
        #include <unistd.h>
        int main(void) { char text[4096] = {0}; for (int i = 0; i < 1 << 16; i++) write(2, text, sizeof text); for (;;) pause(); }
        """.utf8
      ).write(to: code)
      #expect(try run(["cc", "-w", "-o", program, code.path]).status == 0)
      let image = folder.appending(path: "shop.vmdk").path
      #expect(try run(["qemu-img", "convert", "-O", "vmdk", shop, image]).status == 0)
      let scan = try Running(
        [
          "unshare", "-m", "sh", "-ec", "mount --bind \(program) /usr/bin/qemu-nbd && exec \"$@\"", "sh", builtProgram,
          "scan", image, "--reader", "auto", "--deadline", "2m", "--format", "json",
        ], in: folder)
      let said = eventually { () -> Int? in
        let errors = scan.workers.flatMap(openFiles).first { $0.hasSuffix("/errors") }
        let size = errors.flatMap { try? FileManager.default.attributesOfItem(atPath: $0)[.size] as? Int }
        return size.flatMap { $0 >= 1 << 20 ? $0 : nil }
      }
      #expect(said == 1 << 20)
      let finished = try scan.finish()
      let decoder = JSONDecoder()
      decoder.dateDecodingStrategy = .iso8601
      let result = try decoder.decode(ScanResult.self, from: finished.output).images
      #expect(finished.status == 0, "\(finished.errorText)")
      #expect(result.map(\.status) == ["scanned"] && result.first?.volumes.map(\.reader) == ["appliance"])
      #expect(try left(in: folder).isEmpty)
    }
  }

  /// libtsk reads these, in C.
  @Test func `made-up NTFS and FAT never end the run`() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "vmlineage-test-\(UUID().uuidString)")
    let images = folder.appending(path: "images")
    try FileManager.default.createDirectory(at: images, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    var generator = SeededGenerator(seed: 17)
    for type in ["ntfs", "vfat"] {
      let whole = folder.appending(path: type)
      try Data(count: 3 << 20).write(to: whole)
      let maker = type == "ntfs" ? ["mkntfs", "-q", "-F"] : ["mkfs.vfat"]
      #expect(try run(maker + [whole.path]).status == 0)
      for number in 0..<20 {
        let (file, name) = (packageFolder.appending(path: "Package.swift").path, "a-file-with-a-long-name-\(number)")
        let copy =
          type == "ntfs" ? ["ntfscp", "-q", whole.path, file, name] : ["mcopy", "-i", whole.path, file, "::/\(name)"]
        #expect(try run(copy).status == 0)
      }
      let good = try Data(contentsOf: whole)
      let used = stride(from: 0, to: good.count, by: 32).filter { good[$0..<$0 + 32].contains { $0 != 0 } }.prefix(4000)
      for number in 0..<25 {
        var bad = good
        for _ in 0..<Int.random(in: 1...30, using: &generator) {
          let place = (used.randomElement(using: &generator) ?? 0) + Int.random(in: 0..<32, using: &generator)
          bad[place] = [0, 0x80, 0xFF, UInt8.random(in: 0...255, using: &generator)][number % 4]
        }
        try bad.write(to: images.appending(path: "\(type)-\(number).raw"))
      }
    }
    let (finished, scan) = try await Program.scan([
      images.path, "--reader", "direct", "--digests", "all", "--image-format", "raw", "--deadline", "60s", "--catalog",
      folder.appending(path: "catalog.db").path,
    ])
    #expect(scan.images.count == 50)
    #expect(scan.images.allSatisfy { $0.error?.code != "deadline" }, "\(finished.errorText)")
    #expect(scan.images.contains { $0.counts["digested"] == 20 })
  }

  @Test func `what was left out is read by a later scan that may`() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "vmlineage-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let scan = [Program.image("squashfs.qcow2"), "--catalog", folder.appending(path: "catalog.db").path]
    let first = try await Program.run(["scan"] + scan, environment: ["VMLINEAGE_READER": "direct"])
    #expect(first.status == 2)
    let second = try await Program.scan(scan + ["--reader", "auto"])
    #expect(second.document.images.map(\.status) == ["scanned"])
    #expect(second.document.images.map(\.unchanged) == [false])
    let wrong = try await Program.run(["scan"] + scan, environment: ["VMLINEAGE_READER": "magic"])
    #expect(wrong.status == 64)
  }
}
