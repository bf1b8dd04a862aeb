/// What the header of a disk image says: sizes, identity, ancestry, and every other file that it names.
package struct DiskHeader: Equatable, Sendable {
  package var format: DiskFormat
  /// The kind within the format: `fixed`, `dynamic`, `differencing`; VMDK's createType such as `monolithicSparse`.
  package var subformat: String?
  /// The size of the disk as the guest sees it, in bytes.
  package var virtualSize: UInt64 = 0
  /// Bytes of a logical sector of the disk; nil where the image does not say.
  package var sectorSize: UInt64?
  /// The identity that a child names: VHD unique id, VHDX data write GUID, VDI image UUID, VMDK CID. Lower case.
  package var id: String?
  /// Further identities: VHDX page 83 id, VDI modification UUID. Lower case.
  package var otherIDs: [String] = []
  /// The image that this one holds the differences to. Kept in refusals too: it is the best evidence of ancestry.
  package var parent: DiskParent?
  /// Every file that the header names beside the image itself.
  package var references: [OutsideReference] = []
  /// The offset in the file of the last byte that the allocation tables map; nil where nothing is mapped.
  package var highestMappedByte: UInt64?
  /// Whether the format itself encrypts the guest's data. What the guest encrypts is not seen here.
  package var encrypted = false
  /// The program that made a VHD (`vpc `, `win `, `vbox`, `qemu`, …) or a VHDX.
  package var creator: String?
  /// What is odd but does not stop the image from being read, a line each.
  package var warnings: [String] = []

  package init(format: DiskFormat) { self.format = format }
}

/// An image that another one names as its parent.
package struct DiskParent: Equatable, Sendable {
  /// As written in the child: a name or a path of the machine that made it.
  package var name: String?
  /// The parent's `id` (or one of its `otherIDs`) at the time when the child was made.
  package var id: String?

  package init(name: String? = nil, id: String? = nil) {
    self.name = name
    self.id = id
  }
}

/// A file that an image names beside itself. Nothing opens it unless its folder is allowed.
package struct OutsideReference: Equatable, Sendable {
  package enum Kind: String, Sendable {
    /// qcow2's backing file, or a VMDK's parent: what the image does not hold is read from there.
    case backing
    /// qcow2's external data file.
    case dataFile
    /// A part of a VMDK.
    case extent
    /// A differencing VHD's, VHDX's or VDI's parent.
    case parent
  }

  package var name: String
  package var kind: Kind
  /// The format that the image says the file has. A flat extent is raw.
  package var format: DiskFormat?
  /// The range of the file that a flat extent takes, in bytes.
  package var offset: UInt64 = 0
  package var length: UInt64 = 0

  package init(name: String, kind: Kind, format: DiskFormat? = nil, offset: UInt64 = 0, length: UInt64 = 0) {
    self.name = name
    self.kind = kind
    self.format = format
    self.offset = offset
    self.length = length
  }
}
