/// The facts of one scan of one image. Never edited once stored; no conclusions in it.
package struct Inventory: Codable, Hashable, Sendable {
  /// Raised when a scan of the same bytes would now say something else; an image scanned under an older one is read again.
  package static let currentVersion = 1

  package enum Status: String, Codable, Sendable, CaseIterable { case scanned, data, partial, failed, unrecognised }

  /// How much of the image was looked at: all of it, or only where systems record what is installed (no files then).
  package enum Extent: String, Codable, Sendable { case whole, declared }

  package var version: Int
  package var extent: Extent
  package var image: ImageFacts
  /// What the scan itself came to. `data` and `unrecognised` are decided where claims are known, so neither is ever stored
  /// here.
  package var status: Status
  /// Why it is not `scanned`: the first, most telling problem.
  package var problem: Problem?
  package var volumes: [Volume]
  package var systems: [OperatingSystem]
  package var packages: [Package]
  package var files: FileList
  package var counts: Counts
  /// What was seen and not understood, or left out, each with the reason: nothing is missing from an inventory without one.
  package var remarks: [Problem]

  package init(
    version: Int = Inventory.currentVersion, extent: Extent = .whole, image: ImageFacts, status: Status,
    problem: Problem? = nil, volumes: [Volume] = [], systems: [OperatingSystem] = [], packages: [Package] = [],
    files: FileList = [], counts: Counts = Counts(), remarks: [Problem] = []
  ) {
    self.version = version
    self.extent = extent
    self.image = image
    self.status = status
    self.problem = problem
    self.volumes = volumes
    self.systems = systems
    self.packages = packages
    self.files = files
    self.counts = counts
    self.remarks = remarks
  }
}

/// The disk as files on the machine that holds it.
package struct ImageFacts: Codable, Hashable, Sendable {
  /// `raw`, `qcow2`, `vhd`, `vhdx`, `vmdk`, `vdi`; nil where no header could be read.
  package var format: String?
  /// Bytes of the disk as the guest sees it.
  package var virtualSize: UInt64?
  /// The named file first, then extents and parents.
  package var files: [ImageFile]
  /// The image's own id (VHD, VHDX, VDI) or content id (VMDK CID), lower case.
  package var formatID: String?
  /// What the header names as parent, never opened unless allowed.
  package var parent: ParentReference?

  package init(
    format: String? = nil, virtualSize: UInt64? = nil, files: [ImageFile] = [], formatID: String? = nil,
    parent: ParentReference? = nil
  ) {
    self.format = format
    self.virtualSize = virtualSize
    self.files = files
    self.formatID = formatID
    self.parent = parent
  }
}

/// One file of an image as `stat` saw it when it was opened.
package struct ImageFile: Codable, Hashable, Sendable {
  package var path: String
  package var format: String
  package var size: UInt64
  /// Nanoseconds since 1970.
  package var modified: Int64
  /// Nanoseconds since 1970.
  package var changed: Int64
  package var device: UInt64
  package var inode: UInt64

  package init(
    path: String, format: String, size: UInt64, modified: Int64, changed: Int64, device: UInt64, inode: UInt64
  ) {
    self.path = path
    self.format = format
    self.size = size
    self.modified = modified
    self.changed = changed
    self.device = device
    self.inode = inode
  }
}

/// A parent as a header names it: the best evidence of ancestry, kept even where the image is refused.
package struct ParentReference: Codable, Hashable, Sendable {
  /// The name in the header, decoded; not trusted.
  package var name: String
  /// The parent's id in the header, where the format has one.
  package var formatID: String?

  package init(name: String, formatID: String? = nil) {
    self.name = name
    self.formatID = formatID
  }
}

/// One file system in an image.
package struct Volume: Codable, Hashable, Sendable {
  package enum Status: String, Codable, Sendable { case read, partial, encrypted, failed }
  package enum Journal: String, Codable, Sendable { case clean, replayed, left }

  /// As the appliance names it, such as `/dev/sda1` or `btrfsvol:/dev/sda2/root`: unique in the image.
  package var id: String
  /// `ext4`, `xfs`, `btrfs`, `ntfs`, `vfat`, `iso9660`, `squashfs`, `crypto_LUKS`, …
  package var fileSystem: String
  package var label: String?
  package var uuid: String?
  package var reader: String
  package var status: Status
  package var journal: Journal?
  package var problem: Problem?
  /// The root volume of the system that mounts it; nil where no system does.
  package var system: String?
  /// Where that system mounts it, from the system's root; empty for the root itself.
  package var mountPoint: GuestPath?
  /// Its folders that are mounted instead of the whole volume.
  package var parts: [VolumePart]

  package init(
    id: String, fileSystem: String, label: String? = nil, uuid: String? = nil, reader: String = "appliance",
    status: Status, journal: Journal? = nil, problem: Problem? = nil, system: String? = nil,
    mountPoint: GuestPath? = nil, parts: [VolumePart] = []
  ) {
    self.id = id
    self.fileSystem = fileSystem
    self.label = label
    self.uuid = uuid
    self.reader = reader
    self.status = status
    self.journal = journal
    self.problem = problem
    self.system = system
    self.mountPoint = mountPoint
    self.parts = parts
  }
}

/// A folder of a volume that a system has as its root or elsewhere: with OSTree the root is a folder, and `/var` another.
package struct VolumePart: Codable, Hashable, Sendable {
  /// From the root of the volume.
  package var folder: GuestPath
  /// From the root of the system; empty for the root itself.
  package var mountPoint: GuestPath

  package init(folder: GuestPath, mountPoint: GuestPath) {
    self.folder = folder
    self.mountPoint = mountPoint
  }
}

/// An operating system that was found in an image.
package struct OperatingSystem: Codable, Hashable, Sendable {
  /// The volume that holds its root.
  package var volume: String
  /// `linux`, `windows`, `freebsd`, …
  package var family: String
  /// `debian`, `fedora`, `alpine`, `windows`, …
  package var distribution: String
  package var version: String
  /// The exact release where a file of its own says it, such as `12.11` beside version `12`.
  package var pointRelease: String?
  /// The name it gives itself, such as `Debian GNU/Linux 12 (bookworm)`.
  package var product: String
  package var architecture: String?
  package var hostname: String?
  /// Earlier states of this system that the image also holds. They are not systems of their own.
  package var states: [SystemState]

  package init(
    volume: String = "", family: String, distribution: String, version: String, pointRelease: String? = nil,
    product: String, architecture: String? = nil, hostname: String? = nil, states: [SystemState] = []
  ) {
    self.volume = volume
    self.family = family
    self.distribution = distribution
    self.version = version
    self.pointRelease = pointRelease
    self.product = product
    self.architecture = architecture
    self.hostname = hostname
    self.states = states
  }
}

/// A system as it was, or as it would be if another deployment were booted.
package struct SystemState: Codable, Hashable, Sendable {
  package enum Kind: String, Codable, Sendable { case snapshot, deployment }

  /// The volume that holds it.
  package var volume: String
  package var kind: Kind
  /// The version of the operating system in that state, where it says one.
  package var version: String?
  /// Seconds since 1970; nil where nothing records it.
  package var created: Int64?

  package init(volume: String, kind: Kind, version: String? = nil, created: Int64? = nil) {
    self.volume = volume
    self.kind = kind
    self.version = version
    self.created = created
  }
}

/// How many files, and what became of them.
package struct Counts: Codable, Hashable, Sendable {
  /// Regular files, hard links counted once.
  package var files = 0
  /// Of these, read wholly or in part.
  package var read = 0
  package var digested = 0
  package var unreadable = 0

  package init(files: Int = 0, read: Int = 0, digested: Int = 0, unreadable: Int = 0) {
    self.files = files
    self.read = read
    self.digested = digested
    self.unreadable = unreadable
  }
}
