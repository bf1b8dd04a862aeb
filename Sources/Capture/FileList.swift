internal import Foundation
internal import Inventory

/// A regular file below a folder, by `find`: names are bytes, links are not followed, `.git` is left out.
struct ListedFile {
  /// Relative to the folder.
  var path: GuestPath
  var size: UInt64
  /// Seconds since 1970 of the last change of contents or attributes.
  var changed: Double
}

enum FileList {
  /// All regular files below `folder`. Throws Problem where it cannot be read.
  static func files(below folder: URL) async throws -> [ListedFile] {
    // The slash: a link that is named as the folder is followed, and a name is never taken for an option.
    let arguments = [folder.path + "/", "-name", ".git", "-prune", "-o", "-type", "f", "-printf", #"%C@ %s %P\0"#]
    let output = try await Program.output("find", arguments, environment: ["LC_ALL": "C"])
    return output.split(separator: 0).compactMap { entry in
      let fields = entry.split(separator: UInt8(ascii: " "), maxSplits: 2)
      guard fields.count == 3, let changed = Double(String(decoding: fields[0], as: UTF8.self)),
        let size = UInt64(String(decoding: fields[1], as: UTF8.self))
      else { return nil }
      return ListedFile(path: GuestPath(bytes: fields[2]), size: size, changed: changed)
    }
  }
}
