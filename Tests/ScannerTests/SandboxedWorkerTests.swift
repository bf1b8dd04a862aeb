import DirectDisk
import Foundation
import Guestfs
import Inventory
import TestSupport
import Testing

@testable import Scanner

@Suite struct SandboxedWorkerTests {
  /// Through a server of blocks too, which the sandbox also holds.
  @Test(arguments: ["raw", "qcow2"])
  func `a child in a sandbox reads an image without Landlock`(format: String) throws {
    try withTemporaryFolder { folder in
      let (disk, image, run) = (
        folder.appending(path: "disk"), folder.appending(path: "image"), folder.appending(path: "run")
      )
      try FileManager.default.createDirectory(at: run, withIntermediateDirectories: true)
      let tree = packageFolder.appending(path: "Fixtures").path
      #expect(try TestSupport.run(["genisoimage", "-quiet", "-R", "-o", disk.path, tree]).status == 0)
      #expect(
        try TestSupport.run(["qemu-img", "convert", "-f", "raw", "-O", format, disk.path, image.path]).status == 0)
      var request = ScanRequest(
        path: image.path, assumeRaw: format == "raw", folder: run.path, share: .nothing(handsOver: false),
        digests: .all)
      request.confinement = .bubblewrap
      let messages = try Self.messages(.scan(request))
      #expect(messages.contains { if case .done(.scanned, nil, _) = $0 { true } else { false } }, "\(messages)")
      #expect(
        messages.contains { if case .files(let files) = $0 { files.contains { $0.digests != nil } } else { false } })
    }
  }

  @Test func `only a child that reads by itself is in a sandbox, and only without Landlock`() {
    var request = ScanRequest(path: "/image", folder: "/run", share: .nothing(handsOver: true))
    #expect(WorkerTask.scan(request).sandbox(ImageFacts()) == nil)
    request.confinement = .landlock
    #expect(WorkerTask.scan(request).sandbox(ImageFacts()) == nil)
    request.confinement = .bubblewrap
    #expect(WorkerTask.scan(request).sandbox(ImageFacts()) != nil)
    request.share = .allBut([])
    #expect(WorkerTask.scan(request).sandbox(ImageFacts()) == nil)
    #expect(WorkerTask.probe(folder: "/run", acceleration: .tcg).sandbox(ImageFacts()) == nil)
  }

  @Test func `the doctor says what confines`() {
    #expect(confinement(.landlock).detail.contains("by Landlock"))
    #expect(confinement(.bubblewrap).detail.contains("by bubblewrap"))
    #expect(confinement(nil).outcome == .limited && confinement(nil).remedy?.contains("bubblewrap") == true)
  }

  /// What a child says that is started as the supervisor starts it: it ends when its standard input does.
  private static func messages(_ task: WorkerTask) throws -> [ScanMessage] {
    let program = builtProgram
    guard case .scan(let request) = task else { return [] }
    let sandbox = Sandbox(readable: [program, request.path], writable: [request.folder])
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Sandbox.program)
    process.arguments = sandbox.arguments(for: [program, workerCommand])
    let (input, output) = (Pipe(), Pipe())
    (process.standardInput, process.standardOutput) = (input, output)
    try process.run()
    try input.fileHandleForWriting.write(contentsOf: try JSONEncoder().encode(task) + Data("\n".utf8))
    let data = try output.fileHandleForReading.readToEnd() ?? Data()
    try input.fileHandleForWriting.close()
    process.waitUntilExit()
    var frames = ScanMessageFrames()
    return try frames.messages(data)
  }
}
