import Foundation
import TestSupport
import Testing

/// `vmlineage find`, `why`, `common` and `sql` as a caller sees them. None of these boots an appliance.
@Suite struct FindTests {
  private static let events = """
    {"id":"1","kind":"host-added","at":"2026-01-01T00:00:00Z","reporter":"t","host":"web-01","group":"shop"}
    {"id":"2","kind":"host-added","at":"2026-01-01T00:00:00Z","reporter":"t","host":"web-02","group":"shop"}
    {"id":"3","kind":"image-created","at":"2026-01-01T00:00:00Z","reporter":"t","image":"gold","path":"/i/gold.vhd","role":"golden"}
    {"id":"4","kind":"application-installed","at":"2026-01-02T00:00:00Z","reporter":"t","image":"gold","application":"shop","release":"2.1"}
    {"id":"5","kind":"vm-created","at":"2026-01-03T00:00:00Z","reporter":"t","vm":"aaaa","name":"vm-a","image":"gold","host":"web-01"}
    {"id":"6","kind":"vm-created","at":"2026-01-03T00:00:00Z","reporter":"t","vm":"bbbb","name":"vm-b","image":"gold","host":"web-02"}
    {"id":"7","kind":"vm-state","at":"2026-01-03T01:00:00Z","reporter":"t","vm":"aaaa","state":"running"}
    {"id":"8","kind":"application-patched","at":"2026-01-04T00:00:00Z","reporter":"t","vm":"bbbb","application":"shop","release":"2.2"}
    {"id":"9","kind":"host-rebooted","at":"2026-01-05T00:00:00Z","reporter":"t","host":"web-02","expected":false}
    {"id":"10","kind":"vm-settings","at":"2026-01-05T00:00:00Z","reporter":"t","vm":"aaaa","settings":{"memory":"4096"}}
    {"id":"11","kind":"image-created","at":"2026-01-01T00:00:00Z","reporter":"t","image":"spare","path":"/i/spare.vhd"}
    {"id":"12","kind":"release-built","at":"2026-01-01T12:00:00Z","reporter":"t","application":"shop","release":"2.1"}
    {"id":"13","kind":"release-built","at":"2026-01-03T12:00:00Z","reporter":"t","application":"shop","release":"2.2"}
    """

  private func withCatalog(_ body: (URL, ([String], String) throws -> Finished) throws -> Void) throws {
    try withTemporaryFolder { folder in
      let catalog = folder.appending(path: "c.db").path
      let recorded = try run([builtProgram, "record", "--catalog", catalog], input: Data(FindTests.events.utf8))
      #expect(recorded.status == 0)
      try body(folder) { arguments, input in
        try run([builtProgram] + arguments + ["--catalog", catalog], input: Data(input.utf8))
      }
    }
  }

  @Test(arguments: [
    ("vms --application shop@2.1", "aaaa"), ("vms --application shop", "aaaa bbbb"), ("vms --image gold.vhd", "aaaa"),
    ("vms --image gold --at 2026-01-03T12:00:00Z", "aaaa bbbb"), ("vms --state running", "aaaa"),
    ("vms --setting memory=4096", "aaaa"), ("hosts --application shop --not application=shop@2.1", "web-02"),
    ("hosts --rebooted unexpected", "web-02"), ("hosts --rebooted expected", ""), ("images --not vm=*", "spare"),
    ("images --ancestor gold", "vm:bbbb"), ("images --role golden", "gold"), ("hosts --group shop", "web-01 web-02"),
    ("hosts --vm aaaa", "web-01"), ("releases --outdated --state running", "shop@2.1"),
    ("releases --rebooted unexpected --installed-within 5000d --at 2026-01-06", "shop@2.2"),
    ("releases --host web-02 --at 2026-01-03T12:00:00Z", "shop@2.1"), ("applications --host web-*", "shop"),
    ("releases --changed-within 60h --host * --at 2026-01-05", "shop@2.2"), ("hosts --host nothing*", ""),
    ("vms --origin inferred --application shop", ""), ("vms --min-confidence 0.9 --application shop", "aaaa bbbb"),
    ("vms --sort name --limit 1", "aaaa"), ("vms --application shop --count", "2"),
    ("--question unused-images", "spare"), ("--question vms-in-state state=running", "aaaa"),
    ("--question crashed-hosts within=50000d", "web-02"),
  ])
  func `a question gives its answers`(question: String, answers: String) throws {
    try withCatalog { folder, ask in
      let words = ["find"] + question.split(separator: " ").map(String.init)
      let ids = try ask(words + ["--format", "ids"], "")
      #expect(ids.text.split(separator: "\n").sorted().joined(separator: " ") == answers, "\(ids.errorText)")
      #expect(ids.status == (answers.isEmpty ? 1 : 0))
      try expectSchema("vmlineage.find-1.json", ask(words + ["--format", "json"], "").output, in: folder)
      #expect(try ask(words + ["--explain"], "").text.contains("SELECT"))
    }
  }

  @Test func `sets pass on, unknown names are told, and questions that make no sense refused`() throws {
    try withCatalog { folder, ask in
      #expect(try ask(["find", "hosts", "--vm", "-", "--format", "ids"], "aaaa\nvm-b\n").text == "web-01\nweb-02\n")
      let unknown = try ask(["find", "vms", "--host", "wbe-01", "--format", "json"], "")
      #expect(unknown.status == 1 && unknown.errorText.contains("web-01"))
      try expectSchema("vmlineage.find-1.json", unknown.output, in: folder)
      #expect(try ask(["find", "cats"], "").status == 64)
      #expect(try ask(["find", "vms", "--min-confidence", "much"], "").status == 64)
      #expect(try run([builtProgram, "find", "vms", "--catalog", folder.path + "/none.db"]).status == 2)
    }
  }

  @Test func `why, common and sql answer`() throws {
    try withCatalog { _, ask in
      let why = try ask(["why", "host:web-02", "shop@2.2"], "")
      #expect(why.status == 0 && why.text.contains("application-patched") && why.text.contains("event 8 of t"))
      #expect(try ask(["why", "shop@2.2", "web-02"], "").text == why.text)
      #expect(try ask(["why", "image:vm:bbbb", "image:gold"], "").text.contains("→"))
      #expect(try ask(["why", "web-01", "shop@2.2"], "").status == 1)
      let common = try ask(["common", "applications", "--vm", "vm-b", "--against", "vm-a"], "")
      #expect(common.status == 0 && common.text.split(separator: "\n")[1].contains("2.2"))
      let rows = try ask(["sql", "select host from v_vms order by 1"], "")
      #expect(rows.text == "host\nweb-01\nweb-02\n")
      #expect(try ask(["sql", "delete from vm"], "").status == 2)
    }
  }

  @Test(arguments: [
    ("why", "why web-02 shop@2.2"), ("why", "why image:vm:bbbb image:gold"), ("why", "why web-01 shop@2.2"),
    ("common", "common applications --vm vm-b --against vm-a"), ("common", "common applications --vm vm-a --vm vm-b"),
    ("common", "common sources --vm vm-a"), ("sql", "sql VALUES(1,2.5,'x',NULL,x'00ff')"),
    ("sql", "sql VALUES(1),(2) --limit 1"), ("questions", "find --list"),
  ])
  func `documents are what their schemas say`(schema: String, command: String) throws {
    try withCatalog { folder, ask in
      let document = try ask(command.split(separator: " ").map(String.init) + ["--format", "json"], "").output
      try expectSchema("vmlineage.\(schema)-1.json", document, in: folder)
    }
  }

  @Test func `every ready question runs`() throws {
    try withCatalog { _, ask in
      let values = [
        "source": "*", "vm": "vm-a", "host": "web-01", "application": "shop", "file": "*", "author": "*",
        "state": "running", "setting": "memory", "image": "gold",
      ]
      let list = try JSONSerialization.jsonObject(
        with: run([builtProgram, "find", "--list", "--format", "json"]).output)
      let questions = (list as? [String: Any])?["questions"] as? [[String: Any]] ?? []
      #expect(questions.count >= 20)
      for question in questions {
        let parameters = (question["parameters"] as? [[String: String]] ?? []).compactMap { parameter -> String? in
          guard parameter["default"] == nil, let name = parameter["name"] else { return nil }
          return "\(name)=\(values[name] ?? "")"
        }
        let finished = try ask(["find", "--question", question["name"] as? String ?? ""] + parameters, "")
        #expect(finished.status < 2 && finished.errorText == "", "\(question) \(finished.errorText)")
      }
    }
  }
}
