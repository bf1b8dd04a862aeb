internal import Inventory

extension TraceEvent {
  /// The calls that are followed, as strace's `-e trace=` takes them; `?` before what not every machine has.
  static let calls =
    "execve,?execveat,?open,openat,?openat2,?creat,?rename,renameat,?renameat2,?link,linkat,?unlink,unlinkat,"
    + "?dup2,dup3,?chdir,fchdir,?fork,?vfork,clone,?clone3"

  /// What a line means for a process in the folder `working`; nil where it does not matter.
  init?(_ line: TraceLine, working: GuestPath) {
    func path(_ position: Int, in folder: Int? = nil) -> GuestPath? {
      guard position < line.arguments.count, let bytes = line.arguments[position].string else { return nil }
      return TracePath(folder: folder.flatMap { line.arguments[$0].descriptor }, bytes: bytes).absolute(in: working)
    }
    func pair(_ from: GuestPath?, _ to: GuestPath?, _ make: (GuestPath, GuestPath) -> TraceEvent) -> TraceEvent? {
      from.flatMap { from in to.map { make(from, $0) } }
    }
    let event: TraceEvent? =
      switch line.call {
      case "": .ended
      case "execve": path(0).map(TraceEvent.executed)
      case "execveat": path(1, in: 0).map(TraceEvent.executed)
      case "open", "openat", "openat2", "creat": Self.opening(line)
      case "rename": pair(path(0), path(1)) { .renamed(from: $0, to: $1) }
      case "renameat", "renameat2": pair(path(1, in: 0), path(3, in: 2)) { .renamed(from: $0, to: $1) }
      case "link": pair(path(0), path(1)) { .linked(from: $0, to: $1) }
      case "linkat": pair(path(1, in: 0), path(3, in: 2)) { .linked(from: $0, to: $1) }
      case "unlink": path(0).map(TraceEvent.removed)
      case "unlinkat": path(1, in: 0).map(TraceEvent.removed)
      case "dup2", "dup3": Self.redirection(line)
      case "chdir": path(0).map { .movedTo(folder: $0) }
      case "fchdir": line.arguments.first?.descriptor.map { .movedTo(folder: $0) }
      case "fork", "vfork", "clone", "clone3":
        Int(line.result.text).map { process in
          let isThread = line.arguments.contains { $0.text.contains("CLONE_THREAD") }
          return .started(process: process, isThread: isThread)
        }
      default: nil
      }
    guard let event else { return nil }
    self = event
  }

  /// An open file by the path that the kernel gave the descriptor: links are resolved, and so is the folder.
  private static func opening(_ line: TraceLine) -> TraceEvent? {
    let flags = line.call == "creat" ? "O_WRONLY|O_CREAT|O_TRUNC" : line.arguments.map(\.text).joined()
    guard let path = line.result.descriptor, !flags.contains("O_DIRECTORY"), !flags.contains("O_PATH") else {
      return nil
    }
    let writes = flags.contains("O_WRONLY") || flags.contains("O_RDWR")
    return .opened(
      path: path, reads: !flags.contains("O_WRONLY"), writes: writes,
      truncates: writes && (flags.contains("O_TRUNC") || flags.contains("O_EXCL")))
  }

  private static func redirection(_ line: TraceLine) -> TraceEvent? {
    guard let target = line.result.descriptor, let descriptor = Int(line.result.text), descriptor <= 1 else {
      return nil
    }
    return .redirected(descriptor: descriptor, to: target)
  }
}
