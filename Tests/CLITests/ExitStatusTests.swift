import Foundation
import TestSupport
import Testing

@Suite struct ExitStatusTests {
  @Test(arguments: [
    ("backing-host-file.qcow2", "refers-outside"), ("backing-loop-a.qcow2", "refers-outside"),
    ("backing-loop-b.qcow2", "refers-outside"), ("data-file.qcow2", "refers-outside"),
    ("differencing.vhd", "differencing"), ("differencing.vhdx", "differencing"), ("empty.qcow2", "empty"),
    ("extent-outside.vmdk", "refers-outside"), ("half.qcow2", "truncated"), ("half.vhd", "truncated"),
    ("text.vhd", "not-an-image"),
  ])
  func `refuses a hostile image with its reason, alone and among others`(_ name: String, _ code: String) async throws {
    let file = Program.fixtures.appending(path: "hostile/\(name)").path
    try await withCatalog { catalog in
      let (finished, document) = try await Program.scan([file, "--catalog", catalog])
      #expect(finished.status == 2)
      let image = try #require(document.images.first)
      #expect(image.status == "failed" && image.error?.code == code)
      #expect(image.error?.message.contains(name) == true)
      #expect(image.volumes.isEmpty && image.applications.isEmpty)
      // What is done, an image a line; nothing else, and no trace.
      #expect(finished.errorText.split(separator: "\n").count == 1, "\(finished.errorText)")
    }
  }

  @Test func `hostile images do not end a run, nor do they show a host's file`() async throws {
    let scan = try await SharedScan.value
    #expect(scan.finished.status == 2)
    #expect(scan.document.schema == "vmlineage.scan/1")
    let hostile = try FileManager.default.contentsOfDirectory(
      atPath: Program.fixtures.appending(path: "hostile").path)
    #expect(scan.document.images.count == SharedScan.images.count - 1 + hostile.count)
    let inner = try scan.image("inner-header.qcow2")
    #expect(inner.status == "unrecognised" && inner.applications.isEmpty && inner.counts["files"] == 0)
    #expect(!scan.finished.text.contains("root:x:0") && !scan.finished.errorText.contains("root:x:0"))
  }

  @Test func `a missing path is an image that failed`() async throws {
    try await withCatalog { catalog in
      let (finished, document) = try await Program.scan(["/there/is/no/such.vhd", "--catalog", catalog])
      #expect(finished.status == 2)
      #expect(document.images.map(\.status) == ["failed"] && document.images.first?.error?.code == "cannot-open")
      #expect(document.images.first?.id == nil)
      #expect(finished.errorText.split(separator: "\n").count == 1, "\(finished.errorText)")
    }
  }

  @Test(arguments: [
    (options: ["--signatures", "/there/is/no/signature.json"], status: Int32(2)),
    (options: ["--key", "nonsense"], status: Int32(64)),
    (options: ["--catalog", "/dev/null/catalog.db"], status: Int32(2)),
  ])
  func `what cannot be begun ends with one line`(options: [String], status: Int32) async throws {
    let file = Program.fixtures.appending(path: "hostile/empty.qcow2").path
    try await withCatalog { catalog in
      let ended = try await Program.run(["scan", file] + options, environment: ["VMLINEAGE_CATALOG": catalog])
      #expect(ended.status == status, "\(ended.errorText)")
      #expect(ended.errorText.split(separator: "\n").count == 1, "\(ended.errorText)")
      #expect(ended.output.isEmpty && !ended.errorText.hasPrefix("Error"))
    }
  }

  @Test(arguments: [
    ["scan"], ["scan", "a.vhd", "--jobs", "0"], ["scan", "a.vhd", "--format", "xml"], ["scan", "a.vhd", "--no-such"],
    ["nonsense"], ["scan", "a.vhd", "--deadline", "never"],
  ])
  func `a wrong command line ends with 64`(_ arguments: [String]) async throws {
    let finished = try await Program.run(arguments)
    #expect(finished.status == 64 && finished.output.isEmpty)
    #expect(finished.errorText.contains("Usage: vmlineage") || finished.errorText.contains("USAGE: vmlineage"))
  }

  @Test func `data disks are in order, and a system without a name is accepted only where that is asked for`()
    async throws
  {
    try await withCatalog { catalog in
      let folder = (catalog as NSString).deletingLastPathComponent
      let image = folder + "/nameless.img"
      let tree = folder + "/tree"
      try FileManager.default.createDirectory(atPath: tree + "/etc", withIntermediateDirectories: true)
      try Data("root:x:0:0::/root:/bin/sh\n".utf8).write(to: URL(fileURLWithPath: tree + "/etc/passwd"))
      let made = try run(["mke2fs", "-q", "-t", "ext4", "-d", tree, image, "8M"])
      #expect(made.status == 0, "\(made.errorText)")
      let direct = ["--reader", "direct", "--catalog", catalog]
      #expect(try await Program.run(["scan", Program.image("fat.qcow2")] + direct).status == 0)
      let refused = try await Program.run(["scan", image] + direct)
      #expect(refused.status == 2 && refused.text.contains("unrecognised"))
      let accepted = try await Program.run(["scan", image, "--allow-unrecognised"] + direct)
      #expect(accepted.status == 0, "\(accepted.errorText)")
      // It accepts no more than that.
      let partial = ["scan", Program.image("fstab-missing.qcow2"), "--allow-unrecognised"]
      #expect(try await Program.run(partial + direct).status == 2)
    }
  }

  @Test func `help fits a terminal and tells every exit status`() async throws {
    let finished = try await Program.run(["scan", "--help"], environment: ["COLUMNS": "80"])
    #expect(finished.status == 0 && finished.errors.isEmpty)
    #expect(finished.text.split(separator: "\n").allSatisfy { $0.count <= 80 })
    for status in ["0", "2", "64", "130"] {
      #expect(finished.text.contains(try Regex("\n  \(status) +[a-z]")), "\(status)")
    }
  }

  private func withCatalog(_ body: (String) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "vmlineage-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try await body(folder.appending(path: "catalog.db").path)
  }
}
