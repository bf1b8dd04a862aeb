import Fingerprints
import Foundation
import Guestfs
import Inventory
import TestSupport
import Testing

@testable import Scanner

private let oddName = GuestPath(bytes: [0x61, 0x0A, 0xFF, 0x1B, 0x22])
private let problem = Problem(code: "c", operation: "o", subject: "s", reason: "r\n\u{1B}", remedy: "m")

/// What came of reading a file that was told of before.
private let read: FileList = [
  FileRecord(
    volume: "/dev/sdb", path: "", kind: .directory, size: 0, digests: FileDigests(sha256: Digest(of: Data())))
]

private let messages: [ScanMessage] = [
  .progress(.phase("boot")), .progress(.read(Amount(files: 1, bytes: 2), of: Amount(files: 3, bytes: .max))),
  .image(ImageFacts(format: "vhd", virtualSize: .max, parent: ParentReference(name: "..\\gold.vhd"))),
  .volume(Volume(id: "/dev/sda1", fileSystem: "ext4", status: .partial, problem: problem, mountPoint: oddName)),
  .system(OperatingSystem(family: "linux", distribution: "debian", version: "12", product: "Debian")),
  .packages([
    Package(
      kind: .note, name: "a", version: "1:2-3", architecture: "x", revision: "", location: oddName,
      files: [
        PackageFile(path: oddName), PackageFile(path: "b", algorithm: .sha512, digest: "00", isConfiguration: true),
      ])
  ]),
  .files([
    FileRecord(volume: "/dev/sda1", path: oddName, kind: .link, size: .max, modified: .min, target: oddName),
    FileRecord(
      volume: "/dev/sda1", path: "a", kind: .regular, size: 5, modified: .max, inode: .max, mode: 0o4755, uid: .max,
      gid: 1, links: 2,
      digests: FileDigests(
        sha256: Digest(of: Data("a".utf8)), gitBlob: "ab", gitoid: Digest(of: Data()), md5: "cd"),
      fingerprint: Fingerprint(
        kind: .elf, marks: [Mark(.buildID, "ab"), Mark(.shape, "")],
        descriptions: [SelfDescription(kind: .soname, name: "libä.so", version: "", fields: ["a": "\n"])],
        problem: "cut"), unreadable: "r"),
    FileRecord(volume: "/dev/sdb", path: "", kind: .directory, size: 0),
  ]),
  .readings(read.packedReadings([0], after: 2)),
  .done(status: .partial, problem: problem, counts: Counts(files: 3, read: 2, digested: 1, unreadable: 1)),
]

private func inventory(of messages: [ScanMessage]) throws -> Inventory {
  var builder = InventoryBuilder(image: ImageFacts(format: "raw"))
  for message in messages { try builder.add(message) }
  return builder.finished(otherwise: problem)
}

@Test func `messages come back whole however they arrive`() throws {
  let data = try messages.map { try $0.frame() }.reduce(Data(), +)
  for step in [1, 2, 7, 64, data.count] {
    var frames = ScanMessageFrames()
    var received: [ScanMessage] = []
    for start in stride(from: 0, to: data.count, by: step) {
      received += try frames.messages(data[start..<min(start + step, data.count)])
    }
    #expect(try inventory(of: received) == inventory(of: messages))
    #expect(received.count == messages.count)
  }
}

/// The form, and a body that is none of it.
private let garbled: [(UInt8, [UInt8])] = [
  (0, []), (0, Array("{}".utf8)), (0, Array("{\"done\":{}}".utf8)), (0, Array("\u{1B}[2J".utf8)), (1, [5]),
  (1, [1, 99]), (2, [9, 0x61]), (2, [0, 0xFF, 0xFF, 0x7F]), (2, [0, 1, 0, 77]),
  (2, [UInt8](repeating: 0xFF, count: 20)), (77, []),
]

@Test(arguments: garbled)
func `what is no message is an error that is safe to print`(form: UInt8, body: [UInt8]) {
  var frames = ScanMessageFrames()
  let data = Data([UInt8(body.count + 1), 0, 0, 0, form] + body)
  let error = #expect(throws: GarbledMessage.self) { try frames.messages(data) }
  #expect(error?.reason.contains("\u{1B}") == false)
}

@Test func `mutated messages never end the parent`() throws {
  let data = try messages.map { try $0.frame() }.reduce(Data(), +)
  var generator = SeededGenerator(seed: 5)
  for _ in 0..<2000 {
    var bad = data
    for _ in 0..<3 {
      bad[Int.random(in: 0..<bad.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
    }
    var frames = ScanMessageFrames()
    guard let received = try? frames.messages(bad) else { continue }
    #expect(received.count <= messages.count + 3)
    _ = try? inventory(of: received)
  }
}

@Test func `a frame that is too long is given up before it comes`() {
  var frames = ScanMessageFrames(longest: 1000)
  #expect(throws: Never.self) { _ = try frames.messages(Data([0xE8, 0x03, 0, 0, 0])) }
  #expect(throws: GarbledMessage.self) {
    var frames = ScanMessageFrames(longest: 1000)
    _ = try frames.messages(Data([0xE9, 0x03, 0, 0, 0]))
  }
  #expect(throws: GarbledMessage.self) {
    var frames = ScanMessageFrames(most: 1000)
    for _ in 0..<2 { _ = try frames.messages(Data([0xE9, 0x03, 0, 0, 0]) + Data(count: 600)) }
  }
}

@Test func `a child that died half way leaves no half an inventory`() throws {
  let half = try inventory(of: messages.dropLast())
  #expect(half == Inventory(image: try inventory(of: messages).image, status: .failed, problem: problem))
  #expect(half.image.format == "vhd")
  let whole = try inventory(of: messages)
  #expect(whole.files.count == 3 && whole.packages.count == 1 && whole.volumes.count == 1 && whole.systems.count == 1)
  #expect(whole.status == .partial && whole.counts.files == 3)
  #expect(whole.files[2].digests == read[0].digests && whole.files[1].unreadable == "r")
}

@Test func `what was read of a file that nobody told of is no message`() {
  for position in [0, 3, .max / 2] {
    #expect(throws: GarbledMessage.self) {
      try inventory(of: [
        .files([FileRecord(volume: "v", path: "a", kind: .regular, size: 0)]),
        .readings(read.packedReadings([0], after: position + 1)),
      ])
    }
  }
}

@Test func `a key says what it opens`() throws {
  let device = try VolumeKey(selector: "/dev/sda2:key:pass:word")
  #expect(device.key == "pass:word")
  #expect(device.opens("/dev/sda2", uuid: ""))
  #expect(!device.opens("/dev/sda3", uuid: "abc"))
  let uuid = try VolumeKey(selector: "ABC-1:key:k")
  #expect(uuid.opens("/dev/sdb", uuid: "abc-1"))
  #expect(!uuid.opens("/dev/sdb", uuid: ""))
  #expect(try VolumeKey(selector: "all:key:").opens("/dev/sdz", uuid: ""))
  for bad in ["", "all", "all:key", "all:pass:x", "all:file:/nonexistent/key"] {
    #expect(throws: Problem.self, "\(bad)") { try VolumeKey(selector: bad) }
  }
}

@Test func `a key file's last newline is not the key's`() throws {
  try withTemporaryFolder { folder in
    let file = folder.appending(path: "key")
    try Data("two\nlines\n".utf8).write(to: file)
    #expect(try VolumeKey(selector: "all:file:\(file.path)").key == "two\nlines")
  }
}

@Test func `an image that was replaced after the check is refused`() throws {
  try withTemporaryFolder { folder in
    let path = folder.appending(path: "disk.raw").path
    try Data(count: 65_536).write(to: URL(fileURLWithPath: path))
    let facts = try openImage(path, assumeRaw: true, allowedFolders: []).facts
    var request = ScanRequest(
      path: path, expected: facts.files.first, assumeRaw: true, folder: folder.path, acceleration: .tcg, memory: 512,
      processors: 1)
    #expect(try OpenImage(request).virtualSize == 65_536)
    try Data(count: 65_536).write(to: URL(fileURLWithPath: path), options: .atomic)
    let error = #expect(throws: Problem.self) { try OpenImage(request) }
    #expect(error?.code == "changed")
    request.expected = nil
    #expect(try OpenImage(request).virtualSize == 65_536)
  }
}
