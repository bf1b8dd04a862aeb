import Fingerprints
import Foundation
import Inventory
import TestSupport
import Testing

@testable import Packages

/// As `dotnet publish` writes it for a program with one package and one project beside it.
private let dependencies = """
  {"runtimeTarget": {"name": ".NETCoreApp,Version=v8.0", "signature": ""},
   "targets": {".NETCoreApp,Version=v8.0": {
     "Shop/1.2.0": {"dependencies": {"Newtonsoft.Json": "13.0.3"}, "runtime": {"Shop.dll": {}}},
     "Newtonsoft.Json/13.0.3": {"runtime": {"lib/net6.0/Newtonsoft.Json.dll": {"assemblyVersion": "13.0.0.0"}}},
     "Lang/2.0.0": {"resources": {"lib/net6.0/de/Lang.resources.dll": {"locale": "de"}},
       "runtimeTargets": {"runtimes/unix/lib/net6.0/Lang.dll": {"rid": "unix"}}}}},
   "libraries": {
     "Shop/1.2.0": {"type": "project", "serviceable": false, "sha512": ""},
     "Newtonsoft.Json/13.0.3": {"type": "package", "serviceable": true, "sha512": "sha512-x", "path": "p"},
     "Lang/2.0.0": {"type": "package"},
     "Microsoft.Odd/1.0": {"type": "reference"}, "NoVersion": {"type": "package"}}}
  """

@Suite struct DotNetTests {
  private func assembly(_ name: String, _ fields: [String: String] = [:]) -> Fingerprint {
    Fingerprint(
      kind: .dotnet,
      descriptions: [
        SelfDescription(kind: .dotnetAssembly, name: name, version: "1.0.0", revision: "abcdef0123456789"),
        SelfDescription(kind: .versionResource, name: name, version: "1.0.0", fields: fields),
      ])
  }

  @Test func `lists packages, projects and their files`() {
    let list: Set<GuestPath> = [
      "srv/Shop.dll", "srv/Newtonsoft.Json.dll", "srv/de/Lang.resources.dll", "srv/runtimes/unix/lib/net6.0/Lang.dll",
    ]
    let reading = DotNetReader().read(
      SystemFiles(
        contents: ["srv/Shop.deps.json": Data(dependencies.utf8), "x/bad.deps.json": Data("[".utf8)], list: list,
        fingerprints: [
          "srv/Shop.dll": assembly("Shop"), "srv/Plugin.dll": assembly("Plugin"),
          "Windows/assembly/mscorlib.dll": assembly("mscorlib", ["CompanyName": "Microsoft Corporation"]),
        ]))
    #expect(reading.packages.map(\.name) == ["Lang", "Newtonsoft.Json", "Shop", "Plugin"])
    #expect(reading.packages.map(\.version) == ["2.0.0", "13.0.3", "1.2.0", "1.0.0"])
    #expect(Set(reading.packages.dropLast().flatMap { $0.files.map(\.path) }) == list)
    #expect(reading.packages.last?.revision == "abcdef0123456789")
    #expect(reading.problems.map(\.subject) == ["x/bad.deps.json"])
  }

  @Test func `returns whatever was cut or flipped`() {
    let files = SystemFiles(contents: ["srv/Shop.deps.json": Data(dependencies.utf8)])
    expectReturns(DotNetReader(), files, seed: 14)
  }
}
