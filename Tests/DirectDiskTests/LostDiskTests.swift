import DiskFormats
import Foundation
import Inventory
import TestSupport
import Testing

@testable import DirectDisk

/// A disk that goes away, or is not any more what it was, while it is read.
@Suite struct LostDiskTests {
  private static let size = 6 << 20

  /// An image of a disk that has no zeros, by qemu-img.
  private func withDisk(_ format: String, _ body: (DiskBlocks, URL) throws -> Void) throws {
    try withTemporaryFolder { folder in
      let (raw, image) = (folder.appending(path: "raw"), folder.appending(path: "image"))
      try Data((0..<Self.size).map { UInt8(1 + $0 % 251) }).write(to: raw)
      let form = format == "packed" ? ["-c", "-O", "qcow2"] : ["-O", format]
      try make(["qemu-img", "convert", "-f", "raw"] + form + [raw.path, image.path])
      let chain = try readDiskChain(path: image.path, assume: format == "raw" ? .raw : nil)
      try body(try DiskBlocks(chain, folder: folder.path), image)
    }
  }

  private func read(_ blocks: DiskBlocks, at offset: Int) throws -> Data {
    var data = Data()
    try blocks.append(100_000, at: UInt64(offset), to: &data)
    return data
  }

  /// Those that qemu-nbd reads too: QEMU itself makes zeros of what is gone.
  @Test(arguments: ["raw", "qcow2", "packed", "vhdx", "vmdk", "vdi"])
  func `a cut image gives an error, and no bytes that it does not have`(format: String) throws {
    try withDisk(format) { blocks, image in
      #expect(try read(blocks, at: 0).first == 1)
      let handle = try FileHandle(forWritingTo: image)
      try handle.truncate(atOffset: try handle.seekToEnd() / 2)
      let error = #expect(throws: DirectDiskError.self) { try read(blocks, at: Self.size - 100_000) }
      #expect(error?.isOfDisk == true)
    }
  }

  @Test func `a qemu-nbd that was killed is an error, and one that hangs is ended`() throws {
    for signal in [SIGKILL, SIGSTOP] {
      var server: Int32 = 0
      try withDisk("vmdk") { blocks, image in
        #expect(try read(blocks, at: 0).first == 1)
        server = try #require(children.first { opens($0, image) })
        kill(server, signal)
        guard signal == SIGKILL else { return }
        let error = #expect(throws: DirectDiskError.self) { try read(blocks, at: Self.size - 100_000) }
        #expect(error?.isOfDisk == true)
      }
      // Nor is it there as a zombie.
      #expect(!children.contains(server))
    }
  }

  @Test func `a qemu-nbd that ends at once leaves nothing`() throws {
    try withDisk("vmdk") { _, image in
      let chain = try readDiskChain(path: image.path)
      try FileHandle(forWritingTo: image).write(contentsOf: Data(count: 512))
      let before = FileManager.default.subpaths(atPath: image.deletingLastPathComponent().path)
      #expect(throws: DirectDiskError.self) {
        try DiskBlocks(chain, folder: image.deletingLastPathComponent().path)
      }
      #expect(FileManager.default.subpaths(atPath: image.deletingLastPathComponent().path) == before)
    }
  }

  @Test func `a qemu-nbd that never answers is not waited for`() throws {
    var ends: [Int32] = [-1, -1]
    // Other tests start programs meanwhile, which must not keep an end open.
    let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    #expect(socketpair(AF_UNIX, type, 0, &ends) == 0)
    defer { close(ends[1]) }
    let error = #expect(throws: DirectDiskError.self) {
      try BlockServer.handle(on: ends[0], within: .milliseconds(300))
    }
    #expect(error?.reason.contains("does not answer") == true)
    // Its end of the connection is closed.
    var longest = timeval(tv_sec: 10, tv_usec: 0)
    setsockopt(ends[1], SOL_SOCKET, SO_RCVTIMEO, &longest, socklen_t(MemoryLayout<timeval>.size))
    var byte: UInt8 = 0
    #expect(recv(ends[1], &byte, 1, 0) == 0)
  }

  /// What a list said of a file, and what there is of it by now.
  @Test(arguments: ["ext4", "vfat", "exfat", "ntfs"])
  func `a file that is shorter than it was listed is an error of that file alone`(type: String) throws {
    try withTemporaryFolder { folder in
      let image = folder.appending(path: "sample.raw")
      try make(["sh", "-c", "xz -dc /usr/share/forensics-samples/fs.\(type).xz > '\(image.path)'"])
      let system = try #require(volumes(ofRaw: image).first).files.get()
      let files = try system.list(as: "").files.filter { $0.kind == .regular && $0.size > 0 }
      for file in files {
        var longer = file
        longer.size += 1 << 20
        let error = #expect(throws: DirectDiskError.self) { try system.read([0..<longer.size], of: longer) }
        #expect(error?.isOfDisk == false)
        #expect(try system.read([0..<file.size], of: file).first?.count == Int(file.size))
      }
      #expect(files.count >= 18)
    }
  }

  @Test func `a file that was cut after it had been listed is an error`() throws {
    try withTemporaryFolder { folder in
      let tree = folder.appending(path: "tree")
      try FileManager.default.createDirectory(at: tree, withIntermediateDirectories: true)
      for name in ["cut", "whole"] { try Data(repeating: 7, count: 50_000).write(to: tree.appending(path: name)) }
      let image = try ext(["-t", "ext4"], of: tree, in: folder)
      let files = try #require(volumes(ofRaw: image).first).files.get().list(as: "").files
      try make(["debugfs", "-w", "-R", "set_inode_field cut size 10", image.path])
      let system = try #require(volumes(ofRaw: image).first).files.get()
      for file in files where file.kind == .regular {
        let data = try? system.read([0..<file.size], of: file).first
        #expect(data == (file.path == "whole" ? Data(repeating: 7, count: 50_000) : nil))
      }
    }
  }

  /// Processes that this one has started, zombies too (proc(5), stat).
  private var children: [Int32] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return names.compactMap { Int32($0) }.filter { process in
      let facts = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
      let fields = facts?.split(separator: ") ").last?.split(separator: " ") ?? []
      return fields.count > 1 && fields[1] == "\(getpid())"
    }
  }

  private func opens(_ process: Int32, _ file: URL) -> Bool {
    let folder = "/proc/\(process)/fd"
    return ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).contains {
      (try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\($0)")) == file.path
    }
  }
}
