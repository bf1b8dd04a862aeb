import Foundation
import TestSupport
import Testing

@Suite struct WindowsTests {
  @Test(arguments: ["windows.vhd", "windows-fixed.vhd"])
  func `tells the system by its hives`(_ name: String) async throws {
    let image = try await SharedScan.value.image(name)
    let registry = try registry("software").merging(registry("system")) { $1 }
    let current = try #require(registry["HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion"])
    let revision = try #require(current["UBR"].flatMap { Int($0.dropFirst("dword:".count), radix: 16) })
    let build = try #require(current["CurrentBuild"])
    let computer = registry["HKEY_LOCAL_MACHINE\\SYSTEM\\ControlSet001\\Control\\ComputerName\\ComputerName"]
    let system = try #require(image.operatingSystems.first)
    #expect(image.status == "scanned" && image.format == "vhd")
    #expect(system.family == "windows" && system.architecture == "x86_64")
    #expect(system.version == "10.0.\(build).\(revision)")
    #expect(system.hostname == computer?["ComputerName"])
    #expect(image.volumes.map(\.fileSystem) == ["ntfs"])
  }

  @Test func `lists every file that was written`() async throws {
    let scan = try await SharedScan.value
    let found = try storedFiles(of: scan.image("windows.vhd"), in: scan.catalog)
    let known = try trueFiles("windows.files")
    #expect(Set(found.keys) == Set(known.keys))
    let digested = found.filter { !$0.value.sha256.isEmpty }
    #expect(digested.count > 50)
    #expect(misdigested(digested, known) == [])
  }

  @Test func `names products as pefile reads them, and programs as they were set up`() async throws {
    let image = try await SharedScan.value.image("windows.vhd")
    let products = try truth("windows.versions.tsv").filter { !$0[2].isEmpty }
    for line in products where !(line[0].hasPrefix("Windows/") && line[1].hasPrefix("Microsoft")) {
      let naming = image.packages("windows").filter { $0.files.contains { $0.path == line[0] } }
      #expect(naming.contains { $0.name == line[2] && $0.version == line[4] }, "\(line)")
    }
    let installed = try uninstallEntries()
    #expect(installed.count > 6)
    let known = Set(products.map { "\($0[2]) \($0[4])" }).union(installed)
    #expect(Set(image.names("windows")) == known)
    // Each once: the uninstall keys, and each product of a folder tree.
    for entry in installed { #expect(image.names("windows").count { $0 == entry } == 1, "\(entry)") }
  }

  @Test func `lists services and drivers that name a file`() async throws {
    let image = try await SharedScan.value.image("windows.vhd")
    let prefix = "HKEY_LOCAL_MACHINE\\SYSTEM\\ControlSet001\\Services\\"
    let services = try registry("system").filter { $0.key.hasPrefix(prefix) && $0.value["ImagePath"] != nil }
    let names = services.keys.map { String($0.dropFirst(prefix.count)) }
    #expect(names.count > 5 && Set(image.packages("service").map(\.name)) == Set(names))
    #expect(image.packages("service").count == names.count)
  }

  @Test func `reads Python packages that wheels installed`() async throws {
    let image = try await SharedScan.value.image("windows.vhd")
    #expect(image.names("pypi") == ["debugpy 1.8.22", "psutil 7.2.2", "pywin32 312"])
    let folder = "Program Files/Python312/Lib/site-packages/psutil/"
    let written = try trueFiles("windows.files").keys.filter { $0.hasPrefix(folder) }
    let psutil = try #require(image.packages("pypi").first { $0.name == "psutil" })
    #expect(written.count > 5)
    #expect(Set(psutil.files.map(\.path)).isSuperset(of: written))
  }

  @Test func `finds the same in both forms of VHD`() async throws {
    let scan = try await SharedScan.value
    let (dynamic, fixed) = (try scan.image("windows.vhd"), try scan.image("windows-fixed.vhd"))
    #expect(!dynamic.applications.isEmpty && dynamic.applications == fixed.applications)
    #expect(dynamic.counts == fixed.counts && dynamic.virtualSize == fixed.virtualSize)
    #expect(dynamic.id != fixed.id)
  }
}

/// `DisplayName DisplayVersion` of every uninstall key of the registry texts.
func uninstallEntries() throws -> [String] {
  try ["software", "ntuser"].flatMap { try registry($0) }.filter { $0.key.contains("\\Uninstall\\") }
    .compactMap { _, values in values["DisplayName"].map { "\($0) \(values["DisplayVersion"] ?? "")" } }
}

/// A registry text of `Fixtures/windows`: values by name, by key. Strings without their quotes, the rest as written.
private func registry(_ name: String) throws -> [String: [String: String]] {
  let file = packageFolder.appending(path: "Fixtures/windows/\(name).reg")
  var keys: [String: [String: String]] = [:]
  var key = ""
  for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
    if let start = line.wholeMatch(of: /\[(.*)\]/) {
      key = String(start.1)
    } else if let value = line.wholeMatch(of: /"([^"]+)"="?(.*?)"?/) {
      keys[key, default: [:]][String(value.1)] = String(value.2)
    }
  }
  return keys
}
