import DiskFormats
import Foundation
import TestSupport
import Testing

@testable import DirectDisk

private struct Known: Decodable {
  struct Table: Decodable { var partitions: [Partition] }
  struct Partition: Decodable {
    var node: String
    var start: UInt64
    var size: UInt64
    var uuid: String?
    var name: String?
  }
  var partitiontable: Table
}

func table(of image: URL) throws -> PartitionTable? {
  let chain = try readDiskChain(path: image.path, assume: .raw)
  let blocks = try DiskBlocks(chain, folder: image.deletingLastPathComponent().path)
  return try PartitionTable(VolumeBytes(blocks, BlockMap(joining: [(0, blocks.size)])))
}

@Suite struct PartitionTableTests {
  @Test(arguments: [
    "label: dos\nstart=2048,size=4096,type=83\nstart=8192,size=60000,type=5\nstart=10240,size=2048\nstart=14336,size=4096\nstart=20480,size=512",
    "label: dos\n2: start=4096,size=4096,type=7\n4: start=2048,size=512,type=c",
    "label: gpt\nstart=2048,size=4096,name=\"boot ü\"\n7: start=8192,size=8192",
    "label: gpt\nstart=2048,size=2048,type=21686148-6449-6E6F-744E-656564454649\nstart=4096,size=4096",
    // As many as sfdisk makes.
    "label: dos\nstart=2048,size=400000,type=5\n" + (0..<55).map { "start=\(6144 + 4096 * $0),size=256\n" }.joined(),
    "label: dos\nstart=2048,size=1024\nstart=70000,size=10000\nstart=8192,size=60000,type=f\nstart=10240,size=2048",
  ])
  func `has the partitions that sfdisk made, by the same numbers and ids`(script: String) throws {
    try withTemporaryFolder { folder in
      let image = folder.appending(path: "disk")
      try blank(image, 256 << 20)
      #expect(try run(["sfdisk", "-q", image.path], input: Data((script + "\n").utf8)).status == 0)
      let said = try make(["sfdisk", "-J", image.path])
      let known = try JSONDecoder().decode(Known.self, from: Data(said.utf8)).partitiontable.partitions
      let partitions = try #require(try table(of: image)).partitions
      // sfdisk counts the extended one, in which no file system is.
      let plain = known.filter { $0.size < 60_000 }
      #expect(partitions.map(\.number) == plain.map { Int($0.node.dropFirst(image.path.count)) })
      #expect(partitions.map(\.start) == plain.map { $0.start * 512 })
      #expect(partitions.map(\.length) == plain.map { $0.size * 512 })
      #expect(partitions.map(\.label) == plain.map(\.name))
      if script.contains("gpt") { #expect(partitions.map(\.uuid) == plain.map { $0.uuid?.lowercased() }) }
      #expect(partitions.first?.type?.isReserved == script.contains("21686148"))
    }
  }

  /// fdisk(8) can be told how large the sectors of a file are.
  @Test(arguments: [
    "g\\nn\\n1\\n256\\n+1023\\nn\\n3\\n2048\\n+1023\\nw\\n",
    "o\\nn\\np\\n1\\n256\\n+1023\\nn\\ne\\n2\\n2048\\n+8191\\nn\\nl\\n4096\\n+255\\nw\\n",
  ])
  func `counts in sectors of 4,096 bytes where the table does`(commands: String) throws {
    try withTemporaryFolder { folder in
      let image = folder.appending(path: "disk")
      try blank(image, 64 << 20)
      // A table for smaller sectors that was there before.
      #expect(try run(["sfdisk", "-q", image.path], input: Data("label: gpt\nstart=2048,size=9\n".utf8)).status == 0)
      let input = Data(commands.replacing("\\n", with: "\n").utf8)
      #expect(try run(["fdisk", "-w", "never", "-b", "4096", image.path], input: input).status == 0)
      let said = try make(["fdisk", "-b", "4096", "-l", "-o", "Device,Start,Sectors", image.path])
      let known = said.split(separator: "\n").filter { $0.hasPrefix(image.path) && !$0.contains(":") }
        .map { $0.dropFirst(image.path.count).split(separator: " ").map { UInt64($0) ?? 0 } }
        .filter { $0[2] != 8192 }
      #expect(known.count == 2)
      let partitions = try #require(try table(of: image)).partitions
      #expect(partitions.map { [UInt64($0.number), $0.start / 4096, $0.length / 4096] } == known)
    }
  }

  @Test func `a disk without a table has none, and a chain that leads back ends`() throws {
    try withTemporaryFolder { folder in
      let image = folder.appending(path: "disk")
      try blank(image, 8 << 20)
      #expect(try table(of: image) == nil)
      // An extended partition at sector 1 whose table names itself as the next.
      var data = try Data(contentsOf: image)
      for sector in [0, 1] {
        data.replaceSubrange(sector * 512 + 510..<sector * 512 + 512, with: [0x55, 0xAA])
        data[sector * 512 + 446 + 4] = 5
        data[sector * 512 + 446 + 8] = sector == 0 ? 1 : 0
        data[sector * 512 + 446 + 12] = 100
      }
      try data.write(to: image)
      #expect(try table(of: image)?.partitions.isEmpty == true)
    }
  }

  @Test func `a made-up table never ends the reader`() throws {
    try withTemporaryFolder { folder in
      let image = folder.appending(path: "disk")
      try blank(image, 1 << 20)
      _ = try run(["sfdisk", "-q", image.path], input: Data("label: gpt\nstart=64,size=64\nstart=256,size=64\n".utf8))
      let whole = try Data(contentsOf: image)
      var generator = SeededGenerator(seed: 3)
      for _ in 0..<300 {
        var bad = whole
        for _ in 0..<8 {
          bad[Int.random(in: 0..<2048, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
        }
        try bad.write(to: image)
        let partitions = (try? table(of: image))??.partitions ?? []
        #expect(partitions.allSatisfy { $0.start < 1 << 20 && $0.length <= 1 << 20 })
      }
    }
  }
}
