import Foundation
import Inventory
import Lineage
import Signatures
import TestSupport
import Testing

@testable import Catalog

/// Small histories whose outcome was worked out by hand, asked of the sqlite3 shell.
struct EventsTests {
  private let vm = "6f1c3c1e-93d2-4c7c-a3a4-0a6ad0c3a111"
  private let clone = "6f1c3c1e-93d2-4c7c-a3a4-0a6ad0c3a222"

  /// Events of one line each: day of January 2026, kind, further fields.
  private func events(_ lines: [(Int, String, String)], from first: Int = 1) -> [Data] {
    lines.enumerated().map { position, line in
      let at = "2026-01-\(line.0 < 10 ? "0" : "")\(line.0)T00:00:00Z"
      return Data(#"{"id":"\#(first + position)","kind":"\#(line.1)","at":"\#(at)",\#(line.2)}"#.utf8)
    }
  }

  /// Links that lead from things of a kind, with the days of January on which they begin and end.
  private func links(_ path: String, from kind: String) throws -> String {
    let day = "((valid_%/1000 - 1767225600) / 86400 + 1)"
    return try sqlite(
      path,
      """
      SELECT f.key || ' > ' || replace(t.key, 'release:4:', '') || ' ' || \(day.replacing("%/", with: "from/")) || '-'
        || iif(valid_to = 9223372036854775807, '', \(day.replacing("%/", with: "to/")))
      FROM link JOIN thing f ON f.id = from_id JOIN thing t ON t.id = to_id WHERE f.kind = '\(kind)' ORDER BY 1
      """)
  }

  private func with(_ body: (Catalog, String) throws -> Void) throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "c.db").path
      try body(try Catalog(path: path), path)
    }
  }

  private var golden: [(Int, String, String)] {
    [
      (1, "image-created", #""image":"gold","path":"/i/gold.vhd","host":"store","role":"golden""#),
      (2, "application-installed", #""image":"gold","application":"shop","release":"1""#),
      (3, "vm-created", #""vm":"\#(vm)","name":"web","image":"gold","host":"a""#),
    ]
  }

  @Test func `a vm uses its golden image until it differs`() throws {
    try with { catalog, path in
      _ = try catalog.record(events(golden))
      #expect(try links(path, from: "vm") == "\(vm) > gold 3-")
      let change = events([(5, "application-patched", #""vm":"\#(vm)","application":"shop","release":"2""#)], from: 10)
      #expect(try catalog.record(change) == [.recorded()])
      #expect(try links(path, from: "vm") == "\(vm) > gold 3-5\n\(vm) > vm:\(vm) 5-")
      #expect(try links(path, from: "image") == "gold > shop@1 2-\nvm:\(vm) > gold 5-\nvm:\(vm) > shop@2 5-")
      // What the golden image got before that was on the vm too; what it gets later is not.
      let late = [
        (4, "application-installed", #""image":"gold","application":"cart","release":"7""#),
        (6, "application-installed", #""image":"gold","application":"mail","release":"9""#),
      ]
      _ = try catalog.record(events(late, from: 20))
      let own = try links(path, from: "image").split(separator: "\n").filter { $0.hasPrefix("vm:") }
      #expect(own == ["vm:\(vm) > cart@7 5-", "vm:\(vm) > gold 5-", "vm:\(vm) > shop@2 5-"])
      let reason =
        "SELECT c.rule, e.id FROM claim c JOIN link l ON l.id = link_id JOIN application_release r ON thing_id = to_id JOIN event e ON seq = event_seq JOIN thing f ON f.id = from_id WHERE r.name = 'cart' AND f.key LIKE 'vm:%'"
      #expect(try sqlite(path, reason) == "inherited|10")
    }
  }

  @Test func `what is removed ends and stays in history`() throws {
    try with { catalog, path in
      let ends = [
        (4, "vm-migrated", #""vm":"\#(vm)","host":"b""#), (5, "vm-state", #""vm":"\#(vm)","state":"running""#),
        (6, "vm-state", #""vm":"\#(vm)","state":"stopped""#), (8, "host-decommissioned", #""host":"b""#),
        (9, "vm-migrated", #""vm":"\#(vm)","host":"c""#),
        (10, "application-removed", #""image":"gold","application":"shop""#), (11, "vm-deleted", #""vm":"\#(vm)""#),
        (12, "vm-state", #""vm":"\#(vm)","state":"running""#), (13, "image-deleted", #""image":"gold""#),
      ]
      let outcomes = try catalog.record(events(golden) + events(ends, from: 10))
      #expect(outcomes.allSatisfy { $0 == .recorded() })
      #expect(try links(path, from: "host") == "a > \(vm) 3-4\nb > \(vm) 4-8\nc > \(vm) 9-11")
      #expect(try links(path, from: "vm") == "\(vm) > gold 3-11")
      #expect(try links(path, from: "image") == "gold > shop@1 2-10")
      let states = "SELECT state, (valid_to - valid_from) / 86400000 FROM vm_state ORDER BY valid_from"
      #expect(try sqlite(path, states) == "running|1\nstopped|5")
      let alive =
        "SELECT count(*) FROM life WHERE valid_to = 9223372036854775807 AND thing_id IN (SELECT thing_id FROM vm)"
      #expect(try sqlite(path, alive) == "0")
    }
  }

  @Test func `what comes late reaches the end of a long line of images`() throws {
    try with { catalog, path in
      let line = (1...150).map { (2, "image-created", #""image":"gold\#($0)","parent":"gold\#($0 - 1)""#) }
      // Made one after the other: each a millisecond after its parent.
      let made = events(line).enumerated().map { position, event in
        let time = "2026-01-02T00:00:00.\(String(1000 + position).dropFirst())Z"
        return Data(String(decoding: event, as: UTF8.self).replacing("2026-01-02T00:00:00Z", with: time).utf8)
      }
      _ = try catalog.record(made)
      let late = [(1, "application-installed", #""image":"gold0","application":"shop","release":"1""#)]
      #expect(try catalog.record(events(late, from: 1000)) == [.recorded()])
      #expect(try links(path, from: "image").split(separator: "\n").filter { $0.contains("> shop@1") }.count == 151)
    }
  }

  @Test func `a clone holds what the other held then`() throws {
    try with { catalog, path in
      let later = [
        (5, "vm-cloned", #""vm":"\#(clone)","from":"\#(vm)","host":"b""#),
        (4, "application-installed", #""vm":"\#(vm)","application":"cart","release":"1""#),
        (6, "application-removed", #""vm":"\#(vm)","application":"cart""#),
      ]
      _ = try catalog.record(events(golden) + events(later, from: 10))
      let releases = try links(path, from: "image").split(separator: "\n").filter { $0.contains("@") }
      #expect(
        releases == [
          "gold > shop@1 2-", "vm:\(vm) > cart@1 4-6", "vm:\(vm) > shop@1 4-", "vm:\(clone) > cart@1 5-",
          "vm:\(clone) > shop@1 5-",
        ])
    }
  }

  @Test func `a deployed image that was reported is what its vm changes`() throws {
    try with { catalog, path in
      let deployed = [
        (3, "image-created", #""image":"disk","path":"/d/web.vhd","host":"store","role":"deployed","parent":"gold""#),
        (4, "vm-created", #""vm":"\#(vm)","image":"disk","host":"a""#),
        (5, "application-patched", #""vm":"\#(vm)","application":"shop","release":"2""#),
        (6, "vm-cloned", #""vm":"\#(clone)","from":"\#(vm)""#),
        (7, "application-removed", #""vm":"\#(vm)","application":"shop""#),
      ]
      // What the image is comes last.
      _ = try catalog.record(events(Array(golden.prefix(2))))
      _ = try catalog.record(events(Array(deployed.dropFirst()), from: 10))
      _ = try catalog.record(events(Array(deployed.prefix(1)), from: 20))
      #expect(try links(path, from: "vm") == "\(vm) > disk 4-\n\(clone) > vm:\(clone) 6-")
      #expect(
        try links(path, from: "image") == """
          disk > gold 3-
          disk > shop@1 3-5
          disk > shop@2 5-7
          gold > shop@1 2-
          vm:\(clone) > disk 6-
          vm:\(clone) > shop@2 6-
          """)
    }
  }

  @Test func `an event and a scan that say the same are one link with two claims`() throws {
    try with { catalog, path in
      let inventory = Shop.inventory("/i/gold.vhd")
      let day = { (day: Int) in Date(timeIntervalSince1970: 1_767_225_600 + Double(day - 1) * 86_400) }
      let image = try catalog.imageID(host: "store", file: inventory.image.files[0], at: day(2))
      try catalog.store(
        inventory, infer(inventory, Shop.matches), builds: Shop.matches.builds, image: image, at: day(2))
      let claims = """
        SELECT l.origin, l.confidence, count(*), group_concat(c.rule) FROM link l JOIN claim c ON c.link_id = l.id
        JOIN application_release r ON r.thing_id = l.to_id WHERE r.name = 'shop' GROUP BY l.id
        """
      #expect(try sqlite(path, claims).hasSuffix("|1|exact"))
      // Named by its place; installed before the scan.
      let install = [(1, "application-installed", #""image":"store:/i/gold.vhd","application":"shop","release":"2.1""#)]
      #expect(try catalog.record(events(install)) == [.recorded()])
      #expect(try sqlite(path, claims) == "1|1.0|2|application-installed,exact")
      #expect(try sqlite(path, "SELECT count(*) FROM image") == "1")
      // A later scan that has not the signature ends what was declared, not what was captured.
      var bare = inventory
      bare.packages = []
      try catalog.store(bare, infer(bare, .init()), builds: [:], image: image, at: day(4))
      let left = try links(path, from: "image").replacing(image, with: "i")
      #expect(left == "i > deb:4:base@1 2-4\ni > shop@2.1 1-")
    }
  }

  @Test func `what cannot be taken is refused one by one`() throws {
    try with { catalog, path in
      let lines = [
        #"{"id":"1","kind":"host-added","at":"2026-01-01T00:00:00Z","host":"a"}"#, "", "[]", "{",
        #"{"id":"2","kind":"vm-state","at":"2026-01-01T00:00:00Z","vm":"v"}"#,
        #"{"id":"3","kind":"vm-melted","at":"2026-01-01T00:00:00Z","vm":"v"}"#,
        #"{"id":"4","kind":"vm-deleted","at":"yesterday","vm":"v"}"#,
        #"{"id":"5","kind":"vm-deleted","at":"2026-01-01T00:00:00Z","vm":7}"#,
        #"{"id":"1","at":"2026-01-01T00:00:00Z","host":"a","kind":"host-added"}"#,
        #"{"id":"1","kind":"host-added","at":"2026-01-01T00:00:00Z","host":"b"}"#,
        #"{"id":"6","kind":"vm-cloned","at":"2026-01-01T00:00:00Z","vm":"v","from":"v"}"#,
        #"{"id":"7","kind":"image-created","at":"2026-01-01T00:00:00Z","image":"i","parent":"j"}"#,
        #"{"id":"8","kind":"image-created","at":"2026-01-02T00:00:00Z","image":"j","parent":"k"}"#,
        #"{"id":"9","kind":"image-created","at":"2026-01-03T00:00:00Z","image":"k","parent":"i"}"#,
        #"{"id":"10","kind":"host-added","at":"2999-01-01T00:00:00Z","host":"c"}"#,
      ]
      let outcomes = try catalog.record(lines.map { Data($0.utf8) }, at: Date(timeIntervalSince1970: 1_769_860_800))
      let reasons = outcomes.map { outcome in
        switch outcome {
        case .recorded(let warning): warning ?? "recorded"
        case .repeated: "repeated"
        case .refused(let reason): reason
        }
      }
      #expect(
        reasons == [
          "recorded", "an empty line, or one of more than 1 MiB", "no JSON object", "no JSON object",
          "no field \"state\"",
          "unknown kind", "field \"at\" is no ISO 8601 time", "field \"vm\" is of the wrong type", "repeated",
          "id \"1\" is known with other content", "a vm that is its own parent", "recorded", "recorded",
          "a cycle in image parents: \"i\" comes from \"k\"", "dated after its receipt: kept as of its receipt",
        ])
      #expect(
        try sqlite(path, "SELECT group_concat(id) FROM (SELECT id FROM event ORDER BY seq); SELECT count(*) FROM vm")
          == "1,7,8,10\n0")
      #expect(try sqlite(path, "SELECT at FROM event WHERE id = '10'") == "1769860800000")
    }
  }

  @Test func `damaged lines end nothing`() throws {
    try with { catalog, _ in
      var generator = SeededGenerator(seed: 1)
      let line = events(golden)[2]
      var damaged = (0..<line.count).map { line.prefix($0) }
      for _ in 0..<300 {
        var copy = line
        copy[Int.random(in: 0..<copy.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
        damaged.append(copy)
      }
      #expect(try catalog.record(damaged).count == damaged.count)
      try catalog.rebuild()
      #expect(try catalog.check() == [])
    }
  }

  @Test(arguments: ["true", "false"]) func `a whole catalog is called whole, whatever is in it`(_ expected: String)
    throws
  {
    try withTemporaryFolder { folder in
      let catalog = try Catalog(path: folder.appending(path: "c.db").path)
      let at = #""at":"2026-01-01T00:00:00Z""#
      let lines = [
        #"{"id":"1","kind":"host-rebooted",\#(at),"host":"h","expected":\#(expected)}"#,
        #"{"id":"2","kind":"vm-state",\#(at),"vm":"v","state":""}"#,
        #"{"id":"3","kind":"vm-state",\#(at),"vm":"v","state":"0"}"#,
        #"{"id":"4","kind":"vm-settings",\#(at),"vm":"v","settings":{"a":"","b":0}}"#,
        #"{"id":"5","kind":"image-created",\#(at),"image":"i","path":"/i"}"#,
      ]
      _ = try catalog.record(lines.map { Data($0.utf8) })
      #expect(try catalog.check() == [])
    }
  }
}
