import Foundation
import Inventory
import TestSupport
import Testing

@testable import Packages

/// A hive that was being written, its logs, and what is right, by Fixtures/windows/make-hive-logs.
struct LoggedHive: Sendable, CustomTestStringConvertible {
  var name: String
  var hive: Data
  var logs: HiveLogs
  /// The hive in the state that hivexregedit wrote.
  var right: Data
  var isLoss: Bool

  var testDescription: String { name }

  static let all: [LoggedHive] = {
    let all = try? withTemporaryFolder { folder in
      let made = try run([packageFolder.appending(path: "Fixtures/windows/make-hive-logs").path, folder.path])
      #expect(made.status == 0, "\(made.errorText)")
      return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted().map { name in
        let place = folder.appending(path: name)
        let file = { (name: String) in try? Data(contentsOf: place.appending(path: name)) }
        var logs = HiveLogs()
        for suffix in HiveLogs.suffixes { logs.contents[suffix] = file("hive" + suffix.uppercased()) }
        return LoggedHive(
          name: name, hive: file("hive") ?? Data(), logs: logs, right: file("right") ?? Data(),
          isLoss: file("loss") != nil)
      }
    }
    return all ?? []
  }()
}

/// What regipy lists below the uninstall key after it applied the logs.
private let applied = """
  import sys
  from regipy.recovery import apply_transaction_logs
  from regipy.registry import RegistryHive
  logs = sys.argv[2:]
  apply_transaction_logs(sys.argv[1], logs[0], logs[1] if len(logs) > 1 else None, restored_hive_path="recovered")
  key = RegistryHive("recovered").get_key("\\\\Microsoft\\\\Windows\\\\CurrentVersion\\\\Uninstall")
  print("\\n".join(sorted(k.get_value("DisplayName") for k in key.iter_subkeys())))
  """

@Suite struct HiveRecoveryTests {
  @Test func `there are cases`() { #expect(LoggedHive.all.count > 30) }

  @Test(arguments: LoggedHive.all) func `makes of a hive what its logs hold`(_ logged: LoggedHive) throws {
    let recovery = HiveRecovery(logged.hive, logged.logs)
    #expect((recovery?.loss != nil) == logged.isLoss, "\(recovery?.loss ?? "no loss")")
    let hive = recovery?.hive ?? [UInt8](logged.hive)
    let right = [UInt8](logged.right)
    #expect(hive.little32(40) == right.little32(40))
    #expect(hive[4096..<right.count].elementsEqual(right[4096...]))
    #expect(HiveBaseBlock(hive)?.isDirty == false)
    // Whoever opens it is told.
    let opened = try Hive(logged.hive, logs: logged.logs, path: "SOFTWARE")
    #expect(opened.problems.map(\.code) == (logged.isLoss ? ["dirty"] : []))
    #expect(opened.remarks.map(\.code) == (recovery?.applied == nil ? [] : ["registry-log-applied"]))
  }

  @Test(arguments: ["entries", "entries-in-two", "entries-in-one-log", "entries-old-behind", "sectors-in-place"])
  func `lists what regipy lists`(_ name: String) throws {
    let logged = try #require(LoggedHive.all.first { $0.name == name })
    let python = packageFolder.appending(path: ".build/python/bin/python").path
    let truth = try withTemporaryFolder { folder in
      var arguments = [python, "-c", applied, "hive"]
      // regipy keeps the size that the hive had.
      try (logged.hive + Data(count: 8192)).write(to: folder.appending(path: "hive"))
      for (suffix, log) in logged.logs.contents.sorted(by: { $0.key < $1.key }) where !log.isEmpty {
        try log.write(to: folder.appending(path: "hive" + suffix))
        arguments.append("hive" + suffix)
      }
      return try run(arguments, in: folder)
    }
    #expect(truth.status == 0, "run scripts/setup: \(truth.errorText)")
    let hive = try Hive(logged.hive, logs: logged.logs, path: "SOFTWARE")
    let key = try #require(hive.key("Microsoft\\Windows\\CurrentVersion\\Uninstall"))
    let found = hive.children(of: key).compactMap { hive.values(of: $0.key)["displayname"]?.string }
    #expect(found.count > 1)
    // regipy applies old entries too.
    if name == "entries-old-behind" {
      #expect(Set(found).isSubset(of: truth.text.split(separator: "\n").map(String.init)))
    } else {
      #expect(found.sorted() == truth.text.split(separator: "\n").map(String.init))
    }
  }

  @Test func `returns whatever was cut or flipped in hive and logs`() throws {
    var generator = SeededGenerator(seed: 14)
    for logged in LoggedHive.all where logged.name != "entries-huge" {
      for _ in 0..<40 {
        var (hive, logs) = (logged.hive, logged.logs)
        damage(&hive, &generator)
        for suffix in logs.contents.keys.sorted() {
          var log = logs.contents[suffix] ?? Data()
          damage(&log, &generator)
          logs.contents[suffix] = log
        }
        if let recovery = HiveRecovery(hive, logs) {
          let held = logs.contents.values.reduce(hive.count) { $0 + $1.count }
          #expect(recovery.hive.count <= held)
          #expect(recovery.loss != nil || recovery.applied != nil)
        }
        _ = try? Hive(hive, logs: logs, path: "SOFTWARE")
      }
    }
  }

  private func damage(_ data: inout Data, _ generator: inout SeededGenerator) {
    if data.isEmpty || Bool.random(using: &generator) { return }
    if Int.random(in: 0..<8, using: &generator) == 0 {
      data = Data(data.prefix(Int.random(in: 0..<data.count, using: &generator)))
    }
    for _ in 0..<Int.random(in: 0..<4, using: &generator) where !data.isEmpty {
      // Mostly the heads: everything else is pages.
      let most = Bool.random(using: &generator) ? min(data.count, 600) : data.count
      data[Int.random(in: 0..<most, using: &generator)] ^= UInt8.random(in: 1...255, using: &generator)
    }
  }
}

@Suite struct HiveDamageTests {
  /// Names below the uninstall key, and what was said.
  private func names(_ bytes: [UInt8]) throws -> (names: [String], problems: [Problem]) {
    let hive = try Hive(Data(bytes), path: "SOFTWARE")
    let key = try #require(hive.key("Microsoft\\Windows\\CurrentVersion\\Uninstall"))
    let names = hive.children(of: key).compactMap { hive.values(of: $0.key)["displayname"]?.string }
    return (names.sorted(), hive.problems)
  }

  private func software() throws -> [UInt8] {
    [UInt8](try #require(fixtureHives()["Windows/System32/config/SOFTWARE"]))
  }

  /// Where these letters stand first.
  private func place(_ text: String, in bytes: [UInt8]) throws -> Int {
    let range = try #require(Data(bytes).range(of: Data(text.utf8)))
    return range.lowerBound
  }

  @Test func `a broken key hides only itself, and is named`() throws {
    var bytes = try software()
    let (whole, none) = try names(bytes)
    #expect(none.isEmpty && whole.count >= 4)
    // Its name is 76 bytes behind the signature of its cell.
    let key = try place("7-Zip", in: bytes) - 76
    #expect(bytes.holds("nk", at: key))
    bytes[key] = 0
    let (left, problems) = try names(bytes)
    #expect(left == whole.filter { !$0.hasPrefix("7-Zip") })
    #expect(problems.contains { $0.reason.contains("\\Microsoft\\Windows\\CurrentVersion\\Uninstall") }, "\(problems)")
  }

  @Test func `a broken cell hides what follows it in its bin, not the rest of the hive`() throws {
    var bytes = try software()
    let (whole, _) = try names(bytes)
    let key = try place("Muellers Cafe", in: bytes) - 80
    bytes[key] = 3
    let (left, problems) = try names(bytes)
    #expect(!left.isEmpty && left.count < whole.count)
    #expect(problems.first?.code == "malformed" && problems.first?.reason.contains("offset \(key)") == true)
  }

  @Test func `a broken bin hides what was in it`() throws {
    let logged = try #require(LoggedHive.all.first { $0.name == "clean" })
    var bytes = [UInt8](logged.right)
    let hive = try Hive(Data(bytes), path: "SOFTWARE")
    #expect(hive.problems.isEmpty)
    // A bin of its own behind all others, that nothing refers to.
    let size = try #require(bytes.little32(40))
    bytes = Array(bytes[..<(4096 + Int(size))]) + [UInt8](repeating: 0xAA, count: 4096)
    HiveBaseBlock.settle(&bytes, sequence: 1, binsSize: Int(size) + 4096)
    let (left, problems) = try names(bytes)
    #expect(left == ["Program 0"])
    #expect(problems.map(\.code) == ["malformed"])
  }
}
