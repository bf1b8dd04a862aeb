import Foundation
import TestSupport
import Testing

/// Whether mounts of a test's own can be made here.
let canMount = geteuid() == 0 && (try? run(["unshare", "-m", "true"]).status) == 0

/// A program that goes on while the test looks at it; its temporary folder and its catalog are the test's own.
final class Running {
  let process = Process()
  let folder: URL
  private let output: URL
  private let errors: URL

  init(_ arguments: [String], in folder: URL, environment: [String: String] = [:]) throws {
    self.folder = folder
    output = folder.appending(path: "output-\(UUID().uuidString)")
    errors = folder.appending(path: "errors-\(UUID().uuidString)")
    for file in [output, errors] { try Data().write(to: file) }
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment
      .merging(["TMPDIR": folder.path, "VMLINEAGE_CATALOG": folder.appending(path: "catalog.db").path]) { $1 }
      .merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: errors)
    try process.run()
  }

  /// Waits for its end.
  func finish() throws -> Finished {
    process.waitUntilExit()
    return Finished(
      status: process.terminationStatus, output: try Data(contentsOf: output), errors: try Data(contentsOf: errors))
  }

  /// The processes that scan images for it: each the leader of a group.
  var workers: [Int32] {
    processes {
      $0.parent == process.processIdentifier && !$0.isZombie && arguments(of: $0.id).contains("scan-image")
    }
  }

  deinit {
    guard process.isRunning else { return }
    for group in workers { kill(-group, SIGKILL) }
    process.terminate()
  }
}

private struct Facts {
  var id: Int32
  var parent: Int32
  var group: Int32
  var isZombie: Bool
}

/// By proc(5), stat.
private func processes(where matches: (Facts) -> Bool) -> [Int32] {
  let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
  return names.compactMap { Int32($0) }.filter { id in
    guard let data = FileManager.default.contents(atPath: "/proc/\(id)/stat") else { return false }
    let fields = String(decoding: data, as: UTF8.self).split(separator: ") ").last?.split(separator: " ") ?? []
    guard fields.count > 2, let parent = Int32(fields[1]), let group = Int32(fields[2]) else { return false }
    return matches(Facts(id: id, parent: parent, group: group, isZombie: fields[0] == "Z"))
  }
}

/// What still runs of a group.
func members(ofGroup group: Int32) -> [Int32] { processes { $0.group == group && !$0.isZombie } }

/// Whether nothing is left of a group, once those that the kernel ends have been waited for.
func isGone(_ group: Int32) -> Bool {
  members(ofGroup: group).isEmpty && eventually { processes { $0.group == group }.isEmpty ? true : nil } == true
}

func arguments(of process: Int32) -> [String] {
  let data = FileManager.default.contents(atPath: "/proc/\(process)/cmdline") ?? Data()
  return data.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
}

/// The QEMU that runs a group's appliance, once it does.
func qemu(ofGroup group: Int32) -> Int32? {
  members(ofGroup: group).first { id in
    let arguments = arguments(of: id)
    return arguments.first?.contains("qemu-system") == true && arguments.contains { $0.contains("guestfsd.sock") }
  }
}

/// The folder of a QEMU's sockets, where libguestfs puts it.
func socketFolder(ofQEMU id: Int32) -> String? {
  arguments(of: id).joined(separator: " ").firstMatch(of: /path=([^, ]*\/libguestfs\w+)\/guestfsd\.sock/).map {
    String($0.1)
  }
}

/// Files that a process holds open.
func openFiles(_ process: Int32) -> [String] {
  let folder = "/proc/\(process)/fd"
  return ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
    .compactMap { try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\($0)") }
}

/// Waits until there is a value; nil where there is none after a bound that is far beyond what it takes.
func eventually<Value>(_ seconds: Double = 60, _ body: () -> Value?) -> Value? {
  let end = Date(timeIntervalSinceNow: seconds)
  repeat {
    if let value = body() { return value }
    Thread.sleep(forTimeInterval: 0.1)
  } while Date() < end
  return nil
}

/// What runs of the program left in their temporary folder.
func left(in folder: URL) throws -> [String] {
  try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasPrefix("vmlineage-") }
}

/// Checks a document against one of the schemas that people's scripts rely on.
func expectSchema(_ name: String, _ document: Data, in folder: URL) throws {
  let file = folder.appending(path: "document.json")
  try document.write(to: file)
  let schema = packageFolder.appending(path: "Signatures/schemas/\(name)").path
  let checker = packageFolder.appending(path: ".build/python/bin/check-jsonschema").path
  let checked = try run([checker, "--schemafile", schema, file.path])
  #expect(checked.status == 0, "\(checked.text)")
}
