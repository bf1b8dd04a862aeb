import Foundation
import TestSupport
import Testing

/// Disks without a header, and what a search leaves out, as a person gets them.
struct RawDiskScanTests {
  private func program(_ arguments: [String], in folder: URL) throws -> Finished {
    try run(
      [builtProgram, "scan"] + arguments + ["--reader", "direct", "--catalog", folder.path + "/catalog.sqlite"])
  }

  private func scan(_ arguments: [String], in folder: URL) throws -> (finished: Finished, document: ScanResult) {
    let finished = try program(arguments + ["--format", "json"], in: folder)
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .iso8601
    return (finished, try decoder.decode(ScanResult.self, from: finished.output))
  }

  private func made(_ words: [String], in folder: URL) throws {
    let finished = try run(words, in: folder)
    try #require(finished.status == 0, "\(words): \(finished.errorText)")
  }

  @Test func `a raw disk needs no option, and is unchanged the second time`() throws {
    try withTemporaryFolder { folder in
      let disk = folder.appending(path: "disk.img").path
      try made(["qemu-img", "convert", "-O", "raw", Program.image("debian.qcow2"), disk], in: folder)
      let first = try #require(try scan([disk], in: folder).document.images.first)
      #expect(first.status == "scanned" && first.format == "raw" && !first.unchanged)
      #expect(first.operatingSystems.map(\.distribution) == ["debian"])
      let second = try #require(try scan([disk], in: folder).document.images.first)
      #expect(second.unchanged && second.id == first.id)
      // What was raw by an option only is refused without it.
      try Data(repeating: 0x61, count: 4096).write(to: folder.appending(path: "text.img"))
      let text = folder.appending(path: "text.img").path
      _ = try scan([text, "--image-format", "raw"], in: folder)
      let (finished, document) = try scan([text], in: folder)
      #expect(finished.status == 2 && document.images.first?.error?.code == "not-an-image")
      #expect(
        document.images.first?.error?.message.contains(
          "has no known disk image header, and shows neither a partition table nor a file system") == true)
    }
  }

  @Test func `what a search left out is said with its reason`() throws {
    try withTemporaryFolder { folder in
      let images = folder.appending(path: "images")
      try FileManager.default.createDirectory(at: images, withIntermediateDirectories: true)
      try made(["truncate", "-s", "2M", "disk"], in: images)
      try made(["mkfs.ext2", "-q", "-F", "disk"], in: images)
      try made(["sh", "-c", "gzip -k disk; ln -s disk link; mkfifo pipe; echo note > notes.txt"], in: images)
      try made(
        ["qemu-img", "create", "-q", "-f", "vmdk", "-o", "subformat=monolithicFlat", "v.vmdk", "1M"], in: images)
      let (_, document) = try scan([images.path, "--allow-backing", images.path], in: folder)
      #expect(document.images.map(\.name) == ["disk", "v.vmdk"])
      let skipped = document.skipped
      #expect(skipped.count == 5)
      #expect(
        skipped.byReason
          == ["archive": 1, "link": 1, "special-file": 1, "not-an-image": 1, "part-of-another-image": 1])
      #expect(
        skipped.files.map { $0.path.dropFirst(images.path.count + 1) }.sorted() == [
          "disk.gz", "link", "notes.txt", "pipe", "v-flat.vmdk",
        ])
      #expect(
        skipped.files.first { $0.reason == "part-of-another-image" }?.message == "belongs to \(images.path)/v.vmdk")
      let table = try program([images.path, "--allow-backing", images.path], in: folder)
      #expect(table.text.contains("skipped 5 files: "), "\(table.text)")
      // Long lines are broken.
      let words = table.text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
      #expect(words.contains("disk.gz: is a gzip file, not a disk image: unpack it first"))
      // An archive that is named says so itself.
      let named = try scan([images.path + "/disk.gz"], in: folder).document
      #expect(named.images.first?.error?.code == "archive" && named.skipped.count == 0)
    }
  }

  @Test func `a damaged image names the cause, not what came of it`() throws {
    try withTemporaryFolder { folder in
      let disk = folder.appending(path: "disk").path
      try made(["qemu-img", "create", "-q", "-f", "vpc", disk, "8M"], in: folder)
      try put([0, 0, 0, 1], at: 64, of: disk)
      let (finished, document) = try scan([disk], in: folder)
      #expect(finished.status == 2 && document.images.first?.error?.code == "damaged")
      #expect(document.images.first?.error?.message.contains("incorrect header checksum") == true)
      // An image whose blocks only QEMU unpacks, and a table that only QEMU needs.
      try made(["qemu-img", "create", "-q", "-f", "qcow2", "-o", "compression_type=zstd", disk, "8M"], in: folder)
      try put([0, 0, 0, 0], at: 56, of: disk)
      let refused = try scan([disk], in: folder).document.images.first?.error
      #expect(refused?.message.contains("qemu-nbd: Image does not contain a reference count table") == true)
      #expect(refused?.message.contains("/proc/self/fd") == false)
    }
  }

  private func put(_ bytes: [UInt8], at place: UInt64, of path: String) throws {
    let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    try file.seek(toOffset: place)
    try file.write(contentsOf: bytes)
    try file.close()
  }
}
