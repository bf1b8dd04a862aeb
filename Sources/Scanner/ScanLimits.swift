/// What bounds a scan, whatever an image holds.
enum ScanLimits {
  /// No file larger than this is read, nor written by a process that does so without an appliance: 1 GiB.
  static let fileBytes: UInt64 = 1 << 30
  /// Files up to this size are held in memory; of larger ones only digests are made, and their ends are looked at.
  static let wholeBytes: UInt64 = 128 << 20
  /// Bytes of address space of a process that reads file systems itself.
  static let directMemory: UInt64 = 4 << 30
  /// Files that are read in the order in which they lie, before the next ones of the list.
  static let batchFiles = 65_536
  /// How much comes out of the appliance at once.
  static let batchBytes: UInt64 = 1 << 30
  /// The length of the scratch disk: a batch, its padding, and one file over.
  static let scratchBytes: UInt64 = 4 << 30
  /// What package readers may hold in memory together. The registry of a Windows with its logs has some 200 MiB.
  static let packageBytes: UInt64 = 384 << 20
  /// How many bytes of executables are read only for what they say of themselves.
  static let describedBytes: UInt64 = 512 << 20
  /// Of how many executables both ends are looked at.
  static let outlines = 50_000
  /// Names on the ways to what package readers want, links among them, and files that are given to them by other names.
  static let placeNames = 200_000
  static let links = 1024
  static let linkedFiles = 1_000_000
  /// Deployments, and entries of boot loaders, of one volume.
  static let deployments = 256
  /// Volumes in one image; what is beyond is told as one problem.
  static let volumes = 256
}
