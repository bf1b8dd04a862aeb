import Foundation
import Inventory
import TestSupport
import Testing

@testable import DirectDisk

/// Whether an image can be mounted here, so that Linux itself writes it.
let canMountImages =
  geteuid() == 0 && access("/dev/loop-control", F_OK) == 0 && (try? run(["unshare", "-m", "true"]).status) == 0

@Suite struct ExtInlineTests {
  /// Only Linux lets a folder go on behind its 60 bytes.
  @Test(.enabled(if: canMountImages)) func `shows what Linux writes into inodes`() throws {
    try withTemporaryFolder { folder in
      let (tree, copy, mount) = (
        folder.appending(path: "tree"), folder.appending(path: "copy"), folder.appending(path: "mount")
      )
      for made in [tree, copy, mount] {
        try FileManager.default.createDirectory(at: made, withIntermediateDirectories: true)
      }
      let image = try ext(["-t", "ext4", "-O", "inline_data", "-I", "512"], of: tree, in: folder)
      let script = """
        mount -o loop '\(image.path)' '\(mount.path)'
        cd '\(mount.path)'
        for count in 1 2 3 4 8 12 20 60; do
          mkdir with-$count
          for number in $(seq $count); do echo "$count" > with-$count/some-name-$number; done
        done
        for number in 2 5 9; do rm with-12/some-name-$number; done
        mv with-8/some-name-3 with-8/a-longer-name-than-before
        head -c 300 /dev/urandom > shrunk; truncate -s 20 shrunk
        printf 'abc' > grown; truncate -s 200 grown
        printf 'abc' > far; truncate -s 9000 far
        seq 30 > appended; seq 30 >> appended
        cp -a . '\(copy.path)'
        cd /
        umount '\(mount.path)'
        """
      try make(["unshare", "-m", "bash", "-ec", script])
      let found = try filesOf(try #require(volumes(ofRaw: image).first))
      expectSame(withoutLostAndFound(found), withoutLostAndFound(try filesBelow(copy)))
      #expect(try #require(try inlineBytes(of: "with-8", image)) > 60)
      #expect(try inlineBytes(of: "with-60", image) == nil)
    }
  }

  @Test func `whatever an inode says of its contents is an error or lies within it`() throws {
    try withTemporaryFolder { folder in
      let tree = folder.appending(path: "tree")
      try FileManager.default.createDirectory(at: tree, withIntermediateDirectories: true)
      let data = Data((0..<100).map { UInt8($0 + 1) })
      try data.write(to: tree.appending(path: "file"))
      let image = try ext(["-t", "ext4", "-O", "inline_data,^metadata_csum"], of: tree, in: folder)
      let whole = try Data(contentsOf: image)
      // Of its attribute: 0 length of the name  1 prefix  2 place of the value  4 its inode  8 its length  16 name.
      let entry = try #require(whole.firstRange(of: Data([4, 7]))?.lowerBound)
      #expect(whole[entry + 16..<entry + 20] == Data("data".utf8) && whole[entry + 8] == 40)
      func found(_ changes: [Int: UInt8]) throws -> Data? {
        let handle = try FileHandle(forWritingTo: image)
        for (place, byte) in changes {
          try handle.seek(toOffset: UInt64(entry + place))
          try handle.write(contentsOf: Data([byte]))
        }
        try handle.close()
        let system = try #require(volumes(ofRaw: image).first).files.get()
        let file = try #require(try system.list(as: "").files.first { $0.path == "file" })
        defer { try? whole.write(to: image) }
        return try? system.read([0..<100], of: file).first
      }
      #expect(try found([:]) == data)
      // Beyond the inode by its place, by its length, by both; and in another inode.
      for changes in [[2: 255], [3: 255], [9: 1], [11: 255], [2: 90, 8: 60], [4: 12], [7: 255]] as [[Int: UInt8]] {
        #expect(try found(changes) == nil, "\(changes)")
      }
      // Shorter, or with no such attribute, the rest is zeros, as Linux shows it.
      #expect(try found([8: 39]) == data.prefix(99) + [0])
      #expect(try found([16: 68]) == data.prefix(60) + Data(count: 40))
    }
  }

  /// As debugfs(8) tells; nil for a file that has blocks.
  private func inlineBytes(of path: String, _ image: URL) throws -> Int? {
    let said = try make(["debugfs", "-R", "stat \(path)", image.path])
    return said.firstMatch(of: /Size of inline data: (\d+)/).flatMap { Int($0.1) }
  }
}
