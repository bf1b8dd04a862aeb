internal import CSandbox
internal import Foundation

extension Confinement {
  /// What bounds the files that a process can open.
  package enum Means: String, Codable, Sendable {
    /// The process itself, by the kernel's means.
    case landlock
    /// A file system of its own, in which it is started.
    case bubblewrap
  }

  /// What this machine has, the first of the two where it has both; nil where nothing may be read outside of the appliance.
  package static let available = means(hasLandlock: vmlineage_landlock_version() > 0, Sandbox.program)

  /// - Parameter bubblewrap: the program. That it is there is not enough: not every user may make namespaces.
  static func means(hasLandlock: Bool, _ bubblewrap: String) -> Means? {
    if hasLandlock { return .landlock }
    guard access(bubblewrap, X_OK) == 0 else { return nil }
    let attempt = Process()
    attempt.executableURL = URL(fileURLWithPath: bubblewrap)
    attempt.arguments = Sandbox(readable: [], writable: []).arguments(for: ["/usr/bin/true"])
    (attempt.standardInput, attempt.standardOutput, attempt.standardError) = (nil, nil, FileHandle.nullDevice)
    guard (try? attempt.run()) != nil else { return nil }
    attempt.waitUntilExit()
    return attempt.terminationStatus == 0 ? .bubblewrap : nil
  }
}

/// A process in namespaces of its own, by bubblewrap (bwrap(1)): it has no file but those that are named here and those
/// of programs and libraries, no network, and sees no other process. seccomp and the limit of memory it sets itself.
package struct Sandbox: Sendable {
  package static let program = "/usr/bin/bwrap"

  /// Files and folders that can be read.
  var readable: [String]
  /// Folders that can be written.
  var writable: [String]

  package init(readable: [String], writable: [String]) {
    self.readable = readable
    self.writable = writable
  }

  /// For `program`: a command in the sandbox, whose program is there too.
  package func arguments(for command: [String]) -> [String] {
    var words = ["--unshare-all", "--cap-drop", "ALL", "--ro-bind", "/usr", "/usr"]
    for place in ["/lib", "/lib64", "/bin"] {
      // Where these are no folders they are links into /usr.
      let target = try? FileManager.default.destinationOfSymbolicLink(atPath: place)
      words += target.map { ["--symlink", $0, place] } ?? ["--ro-bind-try", place, place]
    }
    words += ["--proc", "/proc", "--dev", "/dev"]
    let (libraries, program) = (Self.libraries, command.prefix(1).filter { !$0.hasPrefix("/usr/") })
    // Links on the way to them, by which the program knows them, are not there.
    if !libraries.isEmpty { words += ["--setenv", "LD_LIBRARY_PATH", libraries.joined(separator: ":")] }
    for place in program + libraries + readable { words += ["--ro-bind", place, place] }
    for place in writable { words += ["--bind", place, place] }
    return words + ["--remount-ro", "/", "--"] + command
  }

  /// A command that starts another in the sandbox, with a file open for reading as `heldFile`: what root may read of
  /// others' files, or of devices, nobody may in there.
  package func command(_ command: [String], holding file: String) -> [String] {
    let opening = "exec \"$@\" \(Self.heldFile)<\"$0\""
    return ["/bin/sh", "-c", opening, file, Self.program] + arguments(for: command)
  }

  package static let heldFile: Int32 = 3

  /// Whether this process is in one: no machine is without this folder, and no sandbox has it.
  static var isThis: Bool { access("/etc", F_OK) != 0 && errno == ENOENT }

  /// Folders with libraries of the program that runs here, where they are not those of the system.
  private static var libraries: [String] {
    // FileManager reads a file that tells no size by its first read, which here has a page.
    let data = try? FileHandle(forReadingAtPath: "/proc/self/maps")?.readToEnd()
    let maps = String(decoding: data ?? Data(), as: UTF8.self)
    // proc(5): a path is the only field that has slashes, and the last.
    let files = maps.split(separator: "\n").compactMap { line in line.firstIndex(of: "/").map { String(line[$0...]) } }
    let folders = files.filter {
      $0.contains(".so") && !$0.hasPrefix("/usr/") && !$0.hasPrefix("/lib")
    }
    .map { URL(fileURLWithPath: $0).deletingLastPathComponent().path }
    return Set(folders).sorted()
  }
}
