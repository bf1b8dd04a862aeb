import Foundation
import TestSupport
import Testing

/// How the program ends where what it writes goes nowhere. None of these boots an appliance.
@Suite struct StandardStreamTests {
  let vmlineage: String

  init() { vmlineage = builtProgram }

  /// Runs a shell command in which `$V` is the program, `$I` an image that is refused and `$F` a folder of the test's own.
  private func shell(_ command: String, in folder: URL) throws -> Finished {
    let image = folder.appending(path: "bad.vhd")
    try Data("a text\n".utf8).write(to: image)
    return try Running(
      ["sh", "-c", command], in: folder, environment: ["V": vmlineage, "I": image.path, "F": folder.path]
    ).finish()
  }

  @Test func `an answer that does not get out whole is an error`() throws {
    try withTemporaryFolder { folder in
      let finished = try shell("$V scan $I --format json > /dev/full", in: folder)
      #expect(finished.status == 2)
      #expect(finished.errorText.contains("the answer could not be written"))
      #expect(try shell("$V doctor --help > /dev/null", in: folder).status == 0)
    }
  }

  @Test(arguments: [
    "$V scan $I 2>/dev/full", "$V scan $I 2>&-", "$V scan $I >&-", "$V scan $I <&- >&- 2>&-", "$V scan $I --catalog $F",
    "$V scan $I --catalog /proc/catalog.db", "$V scan $I --signatures /nonexistent",
    "$V scan /nonexistent", "$V scan /dev/null", "$V signatures show /nonexistent 2>&-",
    "TMPDIR=/nonexistent $V scan $I", "mkfifo $F/pipe.vhd; $V scan $F/pipe.vhd",
    ": > $F/empty.vhd; $V scan $F/empty.vhd",
  ])
  func `trouble is status 2 and nothing is left`(command: String) throws {
    try withTemporaryFolder { folder in
      let finished = try shell(command, in: folder)
      #expect(finished.status == 2)
      #expect(try left(in: folder).isEmpty)
      let catalog = folder.appending(path: "catalog.db").path
      if FileManager.default.fileExists(atPath: catalog) {
        #expect(try sqlite3([catalog, "PRAGMA integrity_check"]).text == "ok\n")
      }
    }
  }

  @Test func `a reader that goes away leaves nothing behind`() throws {
    try withTemporaryFolder { folder in
      let finished = try shell("{ $V scan $I; echo $? > $F/status; } | true", in: folder)
      #expect(finished.status == 0)
      #expect(try String(contentsOf: folder.appending(path: "status"), encoding: .utf8) == "2\n")
      #expect(try left(in: folder).isEmpty)
    }
  }

  @Test func `a folder that is called like an image is searched`() throws {
    try withTemporaryFolder { folder in
      let finished = try shell("mkdir $F/folder.vhd && $V scan $F/folder.vhd", in: folder)
      #expect(finished.status == 0)
      #expect(finished.errorText.contains("images: 0"))
    }
  }

  @Test func `many runs at once share a new catalog`() throws {
    try withTemporaryFolder { folder in
      let image = folder.appending(path: "bad.vhd")
      try Data("a text\n".utf8).write(to: image)
      let scans = try (0..<16).map { number in
        try Running([vmlineage, "scan", image.path, "--host", "host\(number)"], in: folder)
      }
      for scan in scans {
        let finished = try scan.finish()
        #expect(finished.status == 2)
        #expect(!finished.errorText.contains("catalog"), "\(finished.errorText)")
      }
      let dump = try sqlite3([folder.appending(path: "catalog.db").path, ".dump"]).text
      for number in 0..<16 { #expect(dump.contains("'host\(number)'")) }
    }
  }

  @Test(.enabled(if: canMount)) func `a full disk is told and what was stored is kept`() throws {
    try withTemporaryFolder { folder in
      let command = """
        mkdir $F/disk; mount -t tmpfs -o size=64k tmpfs $F/disk; $V scan $I --catalog $F/disk/catalog.db
        """
      let finished = try shell("unshare -m sh -c '\(command)'", in: folder)
      #expect(finished.status == 2)
      #expect(finished.errorText.contains("make room"), "\(finished.errorText)")
    }
  }
}
