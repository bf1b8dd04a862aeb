import Foundation
import Inventory
import TestSupport
import Testing

@testable import Packages

/// A hive with these keys: `KEY`, then its values, all of them text but for numbers.
private func made(_ keys: [(String, [String: String])]) throws -> Data {
  let text = keys.map { key, values in
    "[HKLM\\\(key)]\n"
      + values.sorted { $0.key < $1.key }.map { name, value in
        let isNumber = value.hasPrefix("dword:")
        return "\"\(name)\"=" + (isNumber ? value : "\"\(value.replacing("\\", with: "\\\\"))\"") + "\n"
      }.joined()
  }.joined(separator: "\n")
  return try withTemporaryFolder { folder in
    let (file, script) = (folder.appending(path: "hive"), folder.appending(path: "make"))
    try Data("Windows Registry Editor Version 5.00\n\n\(text)\n".utf8).write(to: folder.appending(path: "text"))
    try Data(
      """
      import importlib.machinery, importlib.util, pathlib, sys
      sys.dont_write_bytecode = True
      loader = importlib.machinery.SourceFileLoader("make_hives", sys.argv[1])
      make = importlib.util.module_from_spec(importlib.util.spec_from_loader("make_hives", loader))
      loader.exec_module(make)
      pathlib.Path("hive").write_bytes(make.empty_hive())
      text = pathlib.Path("text").read_text("utf-8")
      pathlib.Path("text").write_text(make.with_parents(text, "HKLM"), "utf-8")
      """.utf8
    ).write(to: script)
    let maker = packageFolder.appending(path: "Fixtures/windows/make-hives").path
    let begun = try run(["/usr/bin/python3", "make", maker], in: folder)
    #expect(begun.status == 0, "\(begun.errorText)")
    let merged = try run(
      ["hivexregedit", "--merge", "--encoding", "UTF-16LE", "hive", "--prefix", "HKLM", "text"], in: folder)
    #expect(merged.status == 0, "\(merged.errorText)")
    return try Data(contentsOf: file)
  }
}

private let uninstall = "Microsoft\\Windows\\CurrentVersion\\Uninstall\\"
private let profiles = "Microsoft\\Windows NT\\CurrentVersion\\ProfileList\\S-1-5-21-1-2-3-"
private let identity = (
  "Microsoft\\Windows NT\\CurrentVersion",
  [
    "ProductName": "Windows Server 2022 Standard", "CurrentVersion": "6.3", "CurrentBuild": "20348",
    "SystemRoot": "C:\\Windows",
  ]
)

private func program(_ name: String, below view: String = "") -> (String, [String: String]) {
  (view + uninstall + name, ["DisplayName": name, "DisplayVersion": "1.0"])
}

private func account(_ name: String) throws -> Data { try made([program(name, below: "Software\\")]) }

private func read(_ hives: [GuestPath: Data], _ others: [GuestPath] = []) -> PackageReading {
  WindowsReader().read(SystemFiles(contents: hives, list: Set(others).union(hives.keys)))
}

private func names(_ reading: PackageReading) -> [String] {
  reading.packages.filter { $0.kind == .windows }.map(\.name).sorted()
}

@Suite struct WindowsAccountsTests {
  @Test func `reads the programs of every account, wherever its profile is`() throws {
    let software = try made([
      identity, program("machine"), program("machine 32", below: "WOW6432Node\\"),
      program("machine ARM", below: "WowAA32Node\\"),
      (profiles + "1001", ["ProfileImagePath": "%SystemDrive%\\Homes\\lee"]),
      (profiles + "1002", ["ProfileImagePath": "C:\\data\\home\\deep\\kim"]),
      (profiles + "1003", ["ProfileImagePath": "E:\\Homes\\ann"]),
      (profiles + "1004", ["ProfileImagePath": "C:\\Gone\\bo"]),
    ])
    var hives: [GuestPath: Data] = ["Windows/System32/config/SOFTWARE": software]
    for path in [
      "Windows/System32/config/DEFAULT", "Homes/LEE/ntuser.dat", "data/home/deep/kim/NTUSER.DAT",
      "Users/max/NTUSER.DAT",
      "Windows/ServiceProfiles/LocalService/NTUSER.DAT", "Users/Default/NTUSER.DAT", "Backup/old/NTUSER.DAT",
      "Windows.old/Users/max/NTUSER.DAT",
    ] {
      hives[GuestPath(path)] = try account(path)
    }
    for path in hives.keys { #expect(WindowsReader().wants(path, size: 1 << 20), "\(path)") }
    let reading = read(hives)
    #expect(
      names(reading) == [
        "Homes/LEE/ntuser.dat", "Users/max/NTUSER.DAT", "Windows/ServiceProfiles/LocalService/NTUSER.DAT",
        "Windows/System32/config/DEFAULT", "data/home/deep/kim/NTUSER.DAT", "machine", "machine 32", "machine ARM",
      ])
    #expect(reading.problems.isEmpty)
    let left = reading.remarks.filter { $0.code == "profile-left-out" }.map(\.subject)
    #expect(left.sorted() == ["Backup/old/NTUSER.DAT", "Windows.old/Users/max/NTUSER.DAT"])
    let missing = reading.remarks.filter { $0.code == "profile-missing" }.map(\.reason)
    #expect(missing.count == 2 && missing.contains { $0.contains("E:\\Homes\\ann") })
    #expect(missing.contains { $0.contains("C:\\Gone\\bo") })
  }

  @Test func `finds Windows in a directory of any name, and on a drive of any letter`() throws {
    let hives: [GuestPath: Data] = [
      "OS/system32/config/software": try made([
        (identity.0, identity.1.merging(["SystemRoot": "D:\\OS"]) { $1 }), program("machine"),
        (profiles + "1001", ["ProfileImagePath": "D:\\Homes\\lee"]),
      ]),
      "Homes/lee/NTUSER.DAT": try account("of lee"),
    ]
    let reading = read(hives)
    #expect(reading.system?.product == "Windows Server 2022 Standard")
    #expect(names(reading) == ["machine", "of lee"])
    #expect(reading.problems.isEmpty && reading.remarks.isEmpty)
  }

  @Test func `reads profiles on a volume without Windows`() throws {
    let hives = try ["Users/kim/NTUSER.DAT": account("of kim"), "Homes/lee/NTUSER.DAT": account("of lee")]
      .reduce(into: [GuestPath: Data]()) { $0[GuestPath($1.key)] = $1.value }
    let reading = read(hives)
    #expect(names(reading) == ["of kim", "of lee"] && reading.system == nil && reading.remarks.isEmpty)
    // A server that keeps the profiles of others.
    let server = read(hives, ["etc/passwd"])
    #expect(names(server) == ["of kim"] && server.remarks.map(\.code) == ["profile-left-out"])
  }

  @Test func `says of a second Windows that it is there`() throws {
    let hives: [GuestPath: Data] = [
      "WINDOWS.0/System32/config/SOFTWARE": try made([identity]),
      "Windows/System32/config/SOFTWARE": try made([
        (identity.0, identity.1.merging(["ProductName": "Windows 7 Ultimate"]) { $1 })
      ]),
    ]
    let reading = read(hives, ["Windows.old/Windows/System32/config/SOFTWARE"])
    #expect(reading.system?.product == "Windows 7 Ultimate")
    #expect(reading.remarks.map(\.code).sorted() == ["earlier-system", "other-system"])
    #expect(reading.remarks.contains { $0.subject == "WINDOWS.0" && $0.reason.contains("Windows Server 2022") })
  }

  @Test func `a broken hive hides no other`() throws {
    let hives = try fixtureHives()
    let whole = read(hives)
    let config: GuestPath = "Windows/System32/config"
    let (software, system) = (config.appending("SOFTWARE"), config.appending("SYSTEM"))
    for broken in hives.keys {
      for damage in [Data(), Data(repeating: 7, count: 9000), nil] as [Data?] {
        var left = hives
        left[broken] = damage
        let reading = read(left, Array(hives.keys))
        #expect(reading.problems.map(\.subject) == [broken.description])
        let others = whole.packages.filter { $0.location != broken }
        #expect(Set(reading.packages.map { "\($0.kind)\($0.name)" }) == Set(others.map { "\($0.kind)\($0.name)" }))
        #expect(reading.system?.hostname == (broken == system ? nil : "SHOP-WEB-01"))
        #expect(reading.system?.product == (broken == software ? "Windows" : whole.system?.product))
      }
    }
  }

  @Test func `names the machine in full, by the control set that is there`() throws {
    func system(_ keys: [(String, [String: String])]) throws -> PackageReading {
      try read([
        "Windows/System32/config/SOFTWARE": made([identity]), "Windows/System32/config/SYSTEM": made(keys),
      ])
    }
    func names(_ number: Int, _ network: [String: String]) -> [(String, [String: String])] {
      [
        ("ControlSet00\(number)\\Control\\ComputerName\\ComputerName", ["ComputerName": "FIFTEEN-LETTERS"]),
        ("ControlSet00\(number)\\Services\\Tcpip\\Parameters", network),
      ]
    }
    let select = ("Select", ["Current": "dword:00000002", "LastKnownGood": "dword:00000001"])
    let full = ["Hostname": "fifteen-letters-and-more", "NV Hostname": "fifteen-letters-and-more"]
    let current = try system([select] + names(1, ["Hostname": "before"]) + names(2, full))
    #expect(current.system?.hostname == "fifteen-letters-and-more" && current.remarks.isEmpty)
    let lost = try system([select] + names(1, ["NV Hostname": "what-is-left-of-the-machine"]))
    #expect(lost.system?.hostname == "what-is-left-of-the-machine")
    #expect(lost.remarks.map(\.code) == ["control-set"])
    #expect(try system(names(3, ["Hostname": ""])).system?.hostname == "FIFTEEN-LETTERS")
  }

  @Test func `lists MSIX and AppX packages once each, and none that was removed`() throws {
    let store = "Microsoft\\Windows\\CurrentVersion\\Appx\\AppxAllUserStore\\"
    let repository =
      "Classes\\Local Settings\\Software\\Microsoft\\Windows\\CurrentVersion\\AppModel\\PackageRepository\\Packages\\"
    func named(_ keys: [String]) -> [(String, [String: String])] { keys.map { ($0, [:]) } }
    let software = try made(
      [identity]
        + named([
          store + "Applications\\MSTeams_24102.2223.2870.9480_x64__8wekyb3d8bbwe",
          store + "Applications\\Contoso.Notes_2024.1.0.0_neutral_~_abc",
          store + "Applications\\Contoso.Only_3.0.0.0_neutral_~_abc",
          store + "InboxApplications\\Microsoft.Shell_10.0.1.0_neutral_neutral_cw5n1h2txyewy",
          store + "S-1-5-21-1\\Contoso.Notes_2024.1.7.0_x64__abc",
          store + "S-1-5-21-1\\Contoso.Gone_1.0.0.0_x64__abc",
          store + "S-1-5-21-2\\Contoso.Kept_1.0.0.0_x64__abc",
          store + "Deleted\\EndOfLife\\S-1-5-21-1\\Contoso.Gone_1.0.0.0_x64__abc",
          store + "Deleted\\EndOfLife\\S-1-5-21-1\\Contoso.Kept_1.0.0.0_x64__abc",
          repository + "Contoso.Notes_2024.1.7.0_neutral_split.language-de_abc",
          repository + "Microsoft.VCLibs.140.00_14.0.33519.0_x64__8wekyb3d8bbwe",
          repository + "not a name",
        ]))
    let classes = try made(
      named([
        "Local Settings\\Software\\Microsoft\\Windows\\CurrentVersion\\AppModel\\Repository\\Packages\\Of.Kim_1.2.3.4_arm64__abc"
      ]))
    let manifest = """
      <?xml version="1.0"?><!-- <Identity Name="x" Version="9.9.9.9"/> -->
      <Package xmlns="http://schemas.microsoft.com/appx/manifest/foundation/windows10">
        <Identity Publisher='CN=Contoso' Name='MSTeams' Version='24102.2223.2870.9480' ProcessorArchitecture="x64" />
        <Properties><DisplayName>Teams &amp; More</DisplayName><PublisherDisplayName>ms-resource:p</PublisherDisplayName></Properties>
      </Package>
      """
    let folder = "Program Files/WindowsApps/MSTeams_24102.2223.2870.9480_x64__8wekyb3d8bbwe/"
    let system = manifest.replacing("MSTeams", with: "Settings").replacing("Teams &amp; More", with: "ms-resource:name")
    let hives: [GuestPath: Data] = [
      "Windows/System32/config/SOFTWARE": software,
      "Users/kim/AppData/Local/Microsoft/Windows/UsrClass.dat": classes,
      GuestPath(folder + "AppxManifest.xml"): Data(manifest.utf8),
      "Windows/SystemApps/Settings_cw5n1h2txyewy/AppxManifest.xml": Data(system.utf8),
      "Program Files/WindowsApps/Broken_1.0.0.0_x64__abc/AppxManifest.xml": Data("<Identity".utf8),
    ]
    let reading = read(hives, [GuestPath(folder + "ms-teams.exe")])
    let apps = reading.packages.filter { $0.kind == .msix }
    #expect(
      apps.map { "\($0.name) \($0.version) \($0.architecture ?? "-")" }.sorted() == [
        "Broken 1.0.0.0 x64",
        "Contoso.Kept 1.0.0.0 x64", "Contoso.Notes 2024.1.7.0 x64", "Contoso.Only 3.0.0.0 neutral",
        "Microsoft.Shell 10.0.1.0 neutral", "Microsoft.VCLibs.140.00 14.0.33519.0 x64", "Of.Kim 1.2.3.4 arm64",
        "Settings 24102.2223.2870.9480 x64", "Teams & More 24102.2223.2870.9480 x64",
      ])
    #expect(
      apps.first { $0.name == "Teams & More" }?.files.map(\.path).sorted()
        == [GuestPath(folder + "AppxManifest.xml"), GuestPath(folder + "ms-teams.exe")])
    #expect(reading.problems.map(\.subject) == ["Program Files/WindowsApps/Broken_1.0.0.0_x64__abc/AppxManifest.xml"])
  }
}
