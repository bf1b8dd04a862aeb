import Foundation
import Inventory
import TestSupport
import Testing

@testable import DirectDisk

/// Folders that lie in themselves, and one that is found by two names, in file systems other than ext: each is listed
/// once, which is said, and all else is there.
@Suite struct FolderLoopTests {
  private static let complaint = "a folder in it is in another one too"

  private func tree(in folder: URL) throws -> URL {
    let tree = folder.appending(path: "tree")
    try FileManager.default.createDirectory(at: tree.appending(path: "a/b/c"), withIntermediateDirectories: true)
    try Data("deep".utf8).write(to: tree.appending(path: "a/b/c/file"))
    return tree
  }

  private func listing(_ image: URL) throws -> (paths: [String], complaints: String) {
    let system = try #require(volumes(ofRaw: image).first).files.get()
    let (files, complaints) = try system.list(as: "/dev/sda")
    for file in files where file.path.name == "file" {
      #expect(try system.read([0..<file.size], of: file) == [Data("deep".utf8)])
    }
    return (files.map(\.path.lossy).filter { $0 != "lost+found" }.sorted(), complaints)
  }

  /// Its folders are named by where their entries stand, so a loop is seen one round later.
  @Test func `in FAT`() throws {
    try withTemporaryFolder { folder in
      let image = folder.appending(path: "fat.raw")
      try blank(image, 4 << 20)
      try make(["mkfs.vfat", image.path])
      for path in ["::/A", "::/A/B", "::/C"] { try make(["mmd", "-i", image.path, path]) }
      let file = folder.appending(path: "file")
      try Data("deep".utf8).write(to: file)
      try make(["mcopy", "-i", image.path, file.path, "::/A/file"])
      // A short name of 11 bytes begins an entry; 26: the first cluster.
      try change(image) { data in
        func entry(_ name: String) throws -> Int {
          try #require(data.firstRange(of: Data(name.padding(toLength: 11, withPad: " ", startingAt: 0).utf8)))
            .lowerBound
        }
        let (a, b, c) = (try entry("A"), try entry("B"), try entry("C"))
        for other in [b, c] { data.replaceSubrange(other + 26..<other + 28, with: data[a + 26..<a + 28]) }
      }
      let (paths, complaints) = try listing(image)
      #expect(Set(paths).count == paths.count && Set(paths).isSuperset(of: ["A", "C"]) && paths.count < 12, "\(paths)")
      #expect(paths.contains { $0 == "A/file" || $0 == "C/file" })
      #expect(complaints.contains(Self.complaint), "\(complaints)")
    }
  }

  /// An entry of the root, by [MS-FSCC] and libfsntfs: 0 its file's record(6) and that one's use(2)  82 name.
  @Test func `in NTFS`() throws {
    try withTemporaryFolder { folder in
      let image = folder.appending(path: "ntfs.raw")
      try make(["sh", "-c", "xz -dc /usr/share/forensics-samples/fs.ntfs.xz > '\(image.path)'"])
      let whole = try listing(image)
      #expect(whole.complaints.isEmpty && whole.paths.contains("pic1"))
      let name = try #require("pic1".data(using: .utf16LittleEndian))
      try change(image) { data in
        var found = data.startIndex
        var changed = 0
        while let range = data[found...].firstRange(of: name) {
          found = range.upperBound
          let entry = range.lowerBound - 82
          // In a record of its own there is something else at this place.
          guard entry >= 0, Array(data[entry..<entry + 8]).number(0, 6) > 16, data[entry + 80] == 4 else { continue }
          data.replaceSubrange(entry..<entry + 8, with: [5, 0, 0, 0, 0, 0, 5, 0])
          changed += 1
        }
        #expect(changed == 1)
      }
      let (paths, complaints) = try listing(image)
      #expect(paths == whole.paths.filter { !$0.hasPrefix("pic1/") })
      #expect(complaints.contains(Self.complaint), "\(complaints)")
    }
  }

  @Test(arguments: [["-m", "crc=0"], []]) func `in XFS`(options: [String]) throws {
    try withTemporaryFolder { folder in
      let tree = try tree(in: folder)
      try FileManager.default.createDirectory(at: tree.appending(path: "z"), withIntermediateDirectories: true)
      let image = try xfs(options, of: tree, in: folder)
      let system = try #require(volumes(ofRaw: image).first).files.get()
      let inodes = try system.list(as: "").files.reduce(into: [:]) { $0[$1.path.lossy] = $1.inode }
      // The second entry of the root is `z`, the only folder in `b` is `c`.
      let (a, b, root) = (try #require(inodes["a"]), try #require(inodes["a/b"]), 128)
      for (holder, entry, target) in [(UInt64(root), 1, b), (b, 0, a)] {
        let field = options.isEmpty ? "u3" : "u"
        try make([
          "xfs_db", "-x", "-c", "inode \(holder)", "-c", "write \(field).sfdir3.list[\(entry)].inumber.i4 \(target)",
          image.path,
        ])
      }
      let (paths, complaints) = try listing(image)
      #expect([["a", "a/b", "z", "z/c"], ["a", "a/b", "a/b/c", "z"]].contains(paths), "\(paths)")
      #expect(complaints.components(separatedBy: Self.complaint).count == 3, "\(complaints)")
    }
  }

  private func change(_ image: URL, _ body: (inout Data) throws -> Void) throws {
    var data = try Data(contentsOf: image)
    try body(&data)
    try data.write(to: image)
  }
}
