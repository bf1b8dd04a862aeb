internal import Foundation
internal import Inventory

/// The files that are in the folders of sources before the build: what it makes later is no source.
struct Present {
  let roots: [URL]
  /// Absolute paths.
  private(set) var files: Set<GuestPath> = []

  /// Lists `roots`. What lies in the folder of artifacts is left by an earlier build, and no source, where that folder
  /// is inside a root.
  init(_ roots: [URL], without artifacts: URL) async throws {
    self.roots = roots
    let left = GuestPath(artifacts.resolvingSymlinksInPath().path).bytes + [UInt8(ascii: "/")]
    for root in roots {
      let top = GuestPath(root.path)
      let isInside = left.starts(with: top.bytes) && left.count > top.bytes.count + 1
      for file in try await FileList.files(below: root) {
        let path = top.appending(file.path)
        if !isInside || !path.bytes.starts(with: left) { files.insert(path) }
      }
    }
  }
}

/// Resolves the links in the folder of a path, each folder once. A folder that is gone keeps the name that it had.
final class FolderResolver {
  private var known: [GuestPath: GuestPath] = [:]

  func resolve(_ path: GuestPath) -> GuestPath {
    let parent = path.parent
    let folder: GuestPath
    if let resolved = known[parent] {
      folder = resolved
    } else if let text = parent.utf8 {
      folder = GuestPath(URL(fileURLWithPath: "/" + text).resolvingSymlinksInPath().path)
      known[parent] = folder
    } else {
      folder = parent
    }
    return folder.appending(GuestPath(bytes: path.bytes.dropFirst(parent.bytes.count)))
  }
}
