internal import Fingerprints
internal import Foundation
internal import Inventory
internal import Signatures

/// The revisions of source files that a build read.
struct SourceRevisions {
  /// By absolute path; a file that is no source, or could not be read, is not there.
  private(set) var revisions: [GuestPath: SourceRevision] = [:]
  private(set) var warnings: [String] = []

  /// Asks git about `files` (absolute paths below `roots`) as they are now. `rewritten`: the build itself wrote over
  /// what it had read, so that only git knows the contents.
  init(of files: Set<GuestPath>, roots: [URL], rewritten: Set<GuestPath>) async throws {
    var byRepository: [URL: Set<GuestPath>] = [:]
    var outside: Set<GuestPath> = []
    var tops: [GuestPath: URL?] = [:]
    for file in files {
      let top: URL? =
        if let known = tops[file.parent] { known } else {
          GitRepository.containing(URL(fileURLWithPath: "/" + file.parent.lossy))?.folder
        }
      tops[file.parent] = .some(top)
      if let top { byRepository[top, default: []].insert(file) } else { outside.insert(file) }
    }
    for (top, files) in byRepository.sorted(by: { $0.key.path < $1.key.path }) {
      try await add(files, GitRepository(folder: top), rewritten)
    }
    for file in outside { add(file, below: roots) }
    warnings.sort()
  }

  private mutating func add(
    _ files: Set<GuestPath>, _ repository: GitRepository, _ rewritten: Set<GuestPath>
  ) async throws {
    let top = GuestPath(repository.folder.path)
    let paths = Dictionary(
      uniqueKeysWithValues: files.compactMap { file in relative(file, to: top).map { ($0, file) } })
    let blobs = await repository.headBlobs()
    let tracked = Set(paths.keys.filter { blobs[$0] != nil })
    let ignored = await repository.ignored(paths.keys.filter { blobs[$0] == nil })
    let history = tracked.isEmpty ? nil : try await GitHistory(repository, paths: tracked, blobs: blobs)
    let (name, isShallow) = (await repository.name(), await repository.isShallow())
    if isShallow { warnings.append("\(name) is a shallow clone: first revisions and their number are not known") }
    for (path, file) in paths.sorted(by: { $0.key < $1.key }) {
      guard !ignored.contains(path) else {
        warnings.append("\(path) is ignored by git and was not made by this build: left out (build from clean)")
        continue
      }
      guard let text = path.utf8, let blob = blob(of: file, head: blobs[path], isRewritten: rewritten.contains(file))
      else { continue }
      var source = SourceRevision(path: text, repository: name, blob: blob, uncommitted: blob != blobs[path])
      if let known = history?.files[path] {
        (source.revision, source.author, source.revised) = (known.revision, known.author, known.revised)
        if !isShallow { (source.created, source.revisions) = (known.created, known.commits - 1) }
      }
      if source.uncommitted { warnings.append("\(path) has contents that no commit of HEAD holds") }
      revisions[file] = source
    }
  }

  private mutating func add(_ file: GuestPath, below roots: [URL]) {
    for root in roots {
      guard let path = relative(file, to: GuestPath(root.path)), let text = path.utf8,
        let blob = blob(of: file, head: nil, isRewritten: false)
      else { continue }
      revisions[file] = SourceRevision(path: text, repository: root.lastPathComponent, blob: blob)
      return
    }
  }

  private func relative(_ file: GuestPath, to folder: GuestPath) -> GuestPath? {
    let start = folder.bytes.isEmpty ? [] : folder.bytes + [UInt8(ascii: "/")]
    return file.bytes.starts(with: start) ? GuestPath(bytes: file.bytes.dropFirst(start.count)) : nil
  }

  /// The git blob id of what the build read: of the file as it is now, or of HEAD where the build wrote over it.
  private mutating func blob(of file: GuestPath, head: String?, isRewritten: Bool) -> String? {
    if isRewritten {
      warnings.append("\(file) was changed by the build itself: its contents are taken to be those of HEAD")
      return head
    }
    guard let path = file.utf8, let contents = try? Data(contentsOf: URL(fileURLWithPath: "/" + path)) else {
      warnings.append("\(file) was read by the build and cannot be read now: left out")
      return nil
    }
    return gitBlob(of: contents)
  }
}
