internal import Foundation
internal import Inventory

/// What the commits up to HEAD say of files, from one pass of `git log`.
struct GitHistory {
  /// The commits that changed one file.
  struct FileHistory {
    /// The last: its id, `Name <mail>` of its author, and when it was made.
    var revision: String
    var author: String
    var revised: Date
    /// When the first was made.
    var created: Date
    /// How many there are.
    var commits = 1
  }

  private(set) var files: [GuestPath: FileHistory] = [:]

  /// More paths than this are not given to git one by one: it then lists all, and the rest is left out here.
  private static let namedPaths = 1_000

  /// Reads the history of `paths`, which are from the top of the work tree. A merge counts where it differs from all its
  /// parents. Where a merge threw a branch's change away, `git log` for the one file would leave that branch out; here
  /// its commits count as revisions too, but never as the last one.
  init(_ repository: GitRepository, paths: Set<GuestPath>, blobs: [GuestPath: String]) async throws {
    var arguments = [
      "--literal-pathspecs", "log", "--date-order", "-c", "--raw", "--no-abbrev", "--no-renames", "--root", "-z",
      "--format=%x01%H%x02%ct%x02%an <%ae>", "HEAD", "--",
    ]
    let named = paths.compactMap(\.utf8)
    if paths.count <= Self.namedPaths, named.count == paths.count { arguments += named.sorted() }
    var commit: Commit?
    // -z: `\x01HEAD`, then entries `\n:…` of modes, ids and a letter, each followed by its path.
    var fields = try await repository.git(arguments).split(separator: 0)[...]
    while let field = fields.popFirst() {
      let entry = field.drop { $0 == UInt8(ascii: "\n") }
      if entry.first == 1 {
        commit = Commit(entry)
      } else if entry.first == UInt8(ascii: ":"), let path = fields.popFirst(), let commit {
        let file = GuestPath(bytes: path)
        if paths.contains(file) { add(file, commit, blob: Self.blob(entry), head: blobs[file]) }
      }
    }
  }

  private struct Commit {
    var id: String
    var time: Date
    var author: String

    init?(_ head: ArraySlice<UInt8>) {
      let parts = head.dropFirst().split(separator: 2, maxSplits: 2).map { String(decoding: $0, as: UTF8.self) }
      guard parts.count == 3, let seconds = Double(parts[1]) else { return nil }
      (id, time, author) = (parts[0], Date(timeIntervalSince1970: seconds), parts[2])
    }
  }

  /// The blob after the commit: the last id of `:MODE MODE ID ID M`, or of `::MODE MODE MODE ID ID ID MM` for a merge.
  private static func blob(_ entry: ArraySlice<UInt8>) -> String {
    String(decoding: entry, as: UTF8.self).split(separator: " ").dropLast().last.map(String.init) ?? ""
  }

  private mutating func add(_ path: GuestPath, _ commit: Commit, blob: String, head: String?) {
    if var known = files[path] {
      known.commits += 1
      known.created = commit.time
      files[path] = known
    } else if blob == head {
      files[path] = FileHistory(revision: commit.id, author: commit.author, revised: commit.time, created: commit.time)
    }
  }
}
