import Foundation
import TestSupport
import Testing

/// The rooms as Package.swift has them: what each may import.
private let rooms: [String: Set<String>] = {
  let manifest = (try? String(contentsOf: packageFolder.appending(path: "Package.swift"), encoding: .utf8)) ?? ""
  var products: [String: String] = [:]
  for match in manifest.matches(of: /let (\w+) = Target\.Dependency\.product\(name: "(\w+)"/) {
    products[String(match.1)] = String(match.2)
  }
  func names(_ list: Substring) -> Set<String> {
    Set(list.matches(of: /"(\w+)"|(\w+)/).compactMap { $0.1.map(String.init) ?? products[String($0.2 ?? "")] })
  }
  var rooms: [String: Set<String>] = [:]
  for match in manifest.matches(of: /room\(\s*"(\w+)",\s*\[([^\]]*)\]/) { rooms[String(match.1)] = names(match.2) }
  for match in manifest.matches(of: /\.executableTarget\(\s*name: "vmlineage",\s*dependencies: \[([^\]]*)\]/) {
    rooms["CLI"] = names(match.1)
  }
  return rooms
}()

/// The Swift files below a folder of the package, by their paths from there.
private func swiftFiles(in folder: String) throws -> [(path: String, text: String)] {
  let root = packageFolder.appending(path: folder)
  return try FileManager.default.subpathsOfDirectory(atPath: root.path).filter { $0.hasSuffix(".swift") }.sorted().map {
    ($0, try String(contentsOf: root.appending(path: $0), encoding: .utf8))
  }
}

private func imports(of text: String) -> Set<String> {
  let line = /^(?:@\w+ )*(?:(?:package|internal|private|fileprivate|public) )?import (?:\w+ )?(\w+)/
    .anchorsMatchLineEndings()
  return Set(text.matches(of: line).map { String($0.1) })
}

/// Code without comments and without what stands between quotation marks.
private func code(_ text: String) -> String {
  text.split(separator: "\n", omittingEmptySubsequences: false)
    .map { $0.replacing(/"(?:[^"\\]|\\.)*"/, with: "\"\"").replacing(/\/\/.*/, with: "") }
    .joined(separator: "\n")
}

/// What comes with Swift.
private let toolchain: Set = ["Dispatch", "Foundation", "Glibc", "Synchronization"]

@Test func `every room of the package has a folder and a line`() throws {
  let folders = try FileManager.default.contentsOfDirectory(atPath: packageFolder.appending(path: "Sources").path)
  let swift = try folders.filter { try !swiftFiles(in: "Sources/\($0)").isEmpty }
  #expect(Set(swift) == Set(rooms.keys))
  #expect(rooms.count > 10)
}

@Test func `a room imports only what its line declares`() throws {
  for (path, text) in try swiftFiles(in: "Sources") {
    let room = path.split(separator: "/").first.map(String.init) ?? ""
    let undeclared = imports(of: text).subtracting(rooms[room] ?? []).subtracting(toolchain)
    #expect(undeclared.isEmpty, "\(path)")
  }
}

@Test func `a declared import is used`() throws {
  for (room, declared) in rooms {
    let used = try swiftFiles(in: "Sources/\(room)").reduce(into: Set<String>()) { $0.formUnion(imports(of: $1.text)) }
    #expect(declared.subtracting(used).isEmpty, "\(room)")
  }
}

@Test func `no arrow leads back`() {
  func reaches(_ room: String, _ goal: String, _ seen: Set<String> = []) -> Bool {
    (rooms[room] ?? []).contains { $0 == goal || !seen.contains($0) && reaches($0, goal, seen.union([$0])) }
  }
  for room in rooms.keys { #expect(!reaches(room, room), "\(room)") }
}

@Test func `a C library belongs to one room`() throws {
  var owners: [String: Set<String>] = [:]
  for (path, text) in try swiftFiles(in: "Sources") {
    let room = path.split(separator: "/").first.map(String.init) ?? ""
    for library in imports(of: text) where library.wholeMatch(of: /C[A-Z]\w+/) != nil && rooms[library] == nil {
      guard library != "Crypto" else { continue }
      owners[library, default: []].insert(room)
    }
  }
  #expect(owners.keys.contains("CGuestfs"))
  for (library, rooms) in owners { #expect(rooms.count == 1, "\(library): \(rooms)") }
}

@Test func `unsafe code stands where C is wrapped or integers are read from bytes`() throws {
  let allowed = ["DirectDisk/", "Fingerprints/Archive/", "Guestfs/"]
  let allowedFiles = [
    "DiskFormats/Directory.swift", "DiskFormats/DiskFile.swift", "Fingerprints/Bytes.swift", "Packages/Hive.swift",
  ]
  for (path, text) in try swiftFiles(in: "Sources") where !allowedFiles.contains(path) {
    if allowed.contains(where: path.hasPrefix) { continue }
    let found = code(text).firstMatch(of: /Unsafe\w*Pointer|\bunsafe\w*|@unchecked|nonisolated\(unsafe\)|Unmanaged/)
    #expect(found == nil, "\(path): \(found.map { String($0.0) } ?? "")")
  }
}

@Test func `nothing above the catalog knows its engine`() throws {
  let above = rooms.filter { $0.value.contains("Catalog") }.keys
  #expect(above.contains("Reports"))
  for room in above {
    for (path, text) in try swiftFiles(in: "Sources/\(room)") {
      #expect(!imports(of: text).contains("GRDB"), "\(path)")
      #expect(code(text).firstMatch(of: /(?i)sqlite/) == nil, "\(path)")
    }
  }
}

@Test(arguments: [
  ("Sources/Packages", "PackageReader", "PackageReaders.swift", "()"),
  ("Sources/Lineage", "Rule", "Rule.swift", "()"),
  ("Sources/Fingerprints", "Fingerprinter", "Fingerprinter.swift", "()"),
  ("Sources/Events", "EventPayload", "Event.swift", ".kind"),
])
func `what is made for a list stands in it`(folder: String, role: String, list: String, member: String) throws {
  let files = try swiftFiles(in: folder)
  let listed = try #require(files.first { $0.path == list }?.text)
  // A protocol that refines it makes readers too.
  let roles =
    [role] + files.flatMap { $0.text.matches(of: /protocol (\w+): (\w+)/).filter { $0.2 == role }.map { String($0.1) } }
  var count = 0
  for (path, text) in files {
    for match in code(text).matches(of: /(?:struct|class|enum|actor|extension) (\w+): ([\w, ]*\w)/) {
      guard match.2.split(separator: /, */).contains(where: { roles.contains(String($0)) }) else { continue }
      count += 1
      #expect(listed.contains("\(match.1)\(member)"), "\(path)")
    }
  }
  #expect(count > 3)
}
