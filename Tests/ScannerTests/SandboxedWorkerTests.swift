import DirectDisk
import Foundation
import Guestfs
import Inventory
import TestSupport
import Testing

@testable import Scanner

@Suite struct SandboxedWorkerTests {
  /// That of VMDK through a server of blocks, which the sandbox also holds.
  @Test(arguments: ["raw", "qcow2", "vmdk"])
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
      var builder = InventoryBuilder(image: ImageFacts())
      for message in messages { try builder.add(message) }
      let inventory = builder.finished(otherwise: Problem(code: "", operation: "", subject: "", reason: ""))
      #expect(inventory.files.contains { $0.digests != nil })
    }
  }

  /// In there root is like any other.
  @Test(.enabled(if: geteuid() == 0), arguments: ["qcow2", "vhdx"])
  func `root has an image read that only its owner may`(format: String) throws {
    try withTemporaryFolder { folder in
      let (disk, run) = (folder.appending(path: "disk"), folder.appending(path: "run"))
      var image = folder.appending(path: "image")
      try FileManager.default.createDirectory(at: run, withIntermediateDirectories: true)
      #expect(try TestSupport.run(["genisoimage", "-quiet", "-o", disk.path, "/etc/hostname"]).status == 0)
      #expect(try TestSupport.run(["qemu-img", "convert", "-O", format, disk.path, image.path]).status == 0)
      let home = folder.appending(path: "home")
      try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
      for (place, mode) in [(image, 0o600), (home, 0o700)] as [(URL, mode_t)] {
        #expect(chmod(place.path, mode) == 0 && chown(place.path, 1000, 1000) == 0)
      }
      #expect(rename(image.path, home.appending(path: "image").path) == 0)
      image = home.appending(path: "image")
      var request = ScanRequest(path: image.path, folder: run.path, share: .nothing(handsOver: false))
      request.confinement = .bubblewrap
      let messages = try Self.messages(.scan(request))
      #expect(messages.contains { if case .done(.scanned, nil, _) = $0 { true } else { false } }, "\(messages)")
    }
  }

  @Test func `only a child that reads by itself is in a sandbox, and only without Landlock`() {
    var request = ScanRequest(path: "/image", folder: "/run", share: .nothing(handsOver: true))
    let bare = ["/program", workerCommand]
    func command() -> [String] { WorkerTask.scan(request).command("/program", ImageFacts()) }
    #expect(command() == bare)
    request.confinement = .landlock
    #expect(command() == bare)
    request.confinement = .bubblewrap
    #expect(command().contains(Sandbox.program))
    request.share = .allBut([])
    #expect(command() == bare)
    #expect(WorkerTask.probe(folder: "/run", acceleration: .tcg).command("/program", ImageFacts()) == bare)
  }

  @Test func `the doctor says what confines`() {
    #expect(confinement(.landlock).detail.contains("by Landlock"))
    #expect(confinement(.bubblewrap).detail.contains("by bubblewrap"))
    #expect(confinement(nil).outcome == .limited && confinement(nil).remedy?.contains("bubblewrap") == true)
  }

  /// What a child says that is started as the supervisor starts it: it ends when its standard input does.
  private static func messages(_ task: WorkerTask) throws -> [ScanMessage] {
    let command = task.command(builtProgram, ImageFacts())
    let process = Process()
    process.executableURL = URL(fileURLWithPath: command[0])
    process.arguments = Array(command.dropFirst())
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
