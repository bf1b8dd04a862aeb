internal import Foundation

/// A child, the QEMU that it started and libguestfs's recovery process: one process group, ended as one (hostile.md,
/// rule 5: killing the child alone leaves a paused QEMU behind).
enum ProcessGroup {
  /// Kills a whole group and removes what libguestfs left outside the private folder.
  static func end(_ group: pid_t) {
    // Stopped first, so that nothing is made between the look and the end.
    kill(-group, SIGSTOP)
    let left = socketFolders(ofGroup: group)
    kill(-group, SIGKILL)
    for folder in left { remove(folder) }
  }

  /// What a killed process was about to do in a folder may come to its end after a first try.
  private static func remove(_ folder: String) {
    for _ in 0..<50 {
      try? FileManager.default.removeItem(atPath: folder)
      if !FileManager.default.fileExists(atPath: folder) { return }
      usleep(20_000)
    }
  }

  /// Ends the group of this process, itself included, its private folder first.
  static func endOwn(removing folder: String) -> Never {
    for left in socketFolders(ofGroup: getpgrp()) + [folder] { remove(left) }
    kill(0, SIGKILL)
    exit(2)
  }

  /// Where the group has the sockets of its appliances: libguestfs puts these where no setting reaches (hostile.md,
  /// rule 6). It listens there before it starts QEMU, and the kernel knows each socket's path by its inode (proc(5)).
  private static func socketFolders(ofGroup group: pid_t) -> [String] {
    let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    let members = processes.compactMap { pid_t($0) }.filter { getpgid($0) == group }
    let sockets = members.reduce(into: Set<Substring>()) { $0.formUnion(openSockets(of: $1)) }
    // Read to its end: FileManager takes a first read for all of a file that tells no size.
    let known = try? FileHandle(forReadingAtPath: "/proc/net/unix")?.readToEnd()
    let paths = String(decoding: known ?? Data(), as: UTF8.self).split(separator: "\n").compactMap { line -> String? in
      // Num RefCount Protocol Flags Type St Inode Path
      let fields = line.split(separator: " ", maxSplits: 7)
      guard fields.count == 8, sockets.contains(fields[6]) else { return nil }
      return fields[7].wholeMatch(of: /(.*\/libguestfs[A-Za-z0-9]+)\/[a-z]+\.sock/).map { String($0.1) }
    }
    return Array(Set(paths))
  }

  private static func openSockets(of process: pid_t) -> [Substring] {
    let folder = "/proc/\(process)/fd"
    return ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).compactMap { name in
      let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\(name)")
      return target?.wholeMatch(of: /socket:\[([0-9]+)\]/)?.1
    }
  }
}
