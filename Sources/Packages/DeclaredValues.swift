internal import Foundation
internal import Inventory

/// A name, version or other short text as a database gives it: invalid UTF-8 replaced, white space around it dropped.
/// Nil where it is empty or over 1 KiB, which no honest one is. Not as strict as `DeclaredText.line`: to drop an entry of a
/// database for its odd text would hide an installed package.
func declaredText(_ bytes: some Collection<UInt8>) -> String? {
  guard bytes.count <= 1024 else { return nil }
  let text = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
  return text.isEmpty ? nil : text
}

/// `declaredText` of text that is already decoded.
func declaredText(_ text: some StringProtocol) -> String? { declaredText(Array(text.utf8)) }

/// The lines of a text file, without their ends; a last empty one is no line.
func lines(of bytes: [UInt8]) -> [ArraySlice<UInt8>] {
  var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
  if lines.last?.isEmpty == true { lines.removeLast() }
  return lines
}

extension GuestPath {
  /// A path that a database names: a leading `/` or `./`, doubled slashes and `.` dropped. Nil where it is empty or
  /// over 4,096 bytes, holds a NUL or would climb with `..`.
  init?(declared bytes: ArraySlice<UInt8>) {
    // One pass, since a system has hundreds of thousands of these.
    var kept: [UInt8] = []
    kept.reserveCapacity(bytes.count)
    var start = 0
    for byte in bytes where byte != UInt8(ascii: "/") || kept.count > start {
      guard byte != 0 else { return nil }
      kept.append(byte)
      if byte == UInt8(ascii: "/"), !Self.endName(&kept, from: &start) { return nil }
    }
    guard kept.count <= 4096, Self.endName(&kept, from: &start), !kept.isEmpty else { return nil }
    self.init(bytes: kept)
  }

  /// Takes back a last name that is `.`; false where it is `..`.
  private static func endName(_ kept: inout [UInt8], from start: inout Int) -> Bool {
    let name = kept.last == UInt8(ascii: "/") ? kept[start...].dropLast() : kept[start...]
    if name.count <= 2, name.allSatisfy({ $0 == UInt8(ascii: ".") }) {
      guard name.count < 2 else { return false }
      kept.removeLast(kept.count - start)
    }
    start = kept.count
    return true
  }
}

extension SystemFiles {
  /// Where the file at a declared path is: many systems keep under `usr/` what packages list under `bin/`, `sbin/` and
  /// `lib*/`, with links in their place (file-hierarchy(7)), and `list` has no path through a link.
  func located(_ path: GuestPath) -> GuestPath {
    guard !list.contains(path) else { return path }
    let first = path.bytes.prefix { $0 != UInt8(ascii: "/") }
    guard mergedFolders.contains(Array(first)) else { return path }
    let merged = GuestPath("usr").appending(path)
    return list.contains(merged) ? merged : path
  }
}

private let mergedFolders = Set(["bin", "sbin", "lib", "lib32", "lib64", "libo32", "libx32"].map { Array($0.utf8) })

extension Problem {
  /// A package database of which only a part could be read.
  static func damagedDatabase(_ path: GuestPath, _ reason: String) -> Problem {
    Problem(
      code: "package-database-damaged", operation: "read package database", subject: path.description, reason: reason)
  }

  /// A file of a package manager that is in the image and could not be read at all.
  static func unreadDatabase(_ path: GuestPath, _ reason: String) -> Problem {
    Problem(
      code: "package-database-unread", operation: "read package database", subject: path.description, reason: reason)
  }
}
