import Foundation
import Inventory
import TestSupport
import Testing

@testable import DirectDisk

/// A folder as mkfs.xfs(8) takes it: a line an entry, its mode, owner and source or target.
private func prototype(of folder: URL, indented: String = " ") throws -> [String] {
  var lines: [String] = []
  for name in try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() {
    let file = folder.appending(path: name)
    let values = try file.resourceValues(forKeys: [.isDirectoryKey, .isSymbolicLinkKey])
    if values.isSymbolicLink == true {
      let target = try FileManager.default.destinationOfSymbolicLink(atPath: file.path)
      lines.append("\(indented)\(name) l--777 0 0 \(target)")
    } else if values.isDirectory == true {
      lines.append("\(indented)\(name) d--755 3 4")
      lines += try prototype(of: file, indented: indented + " ") + ["\(indented)$"]
    } else {
      lines.append("\(indented)\(name) -u-640 70000 5 \(file.path)")
    }
  }
  return lines
}

func xfs(_ options: [String], of tree: URL, in folder: URL) throws -> URL {
  let (image, list) = (folder.appending(path: "xfs.raw"), folder.appending(path: "prototype"))
  try blank(image, 320 << 20)
  let lines = try ["/boot", "0 0", "d--755 0 0"] + prototype(of: tree) + ["$", ""]
  try Data(lines.joined(separator: "\n").utf8).write(to: list)
  try make(["mkfs.xfs", "-q", "-f", "-p", list.path] + options + [image.path])
  return image
}

/// Files whose names a prototype can hold, and links: mkfs.xfs writes long ones right in version 4 only.
private func fillPlainTree(_ tree: URL, links: [Int] = [20]) throws {
  try FileManager.default.createDirectory(at: tree.appending(path: "a/b/c"), withIntermediateDirectories: true)
  try FileManager.default.createDirectory(at: tree.appending(path: "many"), withIntermediateDirectories: true)
  try Data((0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }).write(to: tree.appending(path: "large"))
  try Data("c".utf8).write(to: tree.appending(path: "a/b/c/file"))
  try Data().write(to: tree.appending(path: "empty"))
  for length in links {
    try FileManager.default.createSymbolicLink(
      atPath: tree.appending(path: "link-\(length)").path, withDestinationPath: String(repeating: "t", count: length))
  }
  for number in 0..<1500 {
    try Data("\(number)".utf8).write(to: tree.appending(path: "many/some-longer-name-\(number)"))
  }
}

@Suite struct XFSTests {
  @Test(arguments: [
    ["-m", "crc=0"], ["-m", "bigtime=0"], [], ["-b", "size=1024"], ["-n", "size=16384"],
    ["-m", "rmapbt=1", "-i", "size=1024"],
  ])
  func `shows the files that mkfs.xfs put there`(options: [String]) throws {
    try withTemporaryFolder { folder in
      let tree = folder.appending(path: "tree")
      try fillPlainTree(tree, links: options == ["-m", "crc=0"] ? [20, 400, 1000] : [20, 150])
      let before = Int64(Date().timeIntervalSince1970)
      let volume = try #require(volumes(ofRaw: xfs(options, of: tree, in: folder)).first)
      #expect(volume.type == "xfs")
      let found = try filesOf(volume)
      let truth = try filesBelow(tree)
      #expect(Set(found.keys) == Set(truth.keys))
      for (path, file) in truth {
        let seen = try #require(found[path])
        #expect(seen.kind == file.kind && seen.target == file.target && seen.contents == file.contents, "\(path)")
        #expect(seen.modified >= before && seen.modified <= before + 600, "\(path)")
        switch file.kind {
        case .regular: #expect(seen.mode == 0o4640 && seen.uid == 70_000 && seen.gid == 5 && seen.links == 1)
        case .directory: #expect(seen.mode == 0o755 && seen.uid == 3 && seen.gid == 4 && seen.links == file.links)
        default: #expect(seen.mode == 0o777)
        }
      }
    }
  }

  @Test func `a changed byte never ends the reader`() throws {
    try withTemporaryFolder { folder in
      let tree = folder.appending(path: "tree")
      try fillPlainTree(tree)
      let image = try xfs(["-b", "size=1024"], of: tree, in: folder)
      // All that is used lies in the first group but its end: enough for the superblock to be true of.
      try mutateInPlace(image, seed: 33, rounds: 150)
    }
  }

  @Test func `a log that was not emptied is left to the appliance`() throws {
    try withTemporaryFolder { folder in
      let tree = folder.appending(path: "tree")
      try FileManager.default.createDirectory(at: tree, withIntermediateDirectories: true)
      let image = try xfs([], of: tree, in: folder)
      let start = try make(["xfs_db", "-r", "-c", "sb 0", "-c", "convert fsblock \(logStart(image)) byte", image.path])
      let place = try #require(start.firstMatch(of: /\((\d+)\)/).flatMap { UInt64($0.1) })
      // The flag of the record that ends a mount.
      let handle = try FileHandle(forUpdating: image)
      try handle.seek(toOffset: place + 512 + 9)
      #expect(try handle.read(upToCount: 1)?.first == 0x20)
      try handle.seek(toOffset: place + 512 + 9)
      try handle.write(contentsOf: Data([0]))
      try handle.close()
      let volume = try #require(volumes(ofRaw: image).first)
      if case .failure(let error) = volume.files { #expect(error.reason == "its journal was not replayed") }
      #expect(throws: DirectDiskError.self) { try volume.files.get() }
    }
  }

  private func logStart(_ image: URL) throws -> String {
    let said = try make(["xfs_db", "-r", "-c", "sb 0", "-c", "print logstart", image.path])
    return String(said.split(separator: "=").last ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
  }
}

/// As `mutate`, for an image that is too large to be written again each time: bytes are changed where it has any, and
/// put back.
func mutateInPlace(_ image: URL, seed: UInt64, rounds: Int) throws {
  let whole = try Data(contentsOf: image, options: .alwaysMapped)
  let used = stride(from: 0, to: min(whole.count, 4 << 20), by: 64).filter { start in
    whole[start..<start + 64].contains { $0 != 0 }
  }
  var generator = SeededGenerator(seed: seed)
  let handle = try FileHandle(forUpdating: image)
  var readable = 0
  for round in 0..<rounds {
    var old: [(Int, Data)] = []
    for _ in 0..<Int.random(in: 1...12, using: &generator) {
      let place = (used.randomElement(using: &generator) ?? 0) + Int.random(in: 0..<64, using: &generator)
      try handle.seek(toOffset: UInt64(place))
      old.append((place, try handle.read(upToCount: 1) ?? Data()))
      try handle.seek(toOffset: UInt64(place))
      try handle.write(contentsOf: Data([[0, 1, 0xFF, UInt8.random(in: 0...255, using: &generator)][round % 4]]))
    }
    for volume in (try? volumes(ofRaw: image)) ?? [] {
      guard let system = try? volume.files.get(), let (files, _) = try? system.list(as: volume.id) else { continue }
      readable += 1
      for file in files where file.kind == .regular && file.size < 1 << 20 {
        _ = try? system.read([0..<file.size], of: file)
      }
    }
    for (place, data) in old.reversed() {
      try handle.seek(toOffset: UInt64(place))
      try handle.write(contentsOf: data)
    }
  }
  #expect(readable > rounds / 10)
}
