internal import Foundation

/// A child, the QEMU that it started and libguestfs's recovery process: one process group, ended as one (hostile.md,
/// rule 5: killing the child alone leaves a paused QEMU behind).
enum ProcessGroup {
  /// Kills a whole group and removes what libguestfs left outside the private folder.
  static func end(_ group: pid_t) {
    let left = socketFolders(ofGroup: group)
    kill(-group, SIGKILL)
    for folder in left { try? FileManager.default.removeItem(atPath: folder) }
  }

  /// Ends the group of this process, itself included, its private folder first.
  static func endOwn(removing folder: String) -> Never {
    for left in socketFolders(ofGroup: getpgrp()) + [folder] { try? FileManager.default.removeItem(atPath: left) }
    kill(0, SIGKILL)
    exit(2)
  }

  /// Where the group's QEMUs have their sockets: libguestfs puts these where no setting reaches (hostile.md, rule 6),
  /// and QEMU's command line names the folder.
  private static func socketFolders(ofGroup group: pid_t) -> [String] {
    let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return processes.compactMap { pid_t($0) }.filter { getpgid($0) == group }.compactMap { process in
      guard let line = FileManager.default.contents(atPath: "/proc/\(process)/cmdline") else { return nil }
      let text = String(decoding: line, as: UTF8.self)
      return text.firstMatch(of: /path=([^,\0]*\/libguestfs[A-Za-z0-9]+)\/guestfsd\.sock/).map { String($0.1) }
    }
  }
}
