import Foundation
import TestSupport
import Testing

@testable import DirectDisk

@Suite struct SandboxTests {
  @Test func `Landlock goes before a sandbox, and without either there is nothing`() {
    #expect(Confinement.means(hasLandlock: true, "/nowhere") == .landlock)
    #expect(Confinement.means(hasLandlock: false, Sandbox.program) == .bubblewrap)
    #expect(Confinement.means(hasLandlock: false, "/nowhere") == nil)
    // It is there, and makes no sandbox.
    #expect(Confinement.means(hasLandlock: false, "/usr/bin/false") == nil)
  }

  @Test func `a process in a sandbox has only what it was given`() throws {
    try withTemporaryFolder { folder in
      let (given, other) = (folder.appending(path: "given"), folder.appending(path: "other"))
      let scratch = folder.appending(path: "scratch")
      try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
      for file in [given, other] { try Data("x".utf8).write(to: file) }
      let sandbox = Sandbox(readable: [given.path], writable: [scratch.path])
      let script = """
        cat '\(given.path)'
        cat '\(other.path)' /etc/passwd /etc/hostname "$HOME"/* /root/* && echo read-other
        echo y > '\(given.path)' && echo wrote-given
        echo y > '\(folder.path)/made' && echo made-other
        echo y > /made && echo made-in-root
        mkdir '\(scratch.path)/made' && echo -made
        kill -0 \(getpid()) && echo sees-others
        grep -v -e lo: -e '|' /proc/net/dev && echo has-network
        grep -q '^CapEff:.0*$' /proc/self/status || echo has-capabilities
        exit 0
        """
      let finished = try run([Sandbox.program] + sandbox.arguments(for: ["/usr/bin/bash", "-c", script]))
      #expect(finished.status == 0 && finished.text == "x-made\n", "\(finished.text)\(finished.errorText)")
      #expect(FileManager.default.fileExists(atPath: scratch.appending(path: "made").path))
    }
  }

  @Test func `what is said to be in a sandbox and is in none reads nothing`() {
    #expect(!Sandbox.isThis)
    #expect(throws: DirectDiskError.self) {
      try Confinement.confine(readable: [], writable: [], memory: .max, written: .max, by: .bubblewrap)
    }
  }
}
