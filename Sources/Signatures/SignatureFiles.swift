package import Foundation

/// Where signatures lie.
package enum SignatureFiles {
  /// The folders that are used where none is named, those that exist: `Signatures` beside the program, and
  /// `vmlineage/signatures` in the user's data folder (XDG Base Directory Specification: `XDG_DATA_HOME`, by default
  /// `~/.local/share`).
  package static func defaultFolders(
    program: URL = URL(fileURLWithPath: CommandLine.arguments.first ?? "vmlineage"),
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) -> [String] {
    var folders: [URL] = []
    let real =
      (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
      .map { URL(fileURLWithPath: $0) } ?? program
    folders.append(real.deletingLastPathComponent().appending(path: "Signatures"))
    if let data = environment["XDG_DATA_HOME"], data.hasPrefix("/") {
      folders.append(URL(fileURLWithPath: data).appending(path: "vmlineage/signatures"))
    } else if let home = environment["HOME"], home.hasPrefix("/") {
      folders.append(URL(fileURLWithPath: home).appending(path: ".local/share/vmlineage/signatures"))
    }
    return folders.map(\.path).filter(isFolder)
  }

  static func isFolder(_ path: String) -> Bool {
    var folder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &folder) && folder.boolValue
  }

  /// The signature files and indexes of `path` by name: itself, or all below a folder. Links below it are not followed,
  /// and the folder of JSON Schemas is none of signatures.
  static func find(_ path: String) throws -> (files: [String], isFolder: Bool) {
    guard FileManager.default.fileExists(atPath: path) else {
      throw SignatureError("read signature", path, "there is no such file or folder")
    }
    guard isFolder(path) else { return ([path], false) }
    let keys: [URLResourceKey] = [.isRegularFileKey, .isDirectoryKey]
    let folder = URL(fileURLWithPath: path)
    guard let all = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: keys) else {
      throw SignatureError("read signature", path, "the folder could not be read")
    }
    var files: [String] = []
    while let next = all.nextObject() as? URL {
      let values = try? next.resourceValues(forKeys: Set(keys))
      if values?.isDirectory == true, next.lastPathComponent == "schemas" { all.skipDescendants() }
      guard values?.isRegularFile == true, ["json", "db"].contains(next.pathExtension) else { continue }
      files.append(next.path)
    }
    return (files.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }, true)
  }
}
