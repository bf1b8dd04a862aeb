import Foundation
import Inventory
import TestSupport
import Testing

@testable import DirectDisk
@testable import DiskFormats

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

  /// Microsoft, FAT: General Overview of On-Disk Format: 14 reserved sectors(2)  22 sectors of a table(2); a table has 2
  /// bytes a cluster, the number of the next.
  @Test func `in chains of clusters, of a folder and of a file`() throws {
    try withTemporaryFolder { folder in
      let (image, file) = (folder.appending(path: "fat.raw"), folder.appending(path: "file"))
      try blank(image, 8 << 20)
      try make(["mkfs.vfat", "-F", "16", "-s", "1", image.path])
      try make(["mmd", "-i", image.path, "::/A"])
      try Data(repeating: 7, count: 100_000).write(to: file)
      try make(["mcopy", "-i", image.path, file.path, "::/A/large"])
      try make(["mcopy", "-i", image.path, file.path, "::/whole"])
      try change(image) { data in
        let bytes = Array(data.prefix(512))
        let (first, length) = (Int(bytes.number(14, 2)) * 512, Int(bytes.number(22, 2)) * 512)
        for name in ["A          ", "LARGE      "] {
          let entry = try #require(data.firstRange(of: Data(name.utf8))).lowerBound
          let cluster = Int(Array(data[entry..<entry + 32]).number(26, 2))
          for table in [first, first + length] {
            let place = table + cluster * 2
            data.replaceSubrange(place..<place + 2, with: [UInt8(cluster & 0xFF), UInt8(cluster >> 8)])
          }
        }
      }
      let system = try #require(volumes(ofRaw: image).first).files.get()
      let files = try system.list(as: "").files
      #expect(files.count < 20 && files.contains { $0.path == "whole" })
      for file in files where file.kind == .regular {
        let data = try? system.read([0..<file.size], of: file).first
        if file.path == "whole" { #expect(data == Data(repeating: 7, count: 100_000)) }
        if let data { #expect(data.count == 100_000) }
      }
    }
  }

  /// An entry of the root, by [MS-FSCC] and libfsntfs: 0 its file's record(6) and that one's use(2)  80 length of the
  /// name(1)  82 name.
  @Test func `in NTFS`() throws {
    try withTemporaryFolder { folder in
      let image = folder.appending(path: "ntfs.raw")
      try make(["sh", "-c", "xz -dc /usr/share/forensics-samples/fs.ntfs.xz > '\(image.path)'"])
      let whole = try listing(image)
      #expect(whole.complaints.isEmpty && Set(whole.paths).isSuperset(of: ["movie1", "pic1"]))
      try change(image) { data in
        func entry(_ name: String) throws -> Int {
          let text = try #require(name.data(using: .utf16LittleEndian))
          var from = data.startIndex
          while let range = data[from...].firstRange(of: text) {
            let entry = range.lowerBound - 82
            // In a record of its own there is something else at this place.
            let isEntry = entry >= 0 && Array(data[entry..<entry + 8]).number(0, 6) > 16
            if isEntry, Int(data[entry + 80]) == name.utf8.count { return entry }
            from = range.upperBound
          }
          throw Unusable(reason: "\(name) is in no folder")
        }
        let (first, second) = (try entry("movie1"), try entry("pic1"))
        data.replaceSubrange(second..<second + 8, with: data[first..<first + 8])
      }
      let (paths, complaints) = try listing(image)
      // Which of the two names shows the files is not said; none of them is shown twice.
      let files = paths.filter { $0.contains("/") }
      #expect(Set(files).count == files.count && files.count <= whole.paths.count, "\(paths)")
      #expect(files.contains { $0.hasPrefix("audio1/") })
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
