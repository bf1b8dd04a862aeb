import Foundation
import Inventory
import TestSupport
import Testing

@testable import Scanner

/// Paths are followed as Linux follows them: in a chroot, one volume mounted in another.
struct ResolveTests {
  /// What the kernel finds at each path below `folder`, where `inner` is mounted at `mnt`: contents of a file, names in a
  /// folder, or the error.
  private func kernel(_ paths: [String], in folder: URL, mounting inner: URL) throws -> [String] {
    let program = """
      import os, sys
      os.chroot(sys.argv[1]); os.chdir("/")
      for path in sys.stdin.read().split("\\n"):
          try: print(sorted(os.listdir("/" + path)) if os.path.isdir("/" + path) else open("/" + path).read())
          except OSError as e: print(e.errno)
      """
    let script = "mount --bind \"$2\" \"$1/mnt\" && exec python3 -c \"$3\" \"$1\""
    let answer = try run(
      ["unshare", "-m", "sh", "-c", script, "sh", folder.path, inner.path, program],
      input: Data(paths.joined(separator: "\n").utf8))
    guard answer.status == 0 else { throw Unready(reason: answer.errorText) }
    return answer.text.split(separator: "\n").map(String.init)
  }

  private struct Unready: Error { var reason: String }

  private func ours(_ path: String, _ view: SystemView, _ contents: [String: [String: String]]) -> String {
    switch view.resolve(GuestPath(path)) {
    case .found(let place) where place.isDirectory:
      "[" + view.names(in: place.path).sorted().map { "'\($0)'" }.joined(separator: ", ") + "]"
    case .found(let place): contents[place.volume.volume.id]?[place.volumePath.lossy] ?? "?"
    case .missing(let end, let rest):
      // ENOENT, or ENOTDIR where something is there.
      view.place(end) != nil && !rest.isEmpty ? "20" : "2"
    case .tooManyLinks: "40"
    }
  }

  private func write(_ contents: [String: String], to folder: URL) throws {
    for (name, text) in contents.sorted(by: { $0.key < $1.key }) {
      let url = folder.appending(path: name)
      try FileManager.default.createDirectory(
        at: name.hasSuffix("/") ? url : url.deletingLastPathComponent(), withIntermediateDirectories: true)
      if text.hasPrefix("-> ") {
        try FileManager.default.createSymbolicLink(atPath: url.path, withDestinationPath: String(text.dropFirst(3)))
      } else if !name.hasSuffix("/") {
        try Data(text.utf8).write(to: url)
      }
    }
  }

  @Test func `a path leads where Linux says`() throws {
    var generator = SeededGenerator(seed: 14)
    for _ in 0..<6 {
      let folders = ["a", "b", "a/c", "a/c/d"]
      var top: [String: String] = ["mnt/": "", "chain40": "-> l0", "chain41": "-> chain40", "l39": "-> a/f"]
      for number in 0..<39 { top["l\(number)"] = "-> l\(number + 1)" }
      top["chain40"] = "-> l1"
      top["chain41"] = "-> l0"
      var inner: [String: String] = ["x/file": "inner", "up": "-> ../a", "abs": "-> /a/c", "own": "-> x/./file"]
      for folder in folders { top["\(folder)/f"] = "file in \(folder)" }
      let pieces = ["a", "b", "c", "d", "f", "..", ".", "mnt", "x", "up", "k0", "k1", "k2", "k3", "gone"]
      for number in 0..<8 {
        let target = (0..<Int.random(in: 1...5, using: &generator)).map { _ in
          pieces.randomElement(using: &generator) ?? "a"
        }.joined(separator: "/")
        let link = "-> " + (Bool.random(using: &generator) ? "/" : "") + target
        let folder = ["", "a/", "a/c/", "b/"].randomElement(using: &generator) ?? ""
        if number == 7 { inner["k7"] = link } else { top["\(folder)k\(number % 4)"] = link }
      }
      var paths = Array(top.keys) + inner.keys.map { "mnt/\($0)" }
      paths += ["chain40", "chain41", "mnt/up/../mnt/abs/d/f", "../../a/f", "a/f/x", "a//c/./f", "l0/x", "mnt/own/"]
      paths += (0..<100).map { _ in
        (0..<Int.random(in: 1...6, using: &generator)).map { _ in pieces.randomElement(using: &generator) ?? "a" }
          .joined(separator: "/")
      }
      // A slash at the end asks for a folder, which no reader does.
      paths = paths.map { $0.trimmingCharacters(in: ["/"]) }
      let view = {
        var view = SystemView(volume("/dev/sda1", top))
        view.mounts.append(.init(point: "mnt", volume: volume("/dev/sda2", inner)))
        return view
      }()
      try withTemporaryFolder { folder in
        let (a, b) = (folder.appending(path: "a"), folder.appending(path: "b"))
        for (place, contents) in [(a, top), (b, inner)] { try write(contents, to: place) }
        let truth = try kernel(paths, in: a, mounting: b)
        try #require(truth.count == paths.count)
        for (path, expected) in zip(paths, truth) {
          let own = ours(path, view, ["/dev/sda1": top, "/dev/sda2": inner])
          #expect(own == expected, "\(path)")
        }
      }
    }
  }

  @Test func `names in a folder are those of ls`() {
    let listed = volume(["a": "-> x", "a-b": "1", "b/c": "2", "b-c/d": "3", "b/e/f": "4", "ba": "5"])
    #expect(
      listed.names(in: "").map { String(decoding: $0, as: UTF8.self) }.sorted() == ["a", "a-b", "b", "b-c", "ba"])
    #expect(listed.names(in: "b").map { String(decoding: $0, as: UTF8.self) } == ["c", "e"])
    #expect(listed.names(in: "gone").isEmpty)
    #expect(listed.range(below: "b").count == 3)
  }
}
