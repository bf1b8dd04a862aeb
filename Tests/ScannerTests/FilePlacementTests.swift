import DirectDisk
import DiskFormats
import Foundation
import Inventory
import TestSupport
import Testing

@testable import Guestfs
@testable import Scanner

/// A disk of 64 blocks of 4,096 bytes, each byte of a block its number; the volume starts at block 8 and has 40 blocks.
private func withDisk(_ body: (DiskBlocks, BlockMap) throws -> Void) throws {
  try withTemporaryFolder { folder in
    let file = folder.appending(path: "disk")
    try Data((0..<64).flatMap { [UInt8](repeating: UInt8($0), count: 4096) }).write(to: file)
    let chain = try readDiskChain(path: file.path, assume: .raw)
    try body(try DiskBlocks(chain, folder: folder.path), BlockMap(joining: [(8 * 4096, 40 * 4096)]))
  }
}

private func extent(_ logical: UInt64, _ physical: UInt64, _ count: UInt64) -> Extent {
  Extent(logical: logical * 4096, physical: physical * 4096, length: count * 4096)
}

/// The first byte of each block of what was read.
private func blocks(_ data: Data?) -> [UInt8]? {
  data.map { data in stride(from: 0, to: data.count, by: 4096).map { data[data.startIndex + $0] } }
}

@Test func `a file with holes reads as its extents and zeros`() throws {
  try withDisk { disk, map in
    // Blocks 0 and 2 lie apart on the disk, 1 is a hole, 3 and the tail are unwritten: no extent.
    let file = file("a", size: 4 * 4096 + 10)
    let placement = try #require(
      FilePlacement(file, extents: [extent(0, 20, 1), extent(2, 5, 1)], map: map, blocks: disk))
    let data = placement.bytes(from: 0, count: file.size)
    #expect(data?.count == Int(file.size))
    #expect(blocks(data) == [28, 0, 13, 0, 0])
    #expect(blocks(placement.bytes(from: 2 * 4096 - 1, count: 2)) == [0])
    #expect(placement.bytes(from: 2 * 4096 - 1, count: 2).map(Array.init) == [0, 13])
    #expect(placement.start == 28 * 4096)
  }
}

@Test func `the last block is read up to the file's end`() throws {
  try withDisk { disk, map in
    let placement = try #require(
      FilePlacement(file("a", size: 4100), extents: [extent(0, 1, 2), extent(2, 9, 4)], map: map, blocks: disk))
    #expect(placement.bytes(from: 0, count: 4100)?.count == 4100)
    #expect(placement.bytes(from: 4096, count: 4).map(Array.init) == [10, 10, 10, 10])
    #expect(placement.bytes(from: 4096, count: 5) == nil)
    #expect(placement.bytes(from: 4101, count: 0) == nil)
    #expect(placement.bytes(from: .max, count: .max) == nil)
  }
}

@Test func `a file without extents is zeros`() throws {
  try withDisk { disk, map in
    let placement = try #require(FilePlacement(file("a", size: 10), extents: [], map: map, blocks: disk))
    #expect(placement.bytes(from: 0, count: 10) == Data(count: 10))
  }
}

@Test func `extents out of order or beyond the volume are for the guest`() throws {
  try withDisk { disk, map in
    let bad: [[Extent]] = [
      [extent(1, 1, 1), extent(0, 2, 1)], [extent(0, 1, 2), extent(1, 5, 1)], [extent(0, 39, 2)], [extent(0, 40, 1)],
      [Extent(logical: 0, physical: .max, length: 4096)], [Extent(logical: 0, physical: .max - 4095, length: .max)],
    ]
    for extents in bad {
      #expect(FilePlacement(file("a", size: 8192), extents: extents, map: map, blocks: disk) == nil, "\(extents)")
    }
  }
}

@Test func `random extents never trap`() throws {
  try withDisk { disk, map in
    var generator = SeededGenerator(seed: 3)
    let edges: [UInt64] = [0, 1, 4095, 4096, 8192, 40 * 4096, 1 << 32, .max - 4096, .max - 1, .max]
    for _ in 0..<5000 {
      func number() -> UInt64 { edges.randomElement(using: &generator) ?? 0 }
      let extents = (0..<3).map { _ in Extent(logical: number(), physical: number(), length: number()) }
      let size = min(number(), 1 << 20)
      let placement = FilePlacement(file("a", size: size), extents: extents, map: map, blocks: disk)
      if let data = placement?.bytes(from: 0, count: size) { #expect(UInt64(data.count) == size) }
    }
  }
}
