import Foundation
import Inventory
import TestSupport
import Testing

@testable import Guestfs
@testable import Scanner

/// The id of a process that is no more.
private func deadProcess() throws -> Int32 {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/bin/true")
  try process.run()
  process.waitUntilExit()
  return process.processIdentifier
}

@Test func `sweeping removes what a dead run left and nothing else`() throws {
  try withTemporaryFolder { folder in
    let dead = try deadProcess()
    let outside = folder.appending(path: "outside")
    try FileManager.default.createDirectory(at: outside, withIntermediateDirectories: true)
    try Data("x".utf8).write(to: outside.appending(path: "kept"))
    let kept = [
      "vmlineage-\(getpid())-A", "vmlineage-test-\(dead)", "vmlineage-", "vmlineage--\(dead)", "vmlineage-0-x",
      "other-\(dead)-A", "vmlineage-99999999999999999999-A",
    ]
    for name in kept + ["vmlineage-\(dead)-A"] {
      try FileManager.default.createDirectory(at: folder.appending(path: name), withIntermediateDirectories: true)
    }
    // What a dead run left may hold a link out of it, and may be a link itself.
    try FileManager.default.createSymbolicLink(
      at: folder.appending(path: "vmlineage-\(dead)-A/link"), withDestinationURL: outside)
    try FileManager.default.createSymbolicLink(
      at: folder.appending(path: "vmlineage-\(dead)-L"), withDestinationURL: outside)
    try Data().write(to: folder.appending(path: "vmlineage-\(dead)-F"))
    RunFolder.sweep(folder.path)
    let left = try Set(FileManager.default.contentsOfDirectory(atPath: folder.path))
    #expect(left == Set(kept + ["outside", "vmlineage-\(dead)-L", "vmlineage-\(dead)-F"]))
    #expect(FileManager.default.fileExists(atPath: outside.appending(path: "kept").path))
  }
}

@Test func `a run's folder is its own and goes with it`() throws {
  var run: RunFolder? = try RunFolder()
  let url = try #require(run?.url)
  let below = try #require(try run?.folder("image"))
  for folder in [url, below] {
    let mode = try FileManager.default.attributesOfItem(atPath: folder.path)[.posixPermissions] as? NSNumber
    #expect(mode == 0o700)
  }
  run = nil
  #expect(!FileManager.default.fileExists(atPath: url.path))
}

@Test func `what is remembered of another machine is nothing`() throws {
  try withTemporaryFolder { cache in
    let choice = AccelerationChoice(cache: cache)
    #expect(choice.remembered == nil)
    try FileManager.default.createDirectory(
      at: choice.memory.deletingLastPathComponent(), withIntermediateDirectories: true)
    for text in ["{\"machine\":\"another\",\"acceleration\":\"kvm\"}", "", "[]", "{\"acceleration\":\"kvm\"}"] {
      try Data(text.utf8).write(to: choice.memory)
      #expect(choice.remembered == nil)
    }
  }
}
