internal import Dispatch
internal import Foundation
internal import Glibc
internal import Inventory
internal import Subprocess
internal import Synchronization

/// Runs a command under strace, its input, output, group and status left as they are.
enum Tracer {
  /// Throws Problem, with the way out, where processes cannot be followed on this machine.
  static func check() async throws {
    do {
      _ = try await Program.output("strace", ["-f", "-qq", "-o", "/dev/null", "true"])
    } catch let problem as Problem {
      let isMissing = problem.code == "program-missing"
      throw Problem(
        code: "no-tracing", operation: "follow the build", subject: "strace",
        reason: isMissing ? "it is not installed" : problem.reason,
        remedy: isMissing
          ? "apt-get install strace"
          : "tracing must be allowed: in a container --cap-add SYS_PTRACE, else kernel.yama.ptrace_scope below 3; "
            + "or build without capture and use: vmlineage signatures add --source")
    }
  }

  /// Runs `command` and writes what its processes did to `trace`. Returns its exit status, 128 and the number of a
  /// signal that ended it. SIGTERM and SIGHUP are passed on; so are SIGINT and SIGQUIT, but where there is a terminal,
  /// which sends them to the command itself.
  static func run(_ command: [String], trace: URL) async throws -> Int32 {
    let arguments =
      [
        "-f", "--seccomp-bpf", "-q", "-z", "-y", "-xx", "-s", "4096", "-a", "1", "-e", "signal=none",
        "-e", "trace=\(TraceEvent.calls)", "-o", trace.path, "--",
      ] + command
    let passing = SignalPassing()
    defer { passing.stop() }
    let strace = passing.strace
    let result = try await Subprocess.run(
      .name("strace"), arguments: Arguments(arguments), input: .currentStandardInput, output: .currentStandardOutput,
      error: .currentStandardError
    ) { execution in
      strace.id.withLock { $0 = execution.processIdentifier.value }
    }
    return switch result.terminationStatus {
    case .exited(let code): code
    case .signaled(let signal): 128 + signal
    }
  }
}

/// The process id of strace; 0 before it runs.
private final class Followed: Sendable {
  let id = Mutex<pid_t>(0)

  /// strace itself holds signals back while it follows a command, so they go to the command, its child.
  func pass(_ signal: Int32) {
    let strace = id.withLock { $0 }
    let children = try? String(contentsOfFile: "/proc/\(strace)/task/\(strace)/children", encoding: .utf8)
    for child in (children ?? "").split(separator: " ").compactMap({ pid_t($0) }) { kill(child, signal) }
  }
}

/// Passes signals on to the command that strace follows, for as long as it is not stopped.
private struct SignalPassing {
  private static let signals = [SIGTERM, SIGHUP, SIGINT, SIGQUIT]
  let strace = Followed()
  private var sources: [any DispatchSourceSignal] = []

  init() {
    let passed = isatty(0) == 1 || isatty(2) == 1 ? [SIGTERM, SIGHUP] : Self.signals
    for number in Self.signals {
      // Dispatch sees a signal that is ignored; Subprocess starts its child with the default for all.
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { [strace] in if passed.contains(number) { strace.pass(number) } }
      source.resume()
      sources.append(source)
    }
  }

  func stop() {
    sources.forEach { $0.cancel() }
    for number in Self.signals { signal(number, SIG_DFL) }
  }
}
