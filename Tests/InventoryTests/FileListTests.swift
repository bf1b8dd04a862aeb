import Fingerprints
import Foundation
import TestSupport
import Testing

@testable import Inventory

@Suite struct FileListTests {
  private var random = SeededGenerator(seed: 7)

  private mutating func path() -> GuestPath {
    let names = (0...Int.random(in: 0..<3, using: &random)).map { _ in "n\(Int.random(in: 0..<6, using: &random))" }
    return Bool.random(using: &random) ? GuestPath(names.joined(separator: "/")) : GuestPath(bytes: [0xFF, 0x0A, 0x31])
  }

  private mutating func record() -> FileRecord {
    func any<Number: FixedWidthInteger>(_ type: Number.Type = Number.self) -> Number {
      [.min, .max, 0, 1, .random(in: .min...(.max), using: &random)].randomElement(using: &random) ?? 0
    }
    let hex = ["", "ab", "AB", "abc", "not hex"].randomElement(using: &random) ?? ""
    var file = FileRecord(
      volume: ["/dev/sda1", "/dev/sdb"].randomElement(using: &random) ?? "", path: path(),
      kind: FileRecord.Kind.allCases.randomElement(using: &random) ?? .other, size: any(), modified: any(),
      inode: any(),
      mode: any(), uid: any(), gid: any(), links: any(), target: Bool.random(using: &random) ? path() : nil)
    if Bool.random(using: &random) { file.unreadable = "why" }
    if Bool.random(using: &random) {
      file.digests = FileDigests(sha256: Digest(of: Data([any()])), gitBlob: hex, gitoid: nil, md5: hex)
    }
    if Bool.random(using: &random) { file.fingerprint = Fingerprint(kind: .elf, marks: [Mark(.section, hex)]) }
    return file
  }

  @Test mutating func `files come back as they were, also those that were replaced`() throws {
    var truth = (0..<500).map { _ in record() }
    var list = FileList(truth)
    for _ in 0..<300 {
      let position = Int.random(in: 0..<truth.count, using: &random)
      let file = record()
      (truth[position], list[position]) = (file, file)
    }
    truth.insert(contentsOf: truth[3..<9], at: 40)
    list.insert(contentsOf: list[3..<9], at: 40)
    truth.removeFirst(2)
    list.removeFirst(2)
    #expect(Array(list) == truth)
    for (position, file) in truth.enumerated() {
      #expect(list.path(position) == file.path && list.volume(position) == file.volume)
      #expect(list.isUnreadable(position) == (file.unreadable != nil))
    }
    #expect(try FileList(packed: list.packed(list.indices)) == list)
    #expect(Array(list.sortedByPath()).map(\.path) == truth.map(\.path).sorted())
    #expect(try JSONDecoder().decode(FileList.self, from: JSONEncoder().encode(list)) == list)
  }

  @Test mutating func `more than one piece of rows is kept`() {
    let truth = (0..<30_000).map { _ in record() }
    #expect(Array(FileList(truth)) == truth)
  }

  @Test mutating func `what was read later is forgotten, and no more`() {
    var list = FileList((0..<20_000).map { _ in record() })
    let before = list
    let mark = list.readMark
    let positions = list.indices.filter {
      before[$0].digests == nil && before[$0].unreadable == nil && before[$0].fingerprint == nil
    }
    for _ in 0..<2 {
      for position in positions { list[position].digests = FileDigests(sha256: Digest(of: Data("\(position)".utf8))) }
      #expect(list != before)
      list.forgetReadings(positions, since: mark)
      #expect(list == before)
    }
  }

  @Test mutating func `paths are found as a dictionary finds them`() {
    let files = (0..<3000).map { _ in record() }
    let list = FileList(files)
    let index = PathIndex(list) { $0.kind == .regular }
    for volume in ["/dev/sda1", "/dev/sdb", "elsewhere"] {
      var truth: [GuestPath: Int] = [:]
      for (position, file) in files.enumerated() where file.kind == .regular && file.volume == volume {
        truth[file.path] = position
      }
      for path in Set(files.map(\.path)) { #expect(index.position(of: path, in: volume, list) == truth[path]) }
    }
  }

  @Test mutating func `copies of a path are counted`() {
    let files = (0..<1000).map { _ in record() }
    let copies = PathIndex(FileList(files), acrossVolumes: true).copies
    var seen: [GuestPath: Int] = [:]
    for (position, file) in files.enumerated() {
      #expect(copies[position] ?? 0 == seen[file.path] ?? 0)
      seen[file.path, default: 0] += 1
    }
  }

  @Test mutating func `bytes that are no list are an error`() throws {
    let list = FileList((0..<20).map { _ in record() })
    let good = list.packed(list.indices)
    for count in 1..<good.count where (try? FileList(packed: Array(good.prefix(count)))) != nil {
      // Cut between two volumes it is a list.
      #expect(try FileList(packed: Array(good.prefix(count))).count < list.count)
    }
    for _ in 0..<3000 {
      var bad = good
      bad[Int.random(in: 0..<bad.count, using: &random)] = .random(in: 0...255, using: &random)
      if let read = try? FileList(packed: bad) { #expect(Array(read).count == read.count) }
    }
  }
}
