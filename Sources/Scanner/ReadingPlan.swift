internal import Fingerprints
internal import Foundation
package import Inventory
internal import Packages
package import Signatures

/// Decides which files are read: what a package reader asks for, what could match a signature, and executables that
/// say something of themselves. Everything else is listed and not read.
struct ReadingPlan {
  let screen: Screen
  let digests: ScanRequest.Digests
  let onlyDeclared: Bool

  /// Whether both ends of this file are to be looked at: an executable by its permission or its name.
  /// ntfs-3g and vfat give every file the same permissions: only the name tells there.
  func wantsEnds(_ file: FileRecord, permissionsTell: Bool) -> Bool {
    guard file.kind == .regular, file.size >= 64, file.size <= ScanLimits.fileBytes else { return false }
    let named = Self.executableNames.contains { file.path.hasExtension($0) } || file.path.holds(".so.")
    return named || (permissionsTell && file.mode & 0o111 != 0)
  }

  private static let executableNames = [
    "exe", "dll", "sys", "ocx", "cpl", "scr", "drv", "efi", "node", "pyd", "so", "winmd",
  ]

  /// Whether the contents could matter by what the list alone says.
  func wants(_ file: FileRecord) -> Bool {
    guard file.kind == .regular else { return false }
    if digests == .all { return true }
    if onlyDeclared { return false }
    // An empty or tiny file is no evidence for anything (matching.md, pitfall 1).
    if file.size < 64 { return false }
    return screen.sizes.contains(file.size)
      || (file.size <= Self.textBytes && screen.textNames.contains(file.path.name))
  }

  private static let textBytes: UInt64 = 16 << 20

  /// Whether the contents could matter by what both ends say.
  func wants(_ outline: ExecutableOutline) -> Bool {
    if onlyDeclared { return false }
    return outline.shape.map { screen.shapes.contains($0) } ?? false
      || outline.buildID.map { screen.buildIDs.contains($0) } ?? false
  }
}

/// Whether a file that an earlier scan listed and did not read could matter now, by the same rules: what the list says,
/// and the marks that its ends gave then.
package func couldMatch(_ file: FileRecord, _ screen: Screen) -> Bool {
  let plan = ReadingPlan(screen: screen, digests: .needed, onlyDeclared: false)
  return plan.wants(file)
    || (file.fingerprint?.marks ?? []).contains { mark in
      switch mark.kind {
      case .shape: screen.shapes.contains(mark.value)
      case .buildID: screen.buildIDs.contains(mark.value)
      default: false
      }
    }
}

extension GuestPath {
  /// Whether the last name ends in a point and this, whatever the case of its letters.
  func hasExtension(_ text: String) -> Bool {
    bytes.count > text.utf8.count && bytes[bytes.count - text.utf8.count - 1] == UInt8(ascii: ".")
      && zip(bytes.suffix(text.utf8.count), text.utf8).allSatisfy { $0 | 0x20 == $1 | 0x20 }
  }

  /// Whether these bytes are somewhere in it: called for every file, which a search of text is too slow for.
  func holds(_ text: String) -> Bool {
    let wanted = Array(text.utf8)
    return bytes.indices.dropLast(max(0, wanted.count - 1)).contains { start in
      bytes[start...].starts(with: wanted)
    }
  }
}
