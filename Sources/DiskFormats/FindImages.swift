internal import Foundation

/// The images of directories, and what else is in them.
package struct FoundImages: Sendable {
  /// Paths of the images, sorted.
  package fileprivate(set) var images: [String] = []
  /// Extents and parents, each with the path of the image that is read from it: not images of their own.
  package fileprivate(set) var parts: [String: String] = [:]
  /// What is no image of its own.
  package fileprivate(set) var skipped = SkippedFiles()
}

/// Looks for images in directories and all below them, links not followed: regular files with a known header or a known
/// extension, or that show a raw disk and have at least 1 MiB. Extents belong to their descriptor; a backing file belongs to
/// the image above it where that can be read, its directory being `allowed`, and is an image of its own otherwise.
/// Directories deeper than 64 and files beyond a million are reported, not looked at.
/// - Parameter named: paths that are tried whatever they are, and not considered here.
package func findImages(
  in directories: [String], allowed: [String] = [], except named: Set<String> = []
) -> FoundImages {
  var search = ImageSearch(allowed: allowed.compactMap(resolved), named: named)
  for directory in directories { search.look(in: directory, depth: 0) }
  search.assignParts()
  return search.found
}

private struct ImageSearch {
  private static let extensions: Set = ["vhd", "vhdx", "qcow2", "qcow", "vmdk", "vdi", "img", "raw", "iso", "dd"]
  private static let maximumDepth = 64
  private static let maximumFiles = 1_000_000
  /// Bytes of a raw disk that is one by its contents alone.
  private static let smallestRaw: UInt64 = 1 << 20

  let allowed: [String]
  let named: Set<String>
  var found = FoundImages()
  private var images: [(path: String, format: DiskFormat?)] = []
  private var files = 0
  /// Directories that were searched, by device and inode: one may be named twice.
  private var seen: Set<[UInt64]> = []

  init(allowed: [String], named: Set<String>) {
    self.allowed = allowed
    self.named = named
  }

  private mutating func skip(_ path: String, _ reason: SkippedFile.Reason, _ message: String, isLike: Bool = true) {
    found.skipped.add(SkippedFile(path: path, reason: reason, message: message), isLikeImage: isLike)
  }

  // MARK: directories

  mutating func look(in directory: String, depth: Int) {
    guard depth <= Self.maximumDepth else {
      return skip(directory, .tooMany, "lies more than \(Self.maximumDepth) directories deep, and was not searched")
    }
    guard let listing = Directory(directory) else {
      return skip(directory, .unreadable, "cannot be searched: " + String(cString: strerror(errno)))
    }
    guard seen.insert([listing.device, listing.inode]).inserted else { return }
    for name in listing.unreadableNames {
      found.skipped.add(
        SkippedFile(
          path: directory + "/" + String(decoding: name, as: UTF8.self), bytes: Array(directory.utf8) + [0x2F] + name,
          reason: .unreadable, message: "its name is not valid UTF-8"), isLikeImage: true)
    }
    for entry in listing.entries {
      let path = directory.hasSuffix("/") ? directory + entry.name : directory + "/" + entry.name
      guard consider(path, entry, depth) else {
        return skip(directory, .tooMany, "holds files beyond \(Self.maximumFiles), which were not looked at")
      }
    }
  }

  /// - Returns: false where there were too many files by now.
  private mutating func consider(_ path: String, _ entry: Directory.Entry, _ depth: Int) -> Bool {
    switch entry.kind {
    case .directory: look(in: path, depth: depth + 1)
    case _ where named.contains(path): break
    case .file:
      files += 1
      guard files <= Self.maximumFiles else { return false }
      consider(path, isNamedImage: Self.extensions.contains(fileExtension(entry.name)))
    case .link: considerLink(path)
    case .special: skip(path, .specialFile, "is neither a regular file nor a directory")
    }
    return true
  }

  // MARK: files

  private mutating func consider(_ path: String, isNamedImage: Bool) {
    do throws(DiskFormatError) {
      let file = try DiskFile(path: path, followLinks: false)
      let format = try chooseFormat(of: try DiskSource(bytes: file, name: path), assume: nil)
      if format == .raw, !isNamedImage, file.size < Self.smallestRaw {
        return skip(path, .tooSmall, "shows a disk, and has less than 1 MiB")
      }
      images.append((path, format))
    } catch {
      // More than one header: not certain what it is, but an image to try.
      if isNamedImage || error.code == .ambiguous { return images.append((path, nil)) }
      skip(path, error)
    }
  }

  private mutating func skip(_ path: String, _ error: DiskFormatError) {
    let message = error.reason + (error.remedy.map { ": \($0)" } ?? "")
    switch error.code {
    case .archive: skip(path, .archive, message)
    case .otherFormat: skip(path, .otherFormat, message)
    case .truncated: skip(path, .truncated, message)
    case .empty: skip(path, .notAnImage, "is empty", isLike: isLikeImage(path))
    case .unrecognised where error.reason == DiskSource.nothingKnown:
      skip(path, .notAnImage, "shows neither a disk nor a file system", isLike: isLikeImage(path))
    case .unrecognised: skip(path, .notAnImage, error.reason)
    default: skip(path, .unreadable, message)
    }
  }

  /// A link to a file that would be an image is named, one to anything else only counted.
  private mutating func considerLink(_ path: String) {
    var facts = stat()
    // What is no regular file is never opened.
    let isFile = stat(path, &facts) == 0 && facts.st_mode & S_IFMT == S_IFREG
    let source = isFile ? try? DiskSource(bytes: DiskFile(path: path), name: path) : nil
    let isImage = source.map { (try? chooseFormat(of: $0, assume: nil)) != nil } ?? false
    let target = (try? FileManager.default.destinationOfSymbolicLink(atPath: path)).map { " to \($0)" } ?? ""
    skip(
      path, .link, "is a link\(target), and links are not followed",
      isLike: isImage || Self.extensions.contains(fileExtension(path)) || isLikeImage(path))
  }

  // MARK: images of more than one file

  /// Leaves in `found.images` what no other image is read from.
  mutating func assignParts() {
    var owners: [String: String] = [:]
    for image in images where image.format != .raw {
      for name in partNames(of: image.path) {
        if let real = resolved(name.hasPrefix("/") ? name : parent(of: image.path) + "/" + name),
          real != resolved(image.path)
        {
          owners[real] = owners[real] ?? image.path
        }
      }
    }
    for (image, _) in images {
      if !owners.isEmpty, let owner = resolved(image).flatMap({ owners[$0] }) {
        found.parts[image] = owner
        skip(image, .part, "belongs to \(owner)")
      } else {
        found.images.append(image)
      }
    }
    found.images.sort()
    found.skipped.sort()
  }

  /// The extents of an image, and the files that back it where it can be read with them.
  private func partNames(of image: String) -> [String] {
    guard let file = try? DiskFile(path: image, followLinks: false),
      let source = try? DiskSource(bytes: file, name: image), let format = try? knownFormat(of: source),
      let header = try? readDiskHeader(
        source, format: format, measure: false, admit: { _ throws(DiskFormatError) in })
    else { return [] }
    let backed = !allowed.isEmpty && header.references.contains { $0.kind == .backing }
    let follows = backed && (try? readDiskChain(path: image, allowed: allowed)) != nil
    return header.references.filter { $0.kind == .extent || ($0.kind == .backing && follows) }.map(\.name)
  }
}

/// What names of packed images, images of other programs and machines' memory end in.
private let extensionsOfLikes: Set = [
  "gz", "xz", "zst", "bz2", "lz4", "lzo", "lzma", "z", "zip", "tar", "tgz", "txz", "tbz", "tbz2", "7z",
  "rar", "ova", "vma", "wim", "esd", "swm", "dmg", "e01", "ex01", "s01", "l01", "aff", "afd", "aff4", "ad1",
  "hdd", "hds", "qed", "vbk", "vib", "xva", "cow", "mdf", "nrg", "bin", "vmem", "vmsn", "vmss", "mem",
  "avhd", "avhdx", "vhds", "vmrs", "sav",
]

private func isLikeImage(_ path: String) -> Bool { extensionsOfLikes.contains(fileExtension(path)) }

/// Such as `vhd`, in lower case; empty where there is none.
private func fileExtension(_ name: String) -> String {
  guard let dot = name.utf8.lastIndex(of: UInt8(ascii: ".")), dot > name.startIndex else { return "" }
  let rest = name[name.utf8.index(after: dot)...]
  return rest.utf8.count > 8 || rest.utf8.contains(UInt8(ascii: "/")) ? "" : rest.lowercased()
}

private func parent(of path: String) -> String {
  path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[..<$0]) } ?? "."
}
