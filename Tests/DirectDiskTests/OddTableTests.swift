import DiskFormats
import Foundation
import Inventory
import TestSupport
import Testing

@testable import DirectDisk

/// Partition tables that are damaged, or say what is not so. sgdisk(8) and sfdisk(8) say what is there.
@Suite struct OddTableTests {
  private static let megabyte: UInt64 = 1 << 20

  /// A disk of 16 MiB with two partitions, the first an ext4.
  private func withDisk(_ label: String = "gpt", _ body: (URL) throws -> Void) throws {
    try withTemporaryFolder { folder in
      let (disk, system) = (folder.appending(path: "disk"), folder.appending(path: "ext"))
      try blank(disk, 16 * Self.megabyte)
      let script = "label: \(label)\nstart=2048,size=8192\nstart=12288,size=4096\n"
      #expect(try run(["sfdisk", "-q", disk.path], input: Data(script.utf8)).status == 0)
      try blank(system, 4 * Self.megabyte)
      try make(["mkfs.ext4", "-q", system.path])
      try make(["dd", "if=\(system.path)", "of=\(disk.path)", "bs=1M", "seek=1", "conv=notrunc", "status=none"])
      try body(disk)
    }
  }

  private func codes(_ image: URL) throws -> [String] { try found(onRaw: image).remarks.map(\.code) }

  private func reasons(_ image: URL) throws -> String {
    try found(onRaw: image).remarks.map(\.reason).joined(separator: "; ")
  }

  /// Numbers, starts and lengths in sectors by sgdisk.
  private func bySgdisk(_ image: URL) throws -> [[UInt64]] {
    try run(["sgdisk", "-p", image.path]).text.split(separator: "\n").compactMap { line in
      let fields = line.split(separator: " ").prefix(3).compactMap { UInt64($0) }
      return fields.count == 3 ? [fields[0], fields[1], fields[2] - fields[1] + 1] : nil
    }
  }

  private func numbers(_ table: PartitionTable) -> [[UInt64]] {
    table.partitions.map { [UInt64($0.number), $0.start / 512, $0.length / 512] }
  }

  /// Bytes of the first header and its entries, of the second one and its entries, that a test changes.
  @Test(arguments: [512, 520, 528, 584, 600, 1030, 1060])
  func `a damaged first header is passed over for the second one`(offset: Int) throws {
    try withDisk { disk in
      let whole = try #require(try table(of: disk))
      #expect(whole.remarks.isEmpty && !whole.needsForce)
      try change(disk, at: offset, to: [0xA5, 0x5A])
      let table = try #require(try table(of: disk))
      #expect(table.partitions == whole.partitions && table.partitions.count == 2)
      #expect(try numbers(table) == bySgdisk(disk))
      #expect(table.needsForce && table.linuxObstacle == nil)
      #expect(try found(onRaw: disk).volumes.map(\.type) == ["ext4"])
      #expect(try reasons(disk).contains("the first header of its GPT is damaged; the second one was used"))
    }
  }

  @Test func `a damaged second header is said, and two are an error`() throws {
    try withDisk { disk in
      let end = 16 * Int(Self.megabyte) - 512
      try change(disk, at: end + 16, to: [1, 2, 3])
      let table = try #require(try table(of: disk))
      #expect(!table.needsForce && table.partitions.count == 2)
      #expect(try reasons(disk).contains("the second header of its GPT is damaged or missing"))
      try change(disk, at: 512 + 16, to: [1, 2, 3])
      let error = #expect(throws: DirectDiskError.self) { try found(onRaw: disk) }
      #expect(error?.reason == "both headers of its GPT are damaged")
    }
  }

  @Test func `a GPT that was wiped, or that has no protective MBR, is said`() throws {
    try withDisk { disk in
      let mbr = try Data(contentsOf: disk).prefix(512)
      try change(disk, at: 0, to: [UInt8](repeating: 0, count: 512))
      let table = try #require(try table(of: disk))
      #expect(table.needsForce && table.partitions.count == 2)
      #expect(try reasons(disk).contains("no protective MBR"))
      try change(disk, at: 0, to: Array(mbr))
      for offset in [512, 16 * Int(Self.megabyte) - 512] { try change(disk, at: offset, to: [0, 0]) }
      #expect(try found(onRaw: disk).volumes.isEmpty)
      #expect(try codes(disk) == ["not-understood"])
      #expect(try reasons(disk) == "its MBR says that it has a GPT, and there is none")
    }
  }

  @Test func `a table without partitions is said`() throws {
    try withTemporaryFolder { folder in
      let disk = folder.appending(path: "disk")
      try blank(disk, 16 * Self.megabyte)
      #expect(try run(["sfdisk", "-q", disk.path], input: Data("label: gpt\n".utf8)).status == 0)
      #expect(try found(onRaw: disk).volumes.isEmpty)
      #expect(try codes(disk) == ["empty-partition"])
      #expect(try reasons(disk) == "its partition table has no partitions")
    }
  }

  @Test func `a disk that grew is as it was`() throws {
    try withDisk { disk in
      let before = try #require(try table(of: disk)).partitions
      try FileHandle(forWritingTo: disk).truncate(atOffset: 40 * Self.megabyte)
      let grown = try #require(try table(of: disk))
      #expect(grown.partitions == before && grown.remarks.isEmpty && grown.linuxObstacle == nil)
      // Only the first header says where the second one is.
      try change(disk, at: 1030, to: [0xA5, 0x5A])
      let damaged = try #require(try table(of: disk))
      #expect(damaged.partitions == before && damaged.linuxObstacle != nil)
    }
  }

  @Test(arguments: ["gpt", "dos"])
  func `what the end of the disk cuts is said with its number and place`(label: String) throws {
    try withDisk(label) { disk in
      // In the middle of the second partition, then before it, then in the middle of the first one.
      for (size, cut) in [(7 * Self.megabyte, 2), (5 * Self.megabyte + 512, 2), (3 * Self.megabyte, 1)] {
        try FileHandle(forWritingTo: disk).truncate(atOffset: size)
        let found = try found(onRaw: disk)
        let remark = try #require(found.remarks.first { $0.subject == "/dev/sda\(cut)" && $0.code == "not-understood" })
        let (first, count) = cut == 2 ? (12_288, 4096) : (2048, 8192)
        #expect(remark.reason.contains("sector \(first) and has \(count) of 512 bytes"))
        #expect(
          remark.reason.hasPrefix(first * 512 < size ? "goes on beyond the disk's end" : "lies beyond the disk's end"))
        // Linux takes no GPT that is longer than its disk.
        #expect((found.applianceObstacle != nil) == (label == "gpt"))
        let volume = try #require(found.volumes.first)
        guard cut == 1 else {
          #expect(try volume.files.get().list(as: "v").files.count == 1)
          continue
        }
        #expect(throws: DirectDiskError.self) { try volume.files.get() }
        guard case .failure(let error) = volume.files else { continue }
        #expect(
          error.isFinal && error.reason.contains("4194304 bytes") && error.reason.contains("the disk ends before"))
      }
    }
  }

  @Test func `the entries of a hybrid MBR are left to those who know no GPT`() throws {
    try withDisk { disk in
      try make(["sgdisk", "-h", "1:2", disk.path])
      let table = try #require(try table(of: disk))
      #expect(try numbers(table) == bySgdisk(disk) && table.partitions.count == 2)
      #expect(table.remarks.isEmpty && !table.needsForce)
    }
  }

  @Test func `partitions that share sectors are said`() throws {
    try withDisk("dos") { disk in
      #expect(try codes(disk) == ["empty-partition"])
      // The second one begins where the first one ends.
      try change(disk, at: 462 + 8, to: [0, 0x28, 0, 0])
      #expect(try codes(disk) == ["empty-partition"])
      try change(disk, at: 462 + 8, to: [0xFF, 0x27, 0, 0])
      #expect(try codes(disk).contains("partitions-overlap"))
    }
  }

  @Test func `more partitions than Linux numbers are counted`() throws {
    try withTemporaryFolder { folder in
      let disk = folder.appending(path: "disk")
      try blank(disk, 16 * Self.megabyte)
      let script = "label: gpt\ntable-length: 400\n" + (0..<300).map { "start=\(4096 + $0 * 8),size=8\n" }.joined()
      #expect(try run(["sfdisk", "-q", disk.path], input: Data(script.utf8)).status == 0)
      let table = try #require(try table(of: disk))
      #expect(try numbers(table) == Array(bySgdisk(disk).prefix(255)) && bySgdisk(disk).count == 300)
      #expect(table.remarks.map(\.code) == ["not-understood"])
      #expect(table.remarks.first?.reason == "it has 45 more partitions than the 255 that are read")
    }
  }

  @Test func `a chain of logical partitions that leads back or nowhere ends, and is said`() throws {
    try withTemporaryFolder { folder in
      let disk = folder.appending(path: "disk")
      try blank(disk, 16 * Self.megabyte)
      let script =
        "label: dos\nstart=2048,size=20000,type=5\nstart=4096,size=2048,type=83\nstart=8192,size=2048,type=83\n"
      // Logical partitions are five and six.
      let named = script.replacing("\nstart=4096", with: "\n5: start=4096").replacing(
        "\nstart=8192", with: "\n6: start=8192")
      #expect(try run(["sfdisk", "-q", disk.path], input: Data(named.utf8)).status == 0)
      #expect(try #require(try table(of: disk)).partitions.map(\.number) == [5, 6])
      let link = 2048 * 512 + 462
      #expect(try Data(contentsOf: disk)[link + 4] == 5)
      try change(disk, at: link + 8, to: [0, 0, 0, 0])
      let loop = try #require(try table(of: disk))
      #expect(loop.partitions.map(\.number) == [5] && loop.linuxObstacle != nil)
      #expect(loop.remarks.map(\.reason) == ["its chain of logical partitions is a loop"])
      try change(disk, at: link + 8, to: [0, 0, 0xFF, 0])
      let lost = try #require(try table(of: disk))
      #expect(lost.partitions.map(\.number) == [5] && lost.linuxObstacle == nil)
      #expect(lost.remarks.first?.reason.hasPrefix("there is no table of logical partitions at sector") == true)
    }
  }

  /// partx(8) reads tables as Linux does.
  @Test(arguments: [100, 300])
  func `a long chain of logical partitions has the numbers of Linux`(count: Int) throws {
    try withTemporaryFolder { folder in
      let disk = folder.appending(path: "disk")
      try blank(disk, 16 * Self.megabyte)
      func entry(_ type: UInt8, _ first: Int, _ sectors: Int) -> [UInt8] {
        [0, 0, 0, 0, type, 0, 0, 0]
          + [first, sectors].flatMap { number in (0..<4).map { UInt8(number >> (8 * $0) & 255) } }
      }
      let unused = [UInt8](repeating: 0, count: 16)
      try change(disk, at: 446, to: entry(0x0F, 64, 32_000) + unused + unused + unused + [0x55, 0xAA])
      for number in 0..<count {
        let link = number < count - 1 ? entry(5, number * 64 + 64, 64) : unused
        try change(
          disk, at: (64 + number * 64) * 512 + 446, to: entry(0x83, 8, 32) + link + unused + unused + [0x55, 0xAA])
      }
      let said = try make(["partx", "-s", "-g", "-b", "-o", "NR,START", disk.path])
      let known = said.split(separator: "\n").map { $0.split(separator: " ").compactMap { UInt64($0) } }
        .filter { (5...255).contains($0[0]) }
      let table = try #require(try table(of: disk))
      #expect(numbers(table).map { Array($0.prefix(2)) }.prefix(known.count) == known[...])
      #expect(table.partitions.count == min(count, 251) && known.count >= 100)
      #expect(
        table.remarks.map(\.reason) == (count > 251 ? ["it has 49 more partitions than the 255 that are read"] : []))
    }
  }

  @Test func `what a partition holds that is not known is named by its type`() throws {
    try withTemporaryFolder { folder in
      let disk = folder.appending(path: "disk")
      try blank(disk, 16 * Self.megabyte)
      let types = ["8300", "FB00", "EF02", "0C01", "8200", "8300", "8308"]
      for (number, type) in types.enumerated() {
        try make(["sgdisk", "-n", "\(number + 1):\(number * 2 + 1)M:+1M", "-t", "\(number + 1):\(type)", disk.path])
      }
      func fill(_ number: Int) throws {
        try change(disk, at: (number * 2 - 1) << 20, to: [UInt8](repeating: 7, count: 4096))
      }
      for number in [2, 3, 4, 7] { try fill(number) }
      let swap = folder.appending(path: "swap")
      try blank(swap, Self.megabyte)
      try make(["mkswap", swap.path])
      try make(["dd", "if=\(swap.path)", "of=\(disk.path)", "bs=1M", "seek=9", "conv=notrunc", "status=none"])
      let found = try found(onRaw: disk)
      #expect(found.volumes.isEmpty)
      #expect(
        found.remarks.map { [$0.code, $0.subject, $0.reason] } == [
          ["empty-partition", "/dev/sda1", "holds only zeros where contents begin (partition type Linux file system)"],
          ["not-understood", "/dev/sda2", "holds nothing that is known here (partition type VMware VMFS)"],
          ["empty-partition", "/dev/sda6", "holds only zeros where contents begin (partition type Linux file system)"],
          ["not-understood", "/dev/sda7", "holds nothing that is known here (partition type Linux dm-crypt)"],
        ])
    }
  }
}
