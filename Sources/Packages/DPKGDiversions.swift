internal import Inventory

/// Files that dpkg keeps at another path than the package says, for all packages but the one that asked
/// (dpkg-divert(1)): three lines each, path, place, and that package's name or `:`.
struct DPKGDiversions {
  private var diverted: [GuestPath: (place: GuestPath, by: String)] = [:]

  init(_ bytes: [UInt8]) {
    let lines = lines(of: bytes)
    for index in stride(from: 0, to: lines.count - lines.count % 3, by: 3) {
      guard let path = GuestPath(declared: lines[index]), let place = GuestPath(declared: lines[index + 1]) else {
        continue
      }
      diverted[path] = (place, String(decoding: lines[index + 2], as: UTF8.self))
    }
  }

  /// Where the file that a package has at `path` lies.
  func place(of path: GuestPath, from package: String) -> GuestPath {
    guard let diversion = diverted[path], diversion.by != package else { return path }
    return diversion.place
  }
}
