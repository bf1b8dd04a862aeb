import DiskFormats
import Foundation
import Inventory
import TestSupport
import Testing

@testable import DirectDisk

/// What a test stands on is not there.
struct Unusable: Error { var reason: String }

/// The volumes of an image without a header.
func volumes(ofRaw image: URL) throws -> [DirectVolume] { try found(onRaw: image).volumes }

/// What is found on an image without a header.
func found(onRaw image: URL) throws -> FoundVolumes {
  let chain = try readDiskChain(path: image.path, assume: .raw)
  return try openVolumes(try DiskBlocks(chain, folder: image.deletingLastPathComponent().path))
}

/// Runs a program that must end well.
@discardableResult
func make(_ arguments: [String]) throws -> String {
  let finished = try run(arguments)
  guard finished.status == 0 else { throw Unusable(reason: "\(arguments): \(finished.errorText)") }
  return finished.text
}

/// A file of this length that is all holes.
func blank(_ file: URL, _ size: UInt64) throws {
  try Data().write(to: file)
  let handle = try FileHandle(forWritingTo: file)
  try handle.truncate(atOffset: size)
  try handle.close()
}

/// One file as a tree on this machine has it, or as a reader says.
struct SeenFile: Equatable {
  var kind: FileRecord.Kind
  var size: UInt64
  var modified: Int64
  var mode: UInt16
  var uid: UInt32
  var gid: UInt32
  var links: UInt32
  var target: [UInt8]?
  var contents: Data?
}

/// Everything below a folder of this machine, as lstat(2) has it.
func filesBelow(_ folder: URL) throws -> [GuestPath: SeenFile] {
  var found: [GuestPath: SeenFile] = [:]
  var waiting: [[UInt8]] = [[]]
  while let inside = waiting.popLast() {
    let path = Array(folder.path.utf8) + (inside.isEmpty ? [] : [UInt8(ascii: "/")] + inside)
    for name in try names(in: path) {
      let place = path + [UInt8(ascii: "/")] + name
      let below = inside.isEmpty ? name : inside + [UInt8(ascii: "/")] + name
      var facts = stat()
      guard lstat(place.map { CChar(bitPattern: $0) } + [0], &facts) == 0 else { throw Unusable(reason: "lstat") }
      let kind: FileRecord.Kind =
        switch facts.st_mode & S_IFMT {
        case S_IFREG: .regular
        case S_IFDIR: .directory
        case S_IFLNK: .link
        default: .other
        }
      found[GuestPath(bytes: below)] = SeenFile(
        kind: kind, size: UInt64(facts.st_size), modified: Int64(facts.st_mtim.tv_sec),
        mode: UInt16(facts.st_mode & 0o7777), uid: facts.st_uid, gid: facts.st_gid, links: UInt32(facts.st_nlink),
        target: kind == .link ? target(of: place) : nil, contents: kind == .regular ? contents(of: place) : nil)
      if kind == .directory { waiting.append(below) }
    }
  }
  return found
}

/// All files of a volume, read whole.
func filesOf(_ volume: DirectVolume) throws -> [GuestPath: SeenFile] {
  let system = try volume.files.get()
  let (files, complaints) = try system.list(as: volume.id)
  guard complaints.isEmpty else { throw Unusable(reason: complaints) }
  return try files.reduce(into: [:]) { found, file in
    found[file.path] = SeenFile(
      kind: file.kind, size: file.size, modified: file.modified, mode: file.mode, uid: file.uid, gid: file.gid,
      links: file.links, target: file.target?.bytes,
      contents: file.kind == .regular ? try system.read([0..<file.size], of: file).first : nil)
  }
}

/// Tells of each file in which two lists differ, folders' sizes left out: these are the file system's own affair.
func expectSame(_ found: [GuestPath: SeenFile], _ truth: [GuestPath: SeenFile], _ what: Comment? = nil) {
  #expect(Set(found.keys) == Set(truth.keys), what)
  #expect(!truth.isEmpty)
  for (path, file) in truth {
    guard var seen = found[path] else { continue }
    if seen.kind == .directory { seen.size = file.size }
    #expect(seen == file, "\(path)")
  }
}

private func names(in folder: [UInt8]) throws -> [[UInt8]] {
  guard let open = opendir(folder.map { CChar(bitPattern: $0) } + [0]) else { throw Unusable(reason: "opendir") }
  defer { closedir(open) }
  var names: [[UInt8]] = []
  while let entry = readdir(open) {
    let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
    if name != Array(".".utf8), name != Array("..".utf8) { names.append(name) }
  }
  return names
}

private func target(of link: [UInt8]) -> [UInt8] {
  var buffer = [CChar](repeating: 0, count: 8192)
  let count = readlink(link.map { CChar(bitPattern: $0) } + [0], &buffer, buffer.count)
  return buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }
}

private func contents(of file: [UInt8]) -> Data? {
  let descriptor = open(file.map { CChar(bitPattern: $0) } + [0], O_RDONLY)
  return try? FileHandle(fileDescriptor: descriptor, closeOnDealloc: true).readToEnd() ?? Data()
}
