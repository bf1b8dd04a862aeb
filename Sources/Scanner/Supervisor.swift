package import DirectDisk
package import Foundation
package import Guestfs
package import Inventory
internal import Subprocess
internal import Synchronization
internal import SystemPackage

/// Runs child processes, each with a deadline, and turns whatever becomes of them into values.
package enum Supervisor {
  /// Scans one image in a child of its own, or in two where the first finds what only the appliance can read.
  /// - Parameters:
  ///   - reader: how; for an image about whose header something is odd, `auto` is the appliance.
  ///   - image: what the parent knows of it, for an inventory of a child that died.
  ///   - deadline: after it the child's whole process group is killed.
  ///   - acceleration: asked only where there will be an appliance.
  ///   - confinement: without any, `auto` is the appliance and `direct` fails.
  ///   - progress: called on any thread.
  /// - Returns: always an inventory: a failed one with its reason where the child died, hung or could not start.
  package static func scan(
    _ request: ScanRequest, by reader: Reader, image: ImageFacts, deadline: Duration,
    acceleration: () async -> Acceleration, confinement: Confinement.Means? = Confinement.available,
    progress: @escaping @Sendable (ScanProgress) -> Void
  ) async -> Inventory {
    var request = request
    request.confinement = confinement
    var left = deadline
    if reader == .direct || (reader == .auto && confinement != nil) {
      // Half of the time for the first: a hang there must leave the appliance enough.
      request.share = .nothing(handsOver: reader == .auto)
      let start = ContinuousClock.now
      let first = await run(
        .scan(request), image: image, deadline: reader == .auto ? deadline / 2 : deadline, progress: progress)
      if reader == .direct || (first.readable == nil && first.inventory.status != .failed) || Task.isCancelled {
        return first.inventory
      }
      // What boots an appliance runs in no sandbox, and reads nothing itself then.
      request.share = .allBut(confinement == .landlock ? first.readable ?? [] : [])
      left -= ContinuousClock.now - start
    }
    request.acceleration = await acceleration()
    let second = await run(.scan(request), image: image, deadline: left, progress: progress)
    return second.inventory
  }

  /// Whether an appliance boots with this acceleration within `deadline`; nil where it does, else why not.
  package static func probe(_ acceleration: Acceleration, folder: URL, deadline: Duration) async -> Problem? {
    let task = WorkerTask.probe(folder: folder.path, acceleration: acceleration)
    let inventory = await run(task, image: ImageFacts(), deadline: deadline) { _ in }.inventory
    return inventory.status == .scanned ? nil : inventory.problem
  }

  private static func run(
    _ task: WorkerTask, image: ImageFacts, deadline: Duration,
    progress: @escaping @Sendable (ScanProgress) -> Void
  ) async -> (inventory: Inventory, readable: [String]?) {
    let builder = Mutex(InventoryBuilder(image: image))
    let group = Mutex<pid_t?>(nil)
    let timedOut = Mutex(false)
    let subject = image.files.first?.path ?? "appliance"
    var reason = "its process ended before it was done"
    do {
      try await withTaskCancellationHandler {
        try await start(
          task, image, deadline: deadline,
          started: { process in
            group.withLock { $0 = process }
            // Cancelled before there was a group to end.
            if Task.isCancelled { ProcessGroup.end(process) }
          },
          expired: { timedOut.withLock { $0 = true } },
          received: { message in
            if case .progress(let step) = message { progress(step) }
            return try builder.withLock { builder in
              try builder.add(message)
              return builder.isComplete || builder.readable != nil
            }
          })
      } onCancel: {
        if let group = group.withLock({ $0 }) { ProcessGroup.end(group) }
      }
    } catch let error as GarbledMessage {
      reason = error.reason
    } catch {
      reason = "\(error)"
    }
    let problem =
      timedOut.withLock { $0 }
      ? Problem(
        code: "deadline", operation: "scan", subject: subject, reason: "not done after \(deadline)",
        remedy: "give more time with --deadline")
      : Problem(code: "died", operation: "scan", subject: subject, reason: reason + said(task))
    return builder.withLock { ($0.finished(otherwise: problem), $0.readable) }
  }

  /// The last of what the child said on standard error.
  private static func said(_ task: WorkerTask) -> String {
    guard let file = FileHandle(forReadingAtPath: task.folder + "/errors"), let length = try? file.seekToEnd(),
      (try? file.seek(toOffset: length - min(length, 2000))) != nil, let text = try? file.read(upToCount: 2000)
    else { return "" }
    let lines = String(decoding: text, as: UTF8.self).split(separator: "\n")
    return lines.last.map { ": \($0.prefix(300))" } ?? ""
  }

  private static func start(
    _ task: WorkerTask, _ image: ImageFacts, deadline: Duration, started: @escaping @Sendable (pid_t) -> Void,
    expired: @escaping @Sendable () -> Void, received: @escaping @Sendable (ScanMessage) throws -> Bool
  ) async throws {
    var options = PlatformOptions()
    options.processGroupID = 0
    let errors = try FileDescriptor.open(
      FilePath(task.folder + "/errors"), .writeOnly, options: [.create, .truncate], permissions: [.ownerReadWrite])
    var line = try JSONEncoder().encode(task)
    line.append(UInt8(ascii: "\n"))
    let request = line
    let command = task.command(ownExecutable, image)
    _ = try await Subprocess.run(
      .path(FilePath(command[0])), arguments: Arguments(Array(command.dropFirst())),
      environment: .custom(workerEnvironment(task.folder)),
      platformOptions: options, input: .inputWriter, output: .sequence,
      error: .fileDescriptor(errors, closeAfterSpawningProcess: true)
    ) { execution in
      let group = execution.processIdentifier.value
      started(group)
      // Whatever happens, nothing of it is left running: also where the child itself ended first.
      defer { ProcessGroup.end(group) }
      let watchdog = Task {
        try await Task.sleep(for: deadline)
        expired()
        ProcessGroup.end(group)
      }
      defer { watchdog.cancel() }
      _ = try await execution.standardInputWriter.write(Array(request))
      try await receive(execution.standardOutput, received)
    }
  }

  /// Reads messages until the one that says that it is done, or the end.
  private static func receive(
    _ output: SubprocessOutputSequence, _ received: (ScanMessage) throws -> Bool
  ) async throws {
    var frames = ScanMessageFrames()
    for try await buffer in output {
      for message in try frames.messages(buffer.withUnsafeBytes { Data($0) }) where try received(message) { return }
    }
  }

  private static var ownExecutable: String {
    (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
  }

  /// What libguestfs and its programs need and nothing else: its own variables in the environment may be anyone's.
  /// Times of FAT have no zone: here they are read as the appliance reads them. A crash is an end at once.
  private static func workerEnvironment(_ folder: String) -> [Environment.Key: String] {
    var environment: [Environment.Key: String] = [
      "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": NSHomeDirectory(), "TMPDIR": folder,
      "TZ": "UTC0", "SWIFT_BACKTRACE": "enable=no",
    ]
    let given = ProcessInfo.processInfo.environment
    for name in ["XDG_RUNTIME_DIR", "LD_LIBRARY_PATH"] {
      environment[Environment.Key(rawValue: name) ?? "HOME"] = given[name]
    }
    return environment
  }
}

/// The hidden command by which the program starts itself as a child.
package let workerCommand = "scan-image"
