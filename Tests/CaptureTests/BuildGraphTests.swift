import Capture
import Foundation
import Inventory
import TestSupport
import Testing

@Suite struct BuildGraphTests {
  /// Traces a script in a folder as capture does and returns the trace.
  private func trace(_ script: String, in folder: URL) throws -> [UInt8] {
    let file = folder.deletingLastPathComponent().appending(path: "trace-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: file) }
    let calls =
      "trace=execve,open,openat,creat,rename,renameat,renameat2,link,linkat,unlink,unlinkat,dup2,dup3,"
      + "chdir,fchdir,fork,vfork,clone,clone3"
    let result = try run(
      ["strace", "-f", "-q", "-z", "-y", "-xx", "-s", "4096", "-e", "signal=none", "-e", calls, "-o", file.path]
        + ["sh", "-c", script], in: folder)
    try #require(result.status == 0, "\(result.errorText)")
    return try Array(Data(contentsOf: file))
  }

  @Test(arguments: [
    ("cat a b > out", ["a", "b"]),
    ("cp a out && cp b out2", ["a"]),
    ("cp a b sub/ && mv sub/b out", ["b"]),
    ("cat a > t; mv t sub/t; cd sub; ln t ../out", ["a"]),
    ("cat a | tr x y | sort > out", ["a"]),
    ("(cat a; echo; cat b) > out", ["a", "b"]),
    ("cat a > t; cat b > t; cp t out", ["b"]),
    ("cat a > t; cat b >> t; cp t out", ["a", "b"]),
    ("cp a t; rm t; cp b t; cp t out", ["b"]),
    ("cat < a > out", ["a"]),
    ("cp a out; sed -i s/x/y/ out", ["a"]),
    ("mkdir d; cp a d/f; mv d e; cp e/f out", ["a"]),
    ("sh script > out", ["script"]),
    ("echo constant > out", []),
    ("cp /etc/passwd out; cp a t", []),
    ("cat a > /dev/null; cp b out", ["b"]),
    ("dd if=a of=out 2> /dev/null", ["a"]),
    ("tar cf - a | tar xf - -C sub; mv sub/a out", ["a"]),
    ("cp a t; install -m 644 t 'o\nut'; mv 'o\nut' out", ["a"]),
  ])
  func `follows files through programs`(script: String, expected: [String]) throws {
    try withTemporaryFolder { folder in
      let folder = folder.resolvingSymlinksInPath()
      let work = folder.appending(path: "w")
      try FileManager.default.createDirectory(at: work.appending(path: "sub"), withIntermediateDirectories: true)
      let names = ["a", "b", "script"]
      for name in names { try Data("echo \(name)\n".utf8).write(to: work.appending(path: name)) }
      let top = GuestPath(work.path)
      let present = Set(names.map { top.appending(GuestPath($0)) })
      var graph = BuildGraph(working: top, isSource: present.contains)
      graph.add(trace: try trace(script, in: work))
      let inputs = graph.inputs(of: top.appending("out"))
      #expect(inputs == Set(expected.map { top.appending(GuestPath($0)) }))
    }
  }

  @Test func `what the build did not make has no inputs`() throws {
    try withTemporaryFolder { folder in
      var graph = BuildGraph(working: GuestPath(folder.path), isSource: { _ in true })
      graph.add(trace: try trace("true", in: folder))
      #expect(graph.inputs(of: GuestPath(folder.path + "/x")) == nil)
    }
  }

  @Test func `returns for any trace`() throws {
    try withTemporaryFolder { folder in
      let whole = try trace("cat /etc/passwd | sort > x; (cp x y; mv y z)", in: folder)
      var generator = SeededGenerator(seed: 11)
      for _ in 0..<60 {
        var bytes = whole
        for _ in 0..<Int.random(in: 1...40, using: &generator) {
          bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
        }
        bytes = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &generator)))
        var graph = BuildGraph(working: "w", isSource: { _ in true })
        graph.add(trace: bytes)
        _ = graph.inputs(of: GuestPath(folder.path + "/z"))
      }
    }
  }
}
