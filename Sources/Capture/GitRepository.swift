internal import Foundation
internal import Inventory

/// A git work tree, asked through the `git` program with fixed arguments. What the repository's own configuration could
/// make git run (hooks, pagers, monitors, filters, signature checks) and other machines it could make it call are off.
struct GitRepository: Sendable {
  /// The top of the work tree.
  let folder: URL

  /// The work tree that `folder` lies in: the nearest folder upwards with a `.git`; nil outside of git.
  static func containing(_ folder: URL) -> GitRepository? {
    var folder = folder
    while true {
      if FileManager.default.fileExists(atPath: folder.appending(path: ".git").path) {
        return GitRepository(folder: folder)
      }
      guard folder.path != "/" else { return nil }
      folder.deleteLastPathComponent()
    }
  }

  /// Runs a git command that changes nothing and returns what it prints.
  func git(_ arguments: [String], input: [UInt8] = []) async throws -> [UInt8] {
    let fixed = [
      "-C", folder.path, "--no-pager", "--no-optional-locks", "--no-replace-objects",
      "-c", "safe.directory=*", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null",
      "-c", "protocol.allow=never", "-c", "log.showSignature=false", "-c", "log.follow=false",
      "-c", "diff.renames=false", "-c", "core.quotePath=false",
    ]
    // What the caller's environment says of another repository is not of this one.
    return try await Program.output(
      "git", fixed + arguments,
      environment: [
        "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C",
        "GIT_NO_LAZY_FETCH": "1",
      ], input: input)
  }

  /// The `origin` URL without credentials, else the folder's name.
  func name() async -> String {
    let url = try? await git(["config", "--get", "remote.origin.url"])
    let text = String(decoding: url ?? [], as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    return text.isEmpty ? folder.lastPathComponent : Self.withoutCredentials(text)
  }

  /// An URL without user, password, query and fragment, which can hold tokens. The user of `git@host:path` and
  /// `ssh://git@host/path` names no person and is kept.
  static func withoutCredentials(_ url: String) -> String {
    guard let scheme = url.range(of: "://") else { return url }
    let isSSH = url[..<scheme.lowerBound].hasSuffix("ssh")
    var rest = url[scheme.upperBound...].prefix { $0 != "?" && $0 != "#" }
    let host = rest.prefix { $0 != "/" }
    if let at = host.lastIndex(of: "@") {
      let user = host[..<at].prefix { $0 != ":" }
      rest = (isSSH ? user + "@" : "") + rest[rest.index(after: at)...]
    }
    return String(url[..<scheme.upperBound] + rest)
  }

  /// The blob of each file of HEAD by its path from the top; empty before the first commit.
  func headBlobs() async -> [GuestPath: String] {
    guard let output = try? await git(["ls-tree", "-r", "-z", "--full-tree", "HEAD"]) else { return [:] }
    var blobs: [GuestPath: String] = [:]
    for entry in output.split(separator: 0) {
      // MODE SP "blob" SP ID TAB PATH
      guard let tab = entry.firstIndex(of: UInt8(ascii: "\t")) else { continue }
      let fields = String(decoding: entry[..<tab], as: UTF8.self).split(separator: " ")
      if fields.count == 3, fields[1] == "blob" {
        blobs[GuestPath(bytes: entry[entry.index(after: tab)...])] = String(fields[2])
      }
    }
    return blobs
  }

  /// Those of `paths` that git is told to ignore.
  func ignored(_ paths: [GuestPath]) async -> Set<GuestPath> {
    guard !paths.isEmpty else { return [] }
    // `./`, so that no name is taken for pathspec magic. Ends with status 1 where none of them is ignored.
    let input = paths.reduce(into: [UInt8]()) { $0 += Array("./".utf8) + $1.bytes + [0] }
    let output = try? await git(["check-ignore", "-z", "--stdin"], input: input)
    return Set((output ?? []).split(separator: 0).map { GuestPath(bytes: $0.dropFirst(2)) })
  }

  /// The contents of blobs by their ids.
  func contents(of blobs: Set<String>) async throws -> [String: Data] {
    guard !blobs.isEmpty else { return [:] }
    let input = Array((blobs.sorted().joined(separator: "\n") + "\n").utf8)
    var rest = try await git(["cat-file", "--batch"], input: input)[...]
    var contents: [String: Data] = [:]
    // ID SP "blob" SP SIZE LF, the bytes, LF
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
      let fields = String(decoding: rest[..<end], as: UTF8.self).split(separator: " ")
      rest = rest[(end + 1)...]
      guard fields.count == 3, let size = Int(fields[2]), size >= 0, size < rest.count else { continue }
      contents[String(fields[0])] = Data(rest.prefix(size))
      rest = rest.dropFirst(size + 1)
    }
    return contents
  }

  /// Whether older commits were left out when it was cloned, so that counts and first dates are not known.
  func isShallow() async -> Bool {
    let answer = try? await git(["rev-parse", "--is-shallow-repository"])
    return answer.map { String(decoding: $0, as: UTF8.self).hasPrefix("true") } ?? false
  }
}
