import Foundation
import TestSupport
import Testing

/// `vmlineage record` and `vmlineage catalog` as a caller sees them. None of these boots an appliance.
@Suite struct RecordTests {
  /// Vms that are made, changed, moved and stopped.
  private func events(_ count: Int, prefix: String = "e") -> [String] {
    let kinds = [
      #""kind":"vm-created","name":"web","image":"gold","host":"a""#,
      #""kind":"application-installed","application":"shop","release":"1""#,
      #""kind":"vm-state","state":"running""#, #""kind":"application-patched","application":"shop","release":"2""#,
      #""kind":"vm-migrated","host":"b""#,
    ]
    return (0..<count).map { number in
      let second = number % 60 < 10 ? "0\(number % 60)" : "\(number % 60)"
      return
        #"{"id":"\#(prefix)\#(number)","at":"2026-01-01T00:00:\#(second)Z","vm":"\#(prefix)\#(number / 5)",\#(kinds[number % 5])}"#
    }
  }

  private func write(_ lines: [String], to folder: URL, _ name: String = "events.jsonl") throws -> String {
    let file = folder.appending(path: name)
    try Data(lines.map { $0 + "\n" }.joined().utf8).write(to: file)
    return file.path
  }

  private func count(_ catalog: String, _ table: String) throws -> Int {
    try Int(rows(catalog, "SELECT count(*) AS n FROM \(table)").first?["n"] ?? "") ?? -1
  }

  @Test func `good lines are kept and bad ones named`() throws {
    try withTemporaryFolder { folder in
      let lines = events(5) + [#"{"id":"x","kind":"vm-state","at":"2026-01-01T00:00:00Z","vm":"v"}"#, "", "nonsense"]
      let file = try write(lines + events(1), to: folder)
      let catalog = folder.appending(path: "c.db").path
      for input in [["--file", file], ["--file", "-"], ["-"], []] {
        let finished = try run(
          [builtProgram, "record", "--catalog", catalog, "--format", "json"] + input,
          input: input.last == file ? nil : Data(contentsOf: URL(fileURLWithPath: file)))
        #expect(finished.status == 2)
        #expect(finished.errorText.contains("line 6: refused: no field \"state\""))
        #expect(finished.errorText.contains("line 8: refused: no JSON object"))
        try expectSchema("vmlineage.record-1.json", finished.output, in: folder)
      }
      #expect(try count(catalog, "event") == 5)
      #expect(try run([builtProgram, "catalog", "check", "--catalog", catalog]).text == "ok\n")
      let none = catalog + ".none"
      for command in ["check", "rebuild"] {
        #expect(try run([builtProgram, "catalog", command, "--catalog", none]).status == 2)
        #expect(!FileManager.default.fileExists(atPath: none))
      }
      #expect(try run([builtProgram, "catalog", "rebuild", "--catalog", catalog]).status == 0)
    }
  }

  @Test func `one event is given as options`() throws {
    try withTemporaryFolder { folder in
      let catalog = folder.appending(path: "c.db").path
      let record = { (options: [String]) in try run([builtProgram, "record", "--catalog", catalog] + options) }
      let created = try record(
        ["--kind", "vm-created", "--vm", "v", "--name", "web", "--image", "gold", "--image", "data", "--host", "a"])
      #expect(created.status == 0 && created.text == "1 recorded\n" && created.errorText == "")
      #expect(
        try record(["--kind", "vm-settings", "--vm", "v", "--setting", "memory=4096", "--setting", "a=b=c"]).status == 0
      )
      #expect(try record(["--kind", "host-rebooted", "--host", "a", "--expected", "false"]).status == 0)
      #expect(try record(["--kind", "action", "--action", "restart", "--vm", "v", "--vm", "w"]).status == 0)
      let images =
        "SELECT group_concat(key) AS k FROM (SELECT key FROM link JOIN vm ON vm.thing_id = from_id JOIN thing t ON t.id = to_id ORDER BY key)"
      #expect(try rows(catalog, images) == [["k": "data,gold"]])
      #expect(
        try rows(catalog, "SELECT key, value FROM vm_setting ORDER BY key").map { $0["value"] } == ["b=c", "4096"])
      #expect(try rows(catalog, "SELECT expected FROM reboot") == [["expected": "0"]])
      try withEachBody(of: catalog) { try expectSchema("event-1.json", $0, in: folder) }
      for wrong in [["--vm", "v"], ["--kind", "vm-deleted", "--vm", "v", "-"], ["file.jsonl"], ["--setting", "x"]] {
        #expect(try record(wrong).status == 64, "\(wrong)")
      }
      #expect(try record(["--kind", "vm-state", "--vm", "v"]).status == 2)
      #expect(try record(["--file", "/nonexistent"]).status == 2)
      #expect(try record(["--file", "/"]).status == 2)
    }
  }

  @Test func `every field of the schema has an option, and every kind is in the help`() throws {
    let schema = try json(Data(contentsOf: packageFolder.appending(path: "Signatures/schemas/event-1.json")))
    let properties = try #require(schema["properties"] as? [String: [String: Any]])
    let dumped = try json(run([builtProgram, "record", "--experimental-dump-help"]).output)
    let arguments = (dumped["command"] as? [String: Any])?["arguments"] as? [[String: Any]]
    let options = try #require(arguments).compactMap { argument in
      (argument["names"] as? [[String: Any]])?.first { $0["kind"] as? String == "long" }?["name"] as? String
    }
    // Three fields hold several values of another field's option.
    let named = Set(properties.keys).subtracting(["images", "vms", "settings"]).union(["setting"])
    #expect(Set(options) == named.union(["file", "catalog", "format", "help", "version"]))
    let kinds = try #require(properties["kind"]?["enum"] as? [String])
    let help = try run([builtProgram, "record", "--help"]).text
    for kind in kinds { #expect(help.contains("\n  \(kind) "), "\(kind)") }
  }

  private func json(_ document: Data) throws -> [String: Any] {
    try #require(JSONSerialization.jsonObject(with: document) as? [String: Any])
  }

  @Test func `a line is taken when it comes, not when the pipe ends`() throws {
    try withTemporaryFolder { folder in
      let catalog = folder.appending(path: "catalog.db").path
      let (program, pipe) = (Process(), Pipe())
      program.executableURL = URL(fileURLWithPath: builtProgram)
      program.arguments = ["record", "--catalog", catalog]
      program.standardInput = pipe
      program.standardOutput = FileHandle.nullDevice
      try program.run()
      for number in 1...2 {
        try pipe.fileHandleForWriting.write(contentsOf: Data("\(events(2)[number - 1])\n".utf8))
        #expect(eventually { (try? count(catalog, "event")) == number ? true : nil } == true)
      }
      try pipe.fileHandleForWriting.close()
      program.waitUntilExit()
      #expect(program.terminationStatus == 0)
    }
  }

  @Test func `two programs that write at once lose nothing`() throws {
    try withTemporaryFolder { folder in
      let files = try (0..<3).map { try write(events(2000, prefix: "p\($0 / 2)-"), to: folder, "\($0).jsonl") }
      // The first two say the same.
      let running = try files.map { try Running([builtProgram, "record", "--file", $0], in: folder) }
      for program in running { #expect(try program.finish().status == 0) }
      let catalog = folder.appending(path: "catalog.db").path
      #expect(try count(catalog, "event") == 4000)
      #expect(try sqlite3([catalog, "PRAGMA integrity_check; PRAGMA foreign_key_check"]).text == "ok\n")
    }
  }

  @Test func `a killed program has stored what it acknowledged, and the next goes on`() throws {
    try withTemporaryFolder { folder in
      let lines = events(24_000)
      let file = try write(lines, to: folder)
      let catalog = folder.appending(path: "catalog.db").path
      var acknowledged = 0
      for attempt in 1...10 {
        let program = try Running([builtProgram, "record", "--file", file], in: folder)
        // At some moment of the first or a later batch.
        Thread.sleep(forTimeInterval: 0.07 * Double(attempt * attempt) / 2)
        kill(program.process.processIdentifier, SIGKILL)
        let finished = try program.finish()
        let last = finished.errorText.matches(of: /acknowledged up to line (\d+)\n/).last.flatMap { Int($0.1) } ?? 0
        acknowledged = max(acknowledged, last)
        guard FileManager.default.fileExists(atPath: catalog) else { continue }
        #expect(try sqlite3([catalog, "PRAGMA integrity_check; PRAGMA foreign_key_check"]).text == "ok\n")
        if acknowledged == 0 { continue }
        let there = "event WHERE CAST(substr(id, 2) AS INTEGER) < \(acknowledged)"
        #expect(try count(catalog, there) == acknowledged)
        #expect(try count(catalog, "(SELECT id FROM event GROUP BY id HAVING count(*) > 1)") == 0)
      }
      let whole = try Running([builtProgram, "record", "--file", file], in: folder).finish()
      #expect(whole.status == 0)
      #expect(try count(catalog, "event") == lines.count && count(catalog, "event_subject") == lines.count)
      // Each vm: two hosts, golden and own image; its own image: two releases and its parent.
      #expect(try count(catalog, "link") == lines.count / 5 * 7)
    }
  }

  private func withEachBody(of catalog: String, _ body: (Data) throws -> Void) throws {
    for row in try rows(catalog, "SELECT body FROM event") { try body(Data((row["body"] ?? "").utf8)) }
  }
}
