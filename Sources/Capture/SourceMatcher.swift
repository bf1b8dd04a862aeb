internal import Fingerprints
package import Foundation
internal import Inventory
package import Signatures

/// Finds the source of artifacts that were installed as they are: scripts, configuration, data.
package enum SourceMatcher {
  /// Gives each artifact that is equal to a file of HEAD in the git work tree `folder`, byte by byte or as canonical
  /// text under the same name, that file's revision. Of several equal files the one with the artifact's name counts,
  /// else the first. Empty files are equal to too much to come from one.
  ///
  /// Throws Problem where `folder` is in no git work tree.
  package static func addSources(to artifacts: inout [Artifact], from folder: URL) async throws {
    guard let repository = GitRepository.containing(folder.resolvingSymlinksInPath()) else {
      throw Problem(
        code: "no-repository", operation: "read sources", subject: folder.path, reason: "not in a git work tree")
    }
    let blobs = await repository.headBlobs()
    let byBlob = Dictionary(grouping: blobs.keys.sorted(), by: { blobs[$0] ?? "" })
    let byText = try await texts(artifacts, blobs, repository)
    var paths: [Int: GuestPath] = [:]
    for (position, artifact) in artifacts.enumerated() where artifact.size > 0 {
      let name = GuestPath(artifact.path).name
      let equal = byBlob[artifact.gitoid] ?? []
      let text = artifact.marks.first { $0.kind == .text }.flatMap { byText[$0.value] } ?? []
      paths[position] = equal.first { $0.name == name } ?? equal.first ?? text.first { $0.name == name }
    }
    let history = try await GitHistory(repository, paths: Set(paths.values), blobs: blobs)
    let name = await repository.name()
    let isShallow = await repository.isShallow()
    for (position, path) in paths {
      guard let text = path.utf8, let blob = blobs[path], let known = history.files[path] else { continue }
      artifacts[position].sources = [
        SourceRevision(
          path: text, repository: name, revision: known.revision, blob: blob, author: known.author,
          created: isShallow ? nil : known.created, revised: known.revised,
          revisions: isShallow ? nil : known.commits - 1)
      ]
    }
  }

  /// Files of HEAD by their canonical text, of those that have an artifact's name.
  private static func texts(
    _ artifacts: [Artifact], _ blobs: [GuestPath: String], _ repository: GitRepository
  ) async throws -> [String: [GuestPath]] {
    let names = Set(artifacts.filter { $0.marks.contains { $0.kind == .text } }.map { GuestPath($0.path).name })
    let candidates = blobs.keys.filter { names.contains($0.name) }.sorted()
    let contents = try await repository.contents(of: Set(candidates.compactMap { blobs[$0] }))
    var found: [String: [GuestPath]] = [:]
    for path in candidates {
      guard let blob = blobs[path], let data = contents[blob] else { continue }
      let mark = fingerprint(of: data, name: path.name).marks.first { $0.kind == .text }
      if let mark { found[mark.value, default: []].append(path) }
    }
    return found
  }
}
