package import Fingerprints

/// One entry of a volume's file list, with what was read of it.
package struct FileRecord: Codable, Hashable, Sendable {
  package enum Kind: String, Codable, Sendable, CaseIterable { case regular, directory, link, other }

  /// The volume's id.
  package var volume: String
  /// From the root of the volume.
  package var path: GuestPath
  package var kind: Kind
  package var size: UInt64
  /// Seconds since 1970.
  package var modified: Int64
  package var inode: UInt64
  /// Permission bits, without the file type.
  package var mode: UInt16
  package var uid: UInt32
  package var gid: UInt32
  /// Hard links to this inode.
  package var links: UInt32
  /// Where a symbolic link points, not followed.
  package var target: GuestPath?
  /// Nil where the contents were not read whole: the digest is not known yet.
  package var digests: FileDigests?
  package var fingerprint: Fingerprint?
  /// Why it could not be read.
  package var unreadable: String?

  package init(
    volume: String, path: GuestPath, kind: Kind, size: UInt64, modified: Int64 = 0, inode: UInt64 = 0,
    mode: UInt16 = 0, uid: UInt32 = 0, gid: UInt32 = 0, links: UInt32 = 1, target: GuestPath? = nil,
    digests: FileDigests? = nil, fingerprint: Fingerprint? = nil, unreadable: String? = nil
  ) {
    self.volume = volume
    self.path = path
    self.kind = kind
    self.size = size
    self.modified = modified
    self.inode = inode
    self.mode = mode
    self.uid = uid
    self.gid = gid
    self.links = links
    self.target = target
    self.digests = digests
    self.fingerprint = fingerprint
    self.unreadable = unreadable
  }
}
