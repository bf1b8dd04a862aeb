internal import Foundation

/// The names in a directory and what kind of file each is, by one pass (readdir(3)): of a hundred thousand files none is
/// looked up for its kind.
struct Directory {
  enum Kind { case file, directory, link, special }

  struct Entry {
    var name: String
    var kind: Kind
  }

  let device: UInt64
  let inode: UInt64
  /// By name.
  private(set) var entries: [Entry] = []
  /// Names that are not valid UTF-8.
  private(set) var unreadableNames: [[UInt8]] = []

  /// Nil where it cannot be read; `errno` then says why.
  init?(_ path: String) {
    guard let stream = opendir(path) else { return nil }
    defer { closedir(stream) }
    var facts = stat()
    guard fstat(dirfd(stream), &facts) == 0 else { return nil }
    (device, inode) = (UInt64(facts.st_dev), UInt64(facts.st_ino))
    errno = 0
    while let entry = readdir(stream) {
      // The name is as long as it is, whatever its type says.
      guard let offset = MemoryLayout<dirent>.offset(of: \.d_name) else { return nil }
      let name = (UnsafeRawPointer(entry) + offset).assumingMemoryBound(to: CChar.self)
      if let text = String(validatingCString: name) {
        if text != ".", text != "..", let kind = Self.kind(entry.pointee.d_type, name, in: stream) {
          entries.append(Entry(name: text, kind: kind))
        }
      } else {
        unreadableNames.append(Array(UnsafeRawBufferPointer(start: name, count: strlen(name))))
      }
      errno = 0
    }
    guard errno == 0 else { return nil }
    entries.sort { $0.name < $1.name }
  }

  /// Nil for a file that is gone by now. Not every file system says kinds here.
  private static func kind(_ type: UInt8, _ name: UnsafePointer<CChar>, in stream: OpaquePointer) -> Kind? {
    switch Int(type) {
    case Int(DT_REG): return .file
    case Int(DT_DIR): return .directory
    case Int(DT_LNK): return .link
    case Int(DT_UNKNOWN): break
    default: return .special
    }
    var facts = stat()
    guard fstatat(dirfd(stream), name, &facts, AT_SYMLINK_NOFOLLOW) == 0 else { return nil }
    switch facts.st_mode & S_IFMT {
    case S_IFREG: return .file
    case S_IFDIR: return .directory
    case S_IFLNK: return .link
    default: return .special
    }
  }
}
