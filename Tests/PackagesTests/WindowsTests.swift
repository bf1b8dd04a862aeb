import Foundation
import Inventory
import TestSupport
import Testing

@testable import Packages

/// What Python's binding of libhivex reads of the keys below a path: `{NAME: {VALUE: text or number}}`.
private let keysBelow = """
  import hivex, json, sys
  h = hivex.Hivex(sys.argv[1])
  node = h.root()
  for name in sys.argv[2].split("\\\\"):
      node = h.node_get_child(node, name)
  def plain(value):
      kind, data = h.value_value(value)
      return h.value_string(value) if kind in (1, 2) else int.from_bytes(data, "little") if kind == 4 else None
  print(json.dumps({h.node_name(c): {h.value_key(v): plain(v) for v in h.node_values(c)}
                    for c in h.node_children(node)}))
  """

private func truth(_ hive: Data, _ path: String) throws -> [String: [String: Any]] {
  try withTemporaryFolder { folder in
    let file = folder.appending(path: "hive")
    try hive.write(to: file)
    let printed = try run(["/usr/bin/python3", "-c", keysBelow, file.path, path])
    #expect(printed.status == 0, "\(printed.errorText)")
    return try #require(JSONSerialization.jsonObject(with: printed.output) as? [String: [String: Any]])
  }
}

private let software: GuestPath = "Windows/System32/config/SOFTWARE"
private let system: GuestPath = "Windows/System32/config/SYSTEM"
private let person: GuestPath = "Users/Operator/NTUSER.DAT"
private let uninstall = "Microsoft\\Windows\\CurrentVersion\\Uninstall"

private func read(_ hives: [GuestPath: Data], _ others: [GuestPath] = []) -> PackageReading {
  WindowsReader().read(SystemFiles(contents: hives, list: Set(others).union(hives.keys)))
}

@Suite struct WindowsTests {
  @Test func `wants the hives whatever their case`() {
    let reader = WindowsReader()
    for path in ["Windows/System32/config/SOFTWARE", "WINNT/system32/config/system", "users/x/ntuser.dat"] {
      #expect(reader.wants(GuestPath(path), size: 1 << 20))
    }
    #expect(!reader.wants("Windows.old/Windows/System32/config/SOFTWARE", size: 1))
    #expect(!reader.wants("Windows/System32/config/RegBack/SOFTWARE", size: 1))
    #expect(!reader.wants(software, size: 1 << 40))
  }

  @Test func `says which Windows it is`() throws {
    let reading = read(try fixtureHives())
    let found = try #require(reading.system)
    #expect(found.family == "windows")
    #expect(found.version == "10.0.17763.5792")
    #expect(found.product == "Windows Server 2019 Standard (ServerStandard, 1809)")
    #expect(found.architecture == "x86_64")
    #expect(found.hostname == "SHOP-WEB-01")
    #expect(reading.problems.isEmpty)
  }

  @Test func `calls Windows 11 by its name, and older ones by their version`() throws {
    func identity(_ body: String) throws -> OperatingSystem? {
      let hive = try hive("[HKLM\\Identity]\n" + body)
      return windowsIdentity(hive.values(of: try #require(hive.key("Identity"))))
    }
    let eleven = try identity(
      """
      "ProductName"="Windows 10 Pro"
      "CurrentBuild"="22631"
      "CurrentMajorVersionNumber"=dword:0000000a
      "CurrentMinorVersionNumber"=dword:00000000
      "DisplayVersion"="23H2"
      "ReleaseId"="2009"
      """)
    #expect(eleven?.product == "Windows 11 Pro (23H2)")
    #expect(eleven?.version == "10.0.22631")
    let seven = try identity(
      """
      "ProductName"="Windows 7 Professional"
      "CurrentVersion"="6.1"
      "CurrentBuildNumber"="7601"
      """)
    #expect(seven?.version == "6.1.7601")
    #expect(try identity("\"Nothing\"=dword:00000001") == nil)
  }

  @Test func `lists the programs that the registry's own tools list`() throws {
    let hives = try fixtureHives()
    var expected: [[String]] = []
    for (path, key) in [
      (software, uninstall), (software, "WOW6432Node\\" + uninstall), (person, "Software\\" + uninstall),
    ] {
      for values in try truth(try #require(hives[path]), key).values {
        guard let name = values["DisplayName"] as? String else { continue }
        expected.append(
          [name, values["DisplayVersion"] as? String ?? "", values["Publisher"] as? String ?? "", path.description])
      }
    }
    #expect(expected.count >= 7)
    let found = read(hives).packages.filter { $0.kind == .windows }
      .map { [$0.name, $0.version, $0.vendor ?? "", $0.location.description] }
    #expect(found.sorted { $0.joined() < $1.joined() } == expected.sorted { $0.joined() < $1.joined() })
    #expect(found.contains { $0[0] == "Müllers Café – Kasse" })
  }

  @Test func `gives a program the files of its folder`() throws {
    let files: [GuestPath] = [
      "Program Files/7-ZIP/7z.exe", "Program Files/7-Zip/Lang/de.txt", "Program Files/7-Zip2/no.exe",
      "Program Files/Contoso/Shop/shopd.exe",
    ]
    let packages = read(try fixtureHives(), files).packages
    #expect(
      packages.first { $0.name.hasPrefix("7-Zip") }?.files.map(\.path).sorted()
        == ["Program Files/7-ZIP/7z.exe", "Program Files/7-Zip/Lang/de.txt"])
    #expect(
      packages.first { $0.kind == .windows && $0.name == "Contoso Shop Server" }?.files.map(\.path)
        == ["Program Files/Contoso/Shop/shopd.exe"])
  }

  @Test func `lists services and drivers with the files that they start`() throws {
    let hives = try fixtureHives()
    let expected = try truth(try #require(hives[system]), "ControlSet001\\Services").filter { _, values in
      values["ImagePath"] != nil && (values["Type"] as? Int ?? 0) & 0x33 != 0
    }
    let files: [GuestPath] = [
      "Program Files/Contoso/Shop/shopd.exe", "Windows/System32/drivers/acpi.sys", "Windows/System32/svchost.exe",
    ]
    let services = read(hives, files).packages.filter { $0.kind == .service }
    #expect(Set(services.map(\.name)) == Set(expected.keys))
    #expect(services.count >= 10)
    func started(_ name: String) -> [GuestPath]? { services.first { $0.name == name }?.files.map(\.path) }
    #expect(started("ContosoShop") == ["Program Files/Contoso/Shop/shopd.exe"])
    #expect(started("ContosoAgent") == ["Program Files/Contoso/Agent Tools/agent.exe"])
    #expect(started("Dhcp") == ["Windows/System32/svchost.exe", "Windows/system32/dhcpcore.dll"])
    #expect(started("ACPI") == ["Windows/System32/drivers/acpi.sys"])
    #expect(started("Ntfs") == ["Windows/System32/Drivers/Ntfs.sys"])
    #expect(started("viostor") == ["Windows/System32/drivers/viostor.sys"])
    #expect(started("BackupAgent") == [])
  }

  @Test func `lists the services of a Windows that we did not make`() throws {
    let hive = try realSystemHive()
    let reading = read([system: hive])
    let expected = try truth(hive, "ControlSet001\\Services").filter { _, values in
      let type = values["Type"] as? Int ?? 0
      return values["ImagePath"] != nil && type & 0x33 != 0 && type & 0x80 == 0
    }
    #expect(expected.count > 500)
    #expect(Set(reading.packages.map(\.name)) == Set(expected.keys))
    let wrong = reading.packages.flatMap(\.files).map(\.path.lossy).filter { path in
      ![".exe", ".sys", ".dll"].contains { path.lowercased().hasSuffix($0) } || path.contains(":")
    }
    #expect(wrong == [])
    #expect(reading.packages.allSatisfy { !$0.files.isEmpty })
    #expect(reading.problems.isEmpty)
  }

  @Test func `takes the file out of a command line as Windows does`() {
    let paths = WindowsFiles(["Program Files/a b/c d.exe", "Program Files/Tool.exe", "Windows/x.dll"])
    #expect(paths.program("C:\\Program Files\\a b\\c d.exe /x /y") == "Program Files/a b/c d.exe")
    #expect(paths.program("c:\\program files\\tool -k") == "Program Files/Tool.exe")
    #expect(paths.program("\"C:\\Program Files\\none.exe\" C:\\Windows\\x.dll") == "Program Files/none.exe")
    #expect(paths.program("%ProgramFiles%\\tool.exe") == "Program Files/Tool.exe")
    #expect(paths.program("\\SystemRoot\\..\\..\\..\\etc\\passwd") == nil)
    #expect(paths.program("\\\\server\\share\\x.exe") == nil)
    #expect(paths.program("E:\\x.exe") == nil)
    for odd in ["", " ", "\"", "%", "%x", "%%", "\\", "C:", "C:\\", "\\??\\", "é:\\x"] {
      _ = paths.program(odd)
      _ = paths.folder(odd)
    }
    #expect(paths.folder("C:\\") == nil)
    #expect(paths.folder("C:\\Windows\\Temp") == nil)
    #expect(paths.folder("C:\\Program Files") == nil)
    #expect(paths.folder("\"C:\\Program Files\\A\\\"") == "Program Files/A")
  }
}
