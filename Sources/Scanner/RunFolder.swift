package import Foundation
internal import Inventory

/// The private folder of one run, 0700, with a folder an image in it; gone when the run ends.
package final class RunFolder: Sendable {
  package let url: URL

  /// Makes the folder in `$TMPDIR`, else `/var/tmp`: lists and overlays may outgrow a memory-backed `/tmp`.
  /// - Throws: `Problem` where it cannot be made.
  package init() throws {
    Self.sweep(Self.base)
    url = URL(fileURLWithPath: Self.base).appending(path: "\(Self.prefix)\(getpid())-\(UUID().uuidString)")
    try Self.make(url)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  /// A new private folder below this one.
  package func folder(_ name: String) throws -> URL {
    let folder = url.appending(path: "\(name)-\(UUID().uuidString)")
    try Self.make(folder)
    return folder
  }

  /// Where runs have their folders.
  static var base: String {
    ProcessInfo.processInfo.environment["TMPDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/var/tmp"
  }

  private static let prefix = "vmlineage-"

  private static func make(_ folder: URL) throws {
    // mkdir gives the mode at once; nobody can slip in between.
    if mkdir(folder.path, 0o700) != 0 {
      throw Problem(
        code: "no-temporary-folder", operation: "make folder", subject: folder.path,
        reason: String(cString: strerror(errno)), remedy: "set TMPDIR to a folder with space")
    }
  }

  /// Removes what killed runs of this user left: folders that name a process that is no more. No others.
  static func sweep(_ base: String) {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: base)) ?? [] where name.hasPrefix(prefix) {
      let process = name.dropFirst(prefix.count).prefix { $0 != "-" }
      guard let process = pid_t(process), kill(process, 0) != 0, errno == ESRCH else { continue }
      let path = "\(base)/\(name)"
      var facts = stat()
      guard lstat(path, &facts) == 0, facts.st_uid == getuid(), facts.st_mode & S_IFMT == S_IFDIR else { continue }
      try? FileManager.default.removeItem(atPath: path)
    }
  }
}
