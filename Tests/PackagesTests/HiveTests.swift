import Foundation
import Inventory
import TestSupport
import Testing

@testable import Packages

/// The hives of Fixtures/windows, made by hivexregedit.
func fixtureHives() throws -> [GuestPath: Data] {
  try withTemporaryFolder { folder in
    let made = try run([packageFolder.appending(path: "Fixtures/windows/make-hives").path, folder.path])
    #expect(made.status == 0, "\(made.errorText)")
    var hives: [GuestPath: Data] = [:]
    for path in ["Windows/System32/config/SOFTWARE", "Windows/System32/config/SYSTEM", "Users/Operator/NTUSER.DAT"] {
      hives[GuestPath(path)] = try Data(contentsOf: folder.appending(path: path))
    }
    return hives
  }
}

/// The SYSTEM hive of a Windows 10 that the tests of dissect.regf hold; `scripts/setup` fetches its source from PyPI.
func realSystemHive() throws -> Data {
  let archive = packageFolder.appending(path: ".build/fixtures/dissect_regf-3.14.tar.gz")
  let unpacked = try run(["tar", "xzOf", archive.path, "dissect_regf-3.14/tests/_data/SYSTEM.gz"])
  #expect(unpacked.status == 0, "run scripts/setup: \(unpacked.errorText)")
  return try run(["gzip", "-dc"], input: unpacked.output).output
}

/// A hive that hivexregedit made of the text below.
func hive(_ body: String) throws -> Hive {
  try withTemporaryFolder { folder in
    let text = folder.appending(path: "text.reg")
    try Data("Windows Registry Editor Version 5.00\n\n\(body)".utf8).write(to: text)
    let software = try #require(fixtureHives()["Windows/System32/config/SOFTWARE"])
    let file = folder.appending(path: "hive")
    try software.write(to: file)
    let merged = try run(["hivexregedit", "--merge", file.path, "--prefix", "HKLM", text.path])
    #expect(merged.status == 0, "\(merged.errorText)")
    return try Hive(Data(contentsOf: file), path: "hive")
  }
}

/// Everything Python's binding of the library reads, as `KEY\tVALUE\tTEXT` of all text values.
private let dump = """
  import hivex, sys
  h = hivex.Hivex(sys.argv[1])
  def walk(node, path):
      for value in h.node_values(node):
          if h.value_type(value)[0] in (1, 2):
              print(path, h.value_key(value), h.value_string(value), sep="\\t")
      for child in h.node_children(node):
          walk(child, path + "\\\\" + h.node_name(child))
  walk(h.root(), "")
  """

@Suite struct HiveTests {
  @Test func `reads every key and text that the library's Python binding reads`() throws {
    for (path, data) in try fixtureHives() {
      let truth = try withTemporaryFolder { folder in
        let file = folder.appending(path: "hive")
        try data.write(to: file)
        return try run(["/usr/bin/python3", "-c", dump, file.path], environment: ["PYTHONIOENCODING": "utf-8"])
      }
      #expect(truth.status == 0, "\(truth.errorText)")
      let expected = truth.text.split(separator: "\n").map(String.init)
      #expect(!expected.isEmpty)
      let hive = try Hive(data, path: path)
      var found: [String] = []
      func walk(_ key: Hive.Key, _ path: String) {
        for (name, value) in hive.values(of: key) { value.string.map { found.append("\(path)\t\(name)\t\($0)") } }
        for (name, child) in hive.children(of: key) { walk(child, path + "\\" + name) }
      }
      walk(try #require(hive.key("")), "")
      let lowered = expected.map { line in
        line.split(separator: "\t", maxSplits: 2).enumerated()
          .map { $0 == 1 ? $1.lowercased() : String($1) }.joined(separator: "\t")
      }
      #expect(found.sorted() == lowered.sorted())
      #expect(hive.problems.isEmpty)
    }
  }

  @Test func `finds keys whatever their case`() throws {
    let data = try #require(fixtureHives()["Windows/System32/config/SYSTEM"])
    let hive = try Hive(data, path: "SYSTEM")
    let key = try #require(hive.key("controlset001\\CONTROL\\ComputerName\\computername"))
    #expect(hive.values(of: key)["computername"]?.string == "SHOP-WEB-01")
    #expect(hive.key("ControlSet001\\Absent") == nil)
  }

  @Test func `decodes odd, cut and unended values`() throws {
    let hive = try hive(
      """
      [HKLM\\Odd]
      "Unended"=hex(1):41,00,42,00
      "OddLength"=hex(1):41,00,42,00,43
      "Empty"=hex(1):
      "OneByte"=hex(1):41
      "HalfSurrogate"=hex(1):41,00,00,d8
      "AfterEnd"=hex(1):41,00,00,00,42,00
      "Many"=hex(7):41,00,00,00,42,00,43,00,00,00,00,00
      "ManyUnended"=hex(7):41,00,00,00,42,00
      "Number"=dword:12345678
      "BigEndian"=hex(5):12,34,56,78
      "ShortNumber"=hex(4):12,34
      "Unknown"=hex(ffff0011):41,00
      """)
    let values = hive.values(of: try #require(hive.key("Odd")))
    #expect(values["unended"]?.string == "AB")
    #expect(values["oddlength"]?.string == "AB")
    #expect(values["empty"]?.string == "")
    #expect(values["onebyte"]?.string == "")
    #expect(values["halfsurrogate"]?.string == "A\u{FFFD}")
    #expect(values["afterend"]?.string == "A")
    #expect(values["many"]?.strings == ["A", "BC"])
    #expect(values["manyunended"]?.strings == ["A", "B"])
    #expect(values["number"]?.dword == 0x1234_5678)
    #expect(values["bigendian"]?.dword == 0x1234_5678)
    #expect(values["shortnumber"]?.dword == nil)
    #expect(values["unknown"]?.string == nil)
    #expect(values["number"]?.string == nil)
  }

  @Test func `says what is no hive, and that one was being written`() throws {
    for data in [Data(), Data("regf".utf8), Data(repeating: 0, count: 8192)] {
      #expect(throws: Problem.self) { try Hive(data, path: "SOFTWARE") }
    }
    var data = try #require(fixtureHives()["Windows/System32/config/SYSTEM"])
    // The first sequence number is raised when writing starts, the second when it ends; the checksum follows.
    data[4] ^= 0x80
    data[508] ^= 0x80
    #expect(try Hive(data, path: "SYSTEM").problems.map(\.code) == ["dirty"])
  }

  @Test func `leaves no copy behind`() throws {
    let data = try #require(fixtureHives()["Windows/System32/config/SYSTEM"])
    try withTemporaryFolder { folder in
      let hive = try Hive(data, path: "SYSTEM", scratch: folder)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
      #expect(hive.key("Select") != nil)
    }
  }

  @Test func `returns whatever was flipped in a real hive`() throws {
    var generator = SeededGenerator(seed: 5)
    let whole = try realSystemHive()
    let path: GuestPath = "Windows/System32/config/SYSTEM"
    let records = records(whole)
    #expect(records.count > 10_000)
    var damaged = Set<String>()
    for _ in 0..<20 {
      var data = whole
      for record in (0..<3000).compactMap({ _ in records.randomElement(using: &generator) }) {
        data[Int.random(in: record, using: &generator)] ^= UInt8.random(in: 1...255, using: &generator)
      }
      let reading = WindowsReader().read(SystemFiles(contents: [path: data], list: [path]))
      #expect(reading.problems.count <= 16)
      damaged.formUnion(reading.problems.map(\.operation))
    }
    #expect(damaged.contains { $0.hasPrefix("list ") }, "no damage was met behind the opening: \(damaged)")
  }

  /// The fields of keys, values and lists of them: the library checks the sizes of cells when it opens a hive, so flips
  /// anywhere would mostly end there.
  private func records(_ hive: Data) -> [Range<Int>] {
    let bytes = [UInt8](hive)
    let lengths = ["nk": 76, "vk": 20, "lf": 8, "lh": 8, "li": 8, "ri": 8]
    var records: [Range<Int>] = []
    var place = 4096
    while place + 80 < bytes.count {
      if bytes[place..<place + 4].elementsEqual("hbin".utf8) { place += 32 }
      let size = Int(Int32(truncatingIfNeeded: bytes[place..<place + 4].reversed().reduce(0) { $0 << 8 | Int($1) }))
      let kind = String(decoding: bytes[place + 4..<place + 6], as: UTF8.self)
      if let length = lengths[kind] { records.append(place + 6..<place + 4 + length) }
      guard size != 0 else { break }
      place += abs(size)
    }
    return records
  }

  @Test func `returns whatever was cut or flipped`() throws {
    var generator = SeededGenerator(seed: 4)
    for (path, whole) in try fixtureHives() {
      let files = SystemFiles(contents: [path: whole], list: [path])
      #expect(!WindowsReader().read(files).packages.isEmpty || path.hasSuffix("SYSTEM"))
      for round in 0..<150 {
        var data = whole
        for _ in 0...Int.random(in: 0..<12, using: &generator) {
          // The header's checksum guards only itself, so most flips go behind it.
          let position = Int.random(in: (round % 8 == 0 ? 0 : 4096)..<data.count, using: &generator)
          data[position] = round % 3 == 0 ? UInt8.random(in: 0...255, using: &generator) : data[position] ^ 1 << 7
        }
        if round % 5 == 0 { data = data.prefix(Int.random(in: 0..<data.count, using: &generator)) }
        let reading = WindowsReader().read(SystemFiles(contents: [path: data], list: [path]))
        #expect(reading.packages.allSatisfy { $0.name.utf8.count <= 512 && $0.version.utf8.count <= 512 })
      }
    }
  }
}
