internal import DirectDisk
internal import Foundation
package import Guestfs
internal import Inventory

/// What a child process is started for.
package enum WorkerTask: Codable, Sendable {
  case scan(ScanRequest)
  /// Boots an empty appliance, to learn whether this machine can.
  case probe(folder: String, acceleration: Acceleration)

  var folder: String {
    switch self {
    case .scan(let request): request.folder
    case .probe(let folder, _): folder
    }
  }

  fileprivate var isSandboxed: Bool { if case .scan(let request) = self { request.isSandboxed } else { false } }

  /// How `program` is started for it.
  func command(_ program: String, _ image: ImageFacts) -> [String] {
    let own = [program, workerCommand]
    guard case .scan(let request) = self, request.isSandboxed else { return own }
    // One file is held open. Of several, each says by its path where the next is.
    let files = image.files.count > 1 ? image.files.map(\.path) : []
    let sandbox = Sandbox(
      readable: Set(files + [request.index].compactMap(\.self)).sorted(), writable: [request.folder])
    return sandbox.command(own, holding: request.path)
  }
}

/// The whole life of a child process: one task from standard input, messages to standard output. It ends with its parent:
/// when standard input closes, the whole process group is killed.
package func runWorker() {
  guard let line = readLine(strippingNewline: true),
    let task = try? JSONDecoder().decode(WorkerTask.self, from: Data(line.utf8))
  else {
    try? FileHandle.standardError.write(contentsOf: Data("vmlineage: this command is for its own use\n".utf8))
    exit(64)
  }
  let messages = takeOutput()
  // Without a group of its own, ending the group would end whoever started this.
  // In a sandbox it is the only one that it sees.
  let watch = { if getpgrp() == getpid() || task.isSandboxed { endWithParent(task) } }
  let tell = { (message: ScanMessage) in
    guard let frame = try? message.frame() else { return }
    // The parent is gone where this fails; the watch ends the group then.
    try? messages.write(contentsOf: frame)
  }
  switch task {
  case .scan(let request): ImageScan(request: request, tell: tell, watch: watch).run()
  case .probe(let folder, let acceleration):
    watch()
    probe(folder, acceleration, tell)
  }
}

/// Keeps the pipe to the parent for messages alone: what a library or a program started from here prints on standard
/// output goes where errors go. A parent that is gone must not end this process before all of its group is ended.
private func takeOutput() -> FileHandle {
  signal(SIGPIPE, SIG_IGN)
  let messages = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)
  guard messages >= 0 else { return .standardOutput }
  dup2(STDERR_FILENO, STDOUT_FILENO)
  return FileHandle(fileDescriptor: messages, closeOnDealloc: false)
}

private func endWithParent(_ task: WorkerTask) {
  let folder = task.folder
  Thread.detachNewThread {
    while readLine() != nil {}
    ProcessGroup.endOwn(removing: folder)
  }
}

private func probe(_ folder: String, _ acceleration: Acceleration, _ tell: (ScanMessage) -> Void) {
  let folder = URL(fileURLWithPath: folder)
  let drives = Appliance.Drives(
    overlay: folder.appending(path: "overlay.qcow2"), scratch: folder.appending(path: "scratch"))
  do {
    try Overlay.createEmpty(at: drives.overlay)
    try Overlay.createScratch(at: drives.scratch, size: 1 << 20)
    let appliance = try Appliance(
      drives: drives, acceleration: acceleration, temporary: folder, cache: ApplianceKernel.cache,
      memory: ApplianceSize.memory, processors: 1)
    _ = try appliance.deviceReport()
    tell(.done(status: .scanned, problem: nil, counts: Counts()))
  } catch {
    let problem = Problem(
      code: "appliance-failed", operation: "start appliance", subject: acceleration.rawValue, reason: "\(error)")
    tell(.done(status: .failed, problem: problem, counts: Counts()))
  }
}

/// How large an appliance is.
package enum ApplianceSize {
  /// Mebibytes: libguestfs's own default on this architecture.
  package static let memory = 1280
  /// What one takes of this machine with QEMU and the child around it, in mebibytes.
  package static let footprint = 2048
}
