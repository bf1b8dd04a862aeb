package import Fingerprints
package import Foundation
package import Inventory

/// What an image is used as.
package enum ImageRole: String, Codable, Sendable, CaseIterable { case golden, deployed, unknown }

/// The newest stored scan of one image, its supplements merged in.
package struct StoredScan: Sendable {
  /// The image's id.
  package var id: String
  package var host: String
  package var path: String
  package var role: ImageRole
  /// When the scan was stored.
  package var received: Date
  package var inventory: Inventory

  /// Whether a scan would read the same again: equal path, size, mtime, ctime and inode of each of the image's files,
  /// and an inventory of today's version. Devices are numbered anew at a boot, so they are not asked; nor is what the
  /// scan came to: a failed one may be unchanged too.
  package func isUnchanged(_ files: [ImageFile]) -> Bool {
    let known = inventory.image.files
    return inventory.version == Inventory.currentVersion && !files.isEmpty && known.count == files.count
      && zip(known, files).allSatisfy { old, new in
        (old.path, old.size, old.modified, old.changed, old.inode)
          == (new.path, new.size, new.modified, new.changed, new.inode)
      }
  }
}

/// What was read of one file after its scan was stored.
package struct Supplement: Hashable, Sendable {
  /// Position in the inventory's `files`.
  package var file: Int
  package var digests: FileDigests
  package var fingerprint: Fingerprint?

  package init(file: Int, digests: FileDigests, fingerprint: Fingerprint? = nil) {
    self.file = file
    self.digests = digests
    self.fingerprint = fingerprint
  }
}
