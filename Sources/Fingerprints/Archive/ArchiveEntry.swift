internal import CArchive
internal import Foundation

/// One entry of an archive, as its header says.
package struct ArchiveEntry: Hashable, Sendable {
  package enum Kind: Sendable { case file, directory, symbolicLink, hardLink, other }

  /// The name as it is: any bytes but NUL, not cleaned, so it may begin with `./` or `/` and hold `..`.
  /// Empty where the archive's name cannot be read.
  package var path: [UInt8]
  package var kind: Kind
  /// Bytes of contents; nil where only reading tells.
  package var size: Int64?
  /// Permission bits with set-user-id and the like, without the type.
  package var mode: UInt32
  /// Where a symbolic or hard link leads.
  package var linkTarget: [UInt8]?

  package init(path: [UInt8], kind: Kind, size: Int64?, mode: UInt32, linkTarget: [UInt8]? = nil) {
    self.path = path
    self.kind = kind
    self.size = size
    self.mode = mode
    self.linkTarget = linkTarget
  }
}

extension ArchiveEntry {
  /// Copies what libarchive says of the entry at hand.
  init(_ entry: OpaquePointer) {
    func bytes(_ text: UnsafePointer<CChar>?) -> [UInt8]? {
      text.map { UnsafeRawBufferPointer(start: $0, count: strlen($0)).map { $0 } }
    }
    let hardLink = bytes(archive_entry_hardlink(entry))
    let type = UInt32(archive_entry_filetype(entry))
    kind = hardLink != nil ? .hardLink : Self.kinds[type] ?? .other
    path = bytes(archive_entry_pathname(entry)) ?? []
    size = archive_entry_size_is_set(entry) != 0 ? archive_entry_size(entry) : nil
    mode = UInt32(archive_entry_perm(entry))
    linkTarget = hardLink ?? (kind == .symbolicLink ? bytes(archive_entry_symlink(entry)) : nil)
  }

  /// AE_IFREG and so on, which Swift does not import.
  private static let kinds: [UInt32: Kind] = [0o100000: .file, 0o040000: .directory, 0o120000: .symbolicLink]
}
