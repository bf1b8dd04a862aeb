internal import Inventory

/// Turns the paths that the registry holds into paths of the system's files.
struct WindowsFiles {
  /// The Windows folder as it is written on the disk.
  var windows: GuestPath = "Windows"
  /// The letter of the drive that holds it, in small letters; other drives are not in this file list.
  var drive = "c"
  private let sorted: [(key: [UInt8], path: GuestPath)]

  init(_ list: Set<GuestPath>) {
    sorted = list.map { (Array($0.lossy.lowercased().utf8), $0) }
      .sorted { $0.0.lexicographicallyPrecedes($1.0) }
  }

  /// The file of that name whatever its case, as it is written on the disk.
  private func find(_ path: String) -> GuestPath? {
    let key = Array(path.lowercased().utf8)
    let start = firstIndex(from: key)
    return start < sorted.count && sorted[start].key == key ? sorted[start].path : nil
  }

  /// All files below a folder.
  func below(_ folder: GuestPath) -> [GuestPath] {
    let key = Array((folder.lossy.lowercased() + "/").utf8)
    return sorted[firstIndex(from: key)...].prefix { $0.key.starts(with: key) }.map(\.path)
  }

  /// The folder that a program says it lives in; nil for one that holds more than one program: a drive, a folder at its
  /// top, or anything of Windows itself.
  func folder(_ text: String) -> GuestPath? {
    guard let path = relative(text.trimmingCharacters { $0 == "\"" || $0 == " " }) else { return nil }
    let names = path.split(separator: "/")
    guard names.count >= 2, names.first?.lowercased() != windows.lossy.lowercased() else { return nil }
    return GuestPath(path)
  }

  /// The file that a command line starts (ImagePath): without quotes and arguments.
  ///
  /// Without quotes blanks may belong to the path. Windows tries each blank as the end and takes the first file that is
  /// there, `.exe` added where needed; where none is there, the end of the first known extension, else the first blank.
  func program(_ command: String) -> GuestPath? {
    let command = command.trimmingCharacters { $0 == " " }
    guard command.utf8.count <= 4096 else { return nil }
    if command.hasPrefix("\"") {
      return relative(String(command.dropFirst().prefix { $0 != "\"" })).map { find($0) ?? GuestPath($0) }
    }
    guard let path = relative(command) else { return nil }
    let ends = path.indices.filter { path[$0] == " " }.prefix(32) + [path.endIndex]
    for end in ends {
      if let file = find(String(path[..<end])) ?? find(path[..<end] + ".exe") { return file }
    }
    let guess = ends.first { end in
      [".exe", ".sys", ".dll"].contains { path[..<end].lowercased().hasSuffix($0) }
    }
    return GuestPath(String(path[..<(guess ?? ends.first ?? path.endIndex)]))
  }

  /// A path that the registry gives, as one of this system.
  func path(_ text: String) -> GuestPath? { relative(text).map { GuestPath($0) } }

  /// A Windows path as one below the system's root, slashes turned; nil where it is on another drive, on the network, or
  /// climbs out. One without drive and root is below the Windows folder, as for drivers.
  private func relative(_ text: String) -> String? {
    var path = expand(text).split(separator: "\\", omittingEmptySubsequences: false).joined(separator: "/")
    for prefix in ["/??/", "//?/"] where path.hasPrefix(prefix) { path.removeFirst(prefix.count) }
    if path.hasPrefix("//") { return nil }
    let colon = path.dropFirst().first == ":"
    if colon {
      guard path.prefix(1).lowercased() == drive else { return nil }
      path.removeFirst(2)
    }
    let start: GuestPath
    if path.lowercased().hasPrefix("/systemroot/") {
      (start, path) = (windows, String(path.dropFirst("/systemroot/".count)))
    } else {
      start = colon || path.hasPrefix("/") ? "" : windows
    }
    return start.resolving(path.drop { $0 == "/" })?.utf8
  }

  /// The variables that set-up programs write, as they are on a machine that nobody moved.
  private func expand(_ text: String) -> String {
    guard text.first == "%", let end = text.dropFirst().firstIndex(of: "%") else { return text }
    let rest = text[text.index(after: end)...]
    switch text[text.index(after: text.startIndex)..<end].lowercased() {
    case "systemroot", "windir": return "\\SystemRoot" + rest
    case "systemdrive": return drive + ":" + rest
    case "programfiles", "programw6432": return drive + ":\\Program Files" + rest
    case "programfiles(x86)": return drive + ":\\Program Files (x86)" + rest
    case "programdata", "allusersprofile": return drive + ":\\ProgramData" + rest
    default: return text
    }
  }

  private func firstIndex(from key: [UInt8]) -> Int {
    var (low, high) = (0, sorted.count)
    while low < high {
      let middle = low + (high - low) / 2
      if sorted[middle].key.lexicographicallyPrecedes(key) { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

extension String {
  /// Without the characters at both ends that `drop` names.
  fileprivate func trimmingCharacters(_ drop: (Character) -> Bool) -> String {
    var rest = self[...].drop(while: drop)
    while let last = rest.last, drop(last) { rest.removeLast() }
    return String(rest)
  }
}
