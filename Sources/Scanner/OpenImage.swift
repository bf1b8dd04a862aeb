internal import DirectDisk
package import DiskFormats
internal import Foundation
package import Inventory

/// An image whose header was read and found to be in order, held open: what is read from now on is what was checked,
/// whatever becomes of its name.
package struct OpenImage {
  package let chain: DiskChain
  package let facts: ImageFacts
  /// For QEMU: the image as a backing file, every layer's driver stated.
  let backing: String
  let driver: String
  /// Bytes.
  let virtualSize: UInt64

  /// What is odd about its header.
  var remarks: [Problem] {
    chain.layers.flatMap { layer in
      layer.header.warnings.map {
        Problem(code: "image-header", operation: "read header", subject: layer.file.path, reason: $0)
      }
    }
  }

  /// Opens the image that a request names.
  /// - Throws: `Problem`; also where it is not the file that the parent saw.
  init(_ request: ScanRequest) throws {
    let chain: DiskChain
    do {
      chain = try readDiskChain(
        path: request.path, assume: request.assumeRaw ? .raw : nil, allowed: request.allowedFolders,
        inherited: request.isSandboxed ? Sandbox.heldFile : nil)
    } catch {
      throw Problem(error)
    }
    facts = imageFacts(chain)
    if let expected = request.expected, facts.files.first != expected {
      throw Problem(
        code: "changed", operation: "open image", subject: request.path,
        reason: "it was changed or replaced between the check and the scan", remedy: "scan it again")
    }
    self.chain = chain
    do {
      let backing = try qemuBacking(chain)
      (self.backing, driver) = (backing.name, backing.driver)
    } catch {
      throw Problem(error)
    }
    virtualSize = facts.virtualSize ?? 0
  }
}

/// Reads an image's header and all that it refers to.
/// - Throws: `ImageRefused`, which carries what was learned of the image all the same.
package func openImage(
  _ path: String, assumeRaw: Bool, allowedFolders: [String]
) throws(ImageRefused) -> (chain: DiskChain, facts: ImageFacts) {
  do {
    let chain = try readDiskChain(path: path, assume: assumeRaw ? .raw : nil, allowed: allowedFolders)
    return (chain, imageFacts(chain))
  } catch {
    throw ImageRefused(problem: Problem(error), facts: refusedFacts(path, error.header))
  }
}

/// An image that is not read, and what is known of it.
package struct ImageRefused: Error {
  package var problem: Problem
  package var facts: ImageFacts
}

/// What a look at a regular file says of it, its header unread; nil where there is none. Where an image is known to be that
/// file alone, equal facts mean an equal header.
package func fileFacts(_ path: String, format: String) -> ImageFile? {
  guard let file = try? DiskFile(path: path), !file.isBlockDevice else { return nil }
  return imageFile(file, format: format)
}

private func imageFacts(_ chain: DiskChain) -> ImageFacts {
  var facts = headerFacts(chain.layers.first?.header)
  facts.files = chain.layers.flatMap { layer in
    ([layer.file] + layer.extents).map { imageFile($0, format: layer.header.format.rawValue) }
  }
  return facts
}

private func refusedFacts(_ path: String, _ header: DiskHeader?) -> ImageFacts {
  var facts = headerFacts(header)
  if let file = try? DiskFile(path: path) {
    facts.files = [imageFile(file, format: header?.format.rawValue ?? "unknown")]
  }
  return facts
}

private func headerFacts(_ header: DiskHeader?) -> ImageFacts {
  guard let header else { return ImageFacts() }
  let named = header.references.first { $0.kind == .backing || $0.kind == .parent }
  let parent = (header.parent?.name ?? named?.name).map { ParentReference(name: $0, formatID: header.parent?.id) }
  return ImageFacts(
    format: header.format.rawValue, virtualSize: header.virtualSize, formatID: header.id, parent: parent)
}

private func imageFile(_ file: DiskFile, format: String) -> ImageFile {
  ImageFile(
    path: file.path, format: format, size: file.size, modified: file.modified, changed: file.changed,
    device: file.device, inode: file.inode)
}

extension Problem {
  /// A header's error in the words of an inventory.
  init(_ error: DiskFormatError) {
    self.init(
      code: error.code.rawValue, operation: error.operation, subject: error.subject, reason: error.reason,
      remedy: error.remedy)
  }
}
