internal import Foundation

/// The images of a folder.
package struct FoundImages: Sendable {
  /// Paths of the images, sorted.
  package var images: [String] = []
  /// Extents and parents, each with the path of the image that is read from it: not images of their own.
  package var parts: [String: String] = [:]
  /// How many files are neither.
  package var skipped = 0
  /// Folders and files that could not be looked at.
  package var problems: [DiskFormatError] = []
}

/// Looks for images in a folder and all folders below it, links not followed: regular files with a known header or a
/// known extension, and block devices never. Extents belong to their descriptor; a backing file belongs to the image
/// above it where that can be read, its folder being `allowed`, and is an image of its own otherwise.
/// Folders deeper than 64 and files beyond a million are reported, not looked at.
package func findImages(in folder: String, allowed: [String] = []) -> FoundImages {
  var search = ImageSearch(allowed: allowed.compactMap(resolved))
  search.look(in: folder, depth: 0)
  search.assignParts()
  search.found.images.sort()
  return search.found
}

private struct ImageSearch {
  private static let extensions: Set = ["vhd", "vhdx", "qcow2", "qcow", "vmdk", "vdi", "img", "raw", "iso"]
  private static let maximumDepth = 64
  private static let maximumFiles = 1_000_000

  let allowed: [String]
  var found = FoundImages()
  private var files = 0

  init(allowed: [String]) { self.allowed = allowed }

  private mutating func report(_ code: DiskFormatError.Code, _ path: String, _ reason: String) {
    found.problems.append(DiskFormatError(code, operation: "look for images", subject: path, reason: reason))
  }

  mutating func look(in folder: String, depth: Int) {
    guard depth <= Self.maximumDepth else { return report(.unsupported, folder, "lies too deep") }
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    } catch {
      let reason = (error as NSError).localizedFailureReason ?? error.localizedDescription
      return report(.unreadable, folder, reason)
    }
    for name in names {
      let path = folder.hasSuffix("/") ? folder + name : folder + "/" + name
      var facts = stat()
      guard lstat(path, &facts) == 0 else {
        report(.unreadable, path, String(cString: strerror(errno)))
        continue
      }
      switch facts.st_mode & S_IFMT {
      case S_IFDIR: look(in: path, depth: depth + 1)
      case S_IFREG:
        files += 1
        guard files <= Self.maximumFiles else {
          return report(.unsupported, folder, "more than \(Self.maximumFiles) files")
        }
        consider(path)
      default: found.skipped += 1
      }
    }
  }

  private mutating func consider(_ path: String) {
    if Self.extensions.contains((path as NSString).pathExtension.lowercased()) {
      found.images.append(path)
      return
    }
    do throws(DiskFormatError) {
      let file = try DiskFile(path: path, followLinks: false)
      if try recognise(DiskSource(bytes: file, name: path)) != nil {
        found.images.append(path)
      } else {
        found.skipped += 1
      }
    } catch {
      // More than one header: not certain what it is, but an image to try.
      if error.code == .ambiguous { found.images.append(path) } else { found.problems.append(error) }
    }
  }

  /// Moves from `images` to `parts` what others are read from.
  mutating func assignParts() {
    var owners: [String: String] = [:]
    for image in found.images {
      for name in partNames(of: image) {
        let folder = (image as NSString).deletingLastPathComponent
        if let real = resolved(name.hasPrefix("/") ? name : folder + "/" + name), real != resolved(image) {
          owners[real] = owners[real] ?? image
        }
      }
    }
    guard !owners.isEmpty else { return }
    var images: [String] = []
    for image in found.images {
      if let owner = resolved(image).flatMap({ owners[$0] }) {
        found.parts[image] = owner
      } else {
        images.append(image)
      }
    }
    found.images = images
  }

  /// The extents of an image, and the files that back it where it can be read with them.
  private func partNames(of image: String) -> [String] {
    guard let file = try? DiskFile(path: image, followLinks: false) else { return [] }
    let source = DiskSource(bytes: file, name: image)
    guard let format = try? recognise(source),
      let header = try? readDiskHeader(
        source, format: format, measure: false, admit: { _ throws(DiskFormatError) in })
    else { return [] }
    let backed = !allowed.isEmpty && header.references.contains { $0.kind == .backing }
    let follows = backed && (try? readDiskChain(path: image, allowed: allowed)) != nil
    return header.references.filter { $0.kind == .extent || ($0.kind == .backing && follows) }.map(\.name)
  }
}
