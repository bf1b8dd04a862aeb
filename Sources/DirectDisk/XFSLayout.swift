internal import DiskFormats

/// What the superblock says.
struct XFSLayout {
  let blockSize: UInt64
  let inodeSize: Int
  let root: UInt64
  /// Blocks of a folder's block, in bytes.
  let folderBlockSize: UInt64
  /// Whether blocks have headers that say what they are: version 5.
  let hasHeaders: Bool
  /// Whether a folder's entries say what kind of file they are.
  let hasTypes: Bool
  /// Where the log lies; nil where it is on another device.
  private(set) var log: Range<UInt64>?

  private let groupBlocks: UInt64
  private let blocks: UInt64
  private let inodesPerBlockBits: UInt64
  private let groupBits: UInt64

  /// File types, sparse inodes, another UUID, times after 2038, many extents, exchanged ranges, parent pointers.
  private static let known: UInt64 = 0x1 | 0x2 | 0x4 | 0x8 | 0x20 | 0x40 | 0x80

  init(_ block: [UInt8], _ size: UInt64) throws(DirectDiskError) {
    let version = block.bigNumber(100, 2) & 0xF
    let features = block.bigNumber(216, 4)
    guard version == 4 || version == 5 && features & ~Self.known == 0 else {
      throw DirectDiskError("open file system", "it has features that are not read here")
    }
    let bits = block.bigNumber(120, 1)
    blockSize = block.bigNumber(4, 4)
    inodeSize = Int(block.bigNumber(104, 2))
    root = block.bigNumber(56, 8)
    groupBlocks = block.bigNumber(84, 4)
    blocks = block.bigNumber(8, 8)
    inodesPerBlockBits = block.bigNumber(123, 1)
    groupBits = block.bigNumber(124, 1)
    let folderBits = block.bigNumber(192, 1)
    guard (9...16).contains(bits), blockSize == 1 << bits, (256...2048).contains(inodeSize), groupBlocks > 0,
      groupBits <= 32, groupBlocks <= 1 << groupBits, inodesPerBlockBits <= 8, folderBits <= 8,
      UInt64(inodeSize) << inodesPerBlockBits == blockSize, blockSize << folderBits <= 1 << 16
    else { throw DirectDiskError("open file system", "its superblock is damaged") }
    guard blocks <= size / blockSize else {
      let reason = "it has \(blocks) blocks of \(blockSize) bytes, and what it lies on has only \(size) bytes"
      throw DirectDiskError("open file system", reason, isFinal: true)
    }
    folderBlockSize = blockSize << folderBits
    hasHeaders = version == 5
    hasTypes = version == 5 ? features & 1 != 0 : block.bigNumber(200, 4) & 0x200 != 0
    let logBlocks = block.bigNumber(96, 4)
    if let start = place(ofBlock: block.bigNumber(48, 8)), start > 0, start <= size - min(size, logBlocks * blockSize) {
      log = start..<start + logBlocks * blockSize
    }
  }

  /// In bytes from the volume's start; nil for a number that no block has.
  func place(ofBlock number: UInt64) -> UInt64? {
    let (group, inside) = (number >> groupBits, number & (1 << groupBits - 1))
    guard inside < groupBlocks, group <= blocks / groupBlocks else { return nil }
    let block = group * groupBlocks + inside
    return block < blocks ? block * blockSize : nil
  }

  func place(ofInode number: UInt64) -> UInt64? {
    place(ofBlock: number >> inodesPerBlockBits).map {
      $0 + (number & (1 << inodesPerBlockBits - 1)) * UInt64(inodeSize)
    }
  }
}

/// One file as its inode has it.
struct XFSInode: UnixInode {
  enum Form: UInt64 { case device, local, extents, tree }

  let number: UInt64
  let mode: UInt16
  let form: Form
  let uid: UInt32
  let gid: UInt32
  let links: UInt32
  /// Seconds since 1970.
  let modified: Int64
  let size: UInt64
  let extentCount: UInt64
  let isRealtime: Bool
  /// Its contents, or what says where these are.
  let contents: [UInt8]

  init(_ number: UInt64, _ bytes: [UInt8], _ layout: XFSLayout) throws(DirectDiskError) {
    let version = bytes.bigNumber(4, 1)
    guard bytes.count == layout.inodeSize, bytes.has("IN", at: 0), (1...3).contains(version),
      let form = Form(rawValue: bytes.bigNumber(5, 1))
    else { throw DirectDiskError("read inode", "inode \(number) is damaged") }
    self.number = number
    self.form = form
    mode = UInt16(bytes.bigNumber(2, 2))
    uid = UInt32(bytes.bigNumber(8, 4))
    gid = UInt32(bytes.bigNumber(12, 4))
    links = UInt32(version == 1 ? bytes.bigNumber(6, 2) : bytes.bigNumber(16, 4))
    size = bytes.bigNumber(56, 8)
    isRealtime = bytes.bigNumber(90, 2) & 1 != 0
    let flags = version == 3 ? bytes.bigNumber(120, 8) : 0
    // With large times: nanoseconds since the least time that 32 bits can tell.
    modified =
      flags & 0x8 != 0
      ? Int64(bytes.bigNumber(40, 8) / 1_000_000_000) - 1 << 31
      : Int64(Int32(truncatingIfNeeded: bytes.bigNumber(40, 4)))
    extentCount = flags & 0x10 != 0 ? bytes.bigNumber(24, 8) : bytes.bigNumber(76, 4)
    let start = version == 3 ? 176 : 100
    let attributes = Int(bytes.bigNumber(82, 1)) * 8
    let end = attributes == 0 ? bytes.count : min(bytes.count, start + attributes)
    contents = Array(bytes[start..<end])
    guard size <= UInt64(Int64.max) else { throw DirectDiskError("read inode", "inode \(number) is damaged") }
  }
}
