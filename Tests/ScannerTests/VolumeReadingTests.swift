import Fingerprints
import Foundation
import Inventory
import Signatures
import TestSupport
import Testing

@testable import Scanner

private let everything = ReadingPlan(screen: Screen(), digests: .all, onlyDeclared: false)

private func listed(_ files: [FileRecord], _ contents: [GuestPath: Data]) -> (ListedVolume, FakeTree) {
  let tree = FakeTree("/dev/sda1", contents)
  let volume = Volume(id: "/dev/sda1", fileSystem: "ext4", status: .read)
  return (ListedVolume(volume: volume, tree: tree, files: FileList(files)), tree)
}

private func reading(_ plan: ReadingPlan = everything, declared: Set<GuestPath> = []) -> VolumeReading {
  VolumeReading(plan: plan, declared: declared, recordsMD5: true, describedBytes: 1 << 20, pace: Pace { _, _ in })
}

@Test func `a digest is that of sha256sum`() throws {
  let data = Data((0..<5000).map { UInt8($0 % 251) })
  let (volume, _) = listed([file("a", size: 5000)], ["a": data])
  var reading = reading()
  try reading.read(volume)
  let truth = try run(["sha256sum"], input: data).text.prefix(64)
  #expect(volume.files[0].digests?.sha256.description == String(truth))
}

@Test func `a hard link is read once and known everywhere`() throws {
  let data = Data(repeating: 1, count: 100)
  let names: [GuestPath] = ["a", "b", "c"]
  let (volume, tree) = listed(
    names.map { file($0, inode: 7, links: 3) } + [file("d", inode: 8)], ["a": data, "b": data, "c": data, "d": data])
  var reading = reading()
  try reading.read(volume)
  #expect(tree.wasRead == ["a", "d"])
  #expect(volume.files.allSatisfy { $0.digests == volume.files[0].digests && $0.digests != nil })
}

@Test func `a hard link that is wanted by its name is read whatever the first one is called`() throws {
  let data = Data(repeating: 65, count: 100)
  let (volume, tree) = listed(
    [file("x", inode: 7, links: 2), file("etc/shop.conf", inode: 7, links: 2)], ["x": data, "etc/shop.conf": data])
  var reading = reading(
    ReadingPlan(screen: Screen(textNames: ["shop.conf"]), digests: .needed, onlyDeclared: false))
  try reading.read(volume)
  #expect(tree.wasRead == ["etc/shop.conf"])
  #expect(volume.files[0].digests != nil)
}

@Test func `a hard link that was asked for is kept though another was read`() throws {
  let data = Data(repeating: 65, count: 100)
  let (volume, _) = listed([file("a", inode: 7, links: 2), file("b", inode: 7, links: 2)], ["a": data, "b": data])
  var reading = reading(declared: ["b"])
  try reading.read(volume)
  #expect(reading.contents == ["b": data])
}

@Test func `what reads short or not at all has no digest and says so`() throws {
  let (volume, _) = listed(
    [file("a-short", size: 100), file("b-absent", size: 100), file("c-long", size: 100), file("d-good", size: 4)],
    ["a-short": Data(count: 99), "c-long": Data(count: 101), "d-good": Data(count: 4)])
  var reading = reading(declared: ["a-short", "d-good"])
  try reading.read(volume)
  for number in 0..<3 {
    #expect(volume.files[number].digests == nil)
    #expect(volume.files[number].unreadable != nil)
  }
  #expect(volume.files[3].unreadable == nil)
  #expect(reading.contents == ["d-good": Data(count: 4)])
}

@Test func `every link of a file that cannot be read says so`() throws {
  let (volume, _) = listed([file("a", inode: 7, links: 2), file("b", inode: 7, links: 2)], [:])
  var reading = reading()
  try reading.read(volume)
  #expect(volume.files.allSatisfy { $0.unreadable != nil })
}

@Test func `what was read before an error is kept`() throws {
  let (volume, tree) = listed([file("a", size: 4), file("b", size: 4)], ["a": Data(count: 4), "b": Data(count: 4)])
  tree.failsAfter = 1
  var reading = reading(declared: ["a", "b"])
  #expect(throws: FakeTree.Broken.self) { try reading.read(volume) }
  #expect(reading.contents == ["a": Data(count: 4)])
  #expect(volume.files[0].digests != nil)
  #expect(volume.files[1].unreadable != nil)
}

@Test func `a file beyond the bound is not read and says so`() throws {
  let (volume, tree) = listed([file("big", size: 1 << 40)], [:])
  var reading = reading(declared: ["big"])
  try reading.read(volume)
  #expect(tree.wasRead.isEmpty)
  #expect(volume.files[0].unreadable?.contains("larger") == true)
}

@Test func `an executable that says nothing of itself is known by its ends alone`() throws {
  let program = try Data(contentsOf: URL(fileURLWithPath: "/usr/bin/env"))
  let (volume, tree) = listed([file("usr/bin/env", size: UInt64(program.count), mode: 0o755)], ["usr/bin/env": program])
  var reading = VolumeReading(
    plan: ReadingPlan(screen: Screen(), digests: .needed, onlyDeclared: false), declared: [],
    recordsMD5: false, describedBytes: 0, pace: Pace { _, _ in })
  try reading.read(volume)
  #expect(tree.endsRead == ["usr/bin/env"])
  #expect(tree.wasRead.isEmpty)
  #expect(volume.files[0].digests == nil)
  let notes = try run(["readelf", "-n", "/usr/bin/env"]).text
  let buildID = try #require(notes.firstMatch(of: /Build ID: ([0-9a-f]+)/)?.1)
  #expect(volume.files[0].fingerprint?.marks == [Mark(.buildID, String(buildID))])
}

@Test func `a file that is too large for memory is digested in parts`() throws {
  let data = try Data(contentsOf: URL(fileURLWithPath: "/usr/bin/env")) + Data(count: 129 << 20)
  let size = UInt64(data.count)
  let (volume, tree) = listed(
    [file("large", size: size), file("short", size: size + 1, inode: 9), file("vanished", size: size, inode: 10)],
    ["large": data, "short": data])
  var reading = reading()
  try reading.read(volume)
  #expect(tree.wasRead.isEmpty && tree.wasStreamed == ["large", "short", "vanished"])
  let digests = try ["sha256sum", "md5sum"].map { try run([$0], input: data).text.split(separator: " ")[0] }
  #expect(volume.files[0].digests?.sha256.description == String(digests[0]))
  #expect(volume.files[0].digests?.md5 == String(digests[1]))
  #expect(volume.files[0].fingerprint?.kind == .elf)
  for missing in volume.files[1...] { #expect(missing.digests == nil && missing.unreadable != nil) }
}
