internal import DiskFormats
internal import Inventory

/// ISO 9660 as Linux shows it: by Rock Ridge where the root says that there is, else by Joliet, else by plain names. libtsk
/// (4.11) knows neither Rock Ridge's names nor its times. Used from one thread only.
///
/// A file has no number but the place of its entry by 32 bytes, a folder that of its own entry. Entries are no shorter, so
/// each has one of its own. Source: ECMA-119; Linux, fs/isofs.
final class ISOFileSystem: UnixFileSystem {
  let volume: VolumeBytes
  let root: UInt64
  private let blockSize: UInt64
  private let isJoliet: Bool
  /// Where Rock Ridge begins in each entry; nil where it is not asked for.
  private let skip: Int?
  /// What is left of the places of entries by 32, as far as these were listed.
  private var remainders: [UInt64: UInt8] = [:]
  /// Files of several sections.
  private var sections: [UInt64: [FileExtent]] = [:]
  /// Bytes of folders that may still be read: enough for a million files. Folders may lie on each other.
  private var budget: UInt64 = 256 << 20

  private static let sector: UInt64 = 2048
  /// Linux reads no file of more sections.
  private static let mostSections = 100

  /// - Throws: where its descriptors are damaged.
  init(_ volume: VolumeBytes) throws(DirectDiskError) {
    let descriptors = ISODescriptors(try volume.bytes(at: 0, count: ISODescriptors.end))
    // Linux takes no smaller blocks.
    guard let descriptors, let first = descriptors.primary ?? descriptors.joliet,
      [1024, 2048].contains(descriptors.blockSize), let root = ISORecord(first, at: 156)
    else { throw DirectDiskError("open file system", "its descriptors are damaged") }
    self.volume = volume
    blockSize = descriptors.blockSize
    let rock = try Self.rockRidge(root.block * blockSize, volume, blockSize)
    if let joliet = descriptors.joliet.flatMap({ ISORecord($0, at: 156) }), !rock.isPreferred {
      (self.root, isJoliet, skip) = (joliet.block * blockSize >> 5, true, nil)
    } else {
      (self.root, isJoliet, skip) = (root.block * blockSize >> 5, false, rock.skip)
    }
  }

  /// What the root's own entry says of Rock Ridge. CD-ROM XA has 14 bytes of its own in front.
  private static func rockRidge(
    _ root: UInt64, _ volume: VolumeBytes, _ blockSize: UInt64
  ) throws(DirectDiskError) -> (skip: Int, isPreferred: Bool) {
    let record = try ISORecord(volume, at: root)
    for skip in [0, 14] {
      let rock = try RockRidge(record, skip: skip, volume, blockSize: blockSize)
      if rock.first("ER") == nil, rock.skip == nil { continue }
      // Discs were made whose root has files in Joliet only.
      let block = try volume.bytes(at: root, count: Int(blockSize))
      let isEmpty =
        ISORecord(block, at: 0)
        .flatMap { own in ISORecord(block, at: own.length).map { own.length + $0.length } }
        .flatMap { ISORecord(block, at: $0) } == nil
      return (rock.skip ?? 0, rock.first("ER") != nil && !isEmpty)
    }
    return (0, false)
  }

  func inode(_ number: UInt64) throws(DirectDiskError) -> ISOInode {
    try inode(number, at: number << 5 | UInt64(remainders[number] ?? 0))
  }

  private func inode(
    _ number: UInt64, at position: UInt64, isRelocated: Bool = false
  ) throws(DirectDiskError) -> ISOInode {
    let record = try ISORecord(volume, at: position)
    var inode = ISOInode(number, record, blockSize)
    if let sections = sections[number] { inode.take(sections, most: Self.mostSections) }
    guard let skip else { return inode.checked(volume.size) }
    let rock = try RockRidge(record, skip: skip, volume, blockSize: blockSize)
    for field in rock.fields {
      if field.has("CL", at: 0) {
        guard !isRelocated else { throw DirectDiskError("read entry", "its folder lies elsewhere twice") }
        let start = field.number(4, 4) * blockSize
        inode.become(try self.inode(start >> 5, at: start, isRelocated: true))
      } else {
        inode.take(field)
      }
    }
    if inode.kind == .link { try inode.point(to: rock.target) }
    return inode.checked(volume.size)
  }

  func target(of link: ISOInode) throws(DirectDiskError) -> [UInt8] { link.target }

  func obstacle(to inode: ISOInode) -> String? { inode.obstacle }

  func extents(of inode: ISOInode, before end: UInt64) throws(DirectDiskError) -> [FileExtent] { inode.extents }

  func entries(of folder: ISOInode) throws(DirectDiskError) -> [Entry] {
    guard folder.kind == .directory else { throw DirectDiskError("list folder", "it is none") }
    guard folder.size <= budget else { throw DirectDiskError("list folder", "it is too large") }
    budget -= folder.size
    var listing = Listing()
    // An entry does not go on in the next sector (ECMA-119, 6.8.1.1).
    for start in stride(from: folder.start, to: folder.start + folder.size, by: Int(Self.sector)) {
      let sector = try volume.bytes(at: start, count: Int(Self.sector))
      let end = Int(min(Self.sector, folder.start + folder.size - start))
      if sector.isEmpty { throw DirectDiskError("list folder", "it goes on beyond the volume") }
      var position = 0
      while position < min(end, sector.count), sector[position] != 0 {
        guard let record = ISORecord(sector, at: position) else {
          throw DirectDiskError("list folder", "its entries are damaged")
        }
        try add(record, at: start + UInt64(position), to: &listing)
        position += record.length
      }
    }
    return listing.entries
  }

  /// What was found in a folder by now.
  private struct Listing {
    var entries: [Entry] = []
    /// Where a name is there twice, Linux opens the first.
    var names: Set<[UInt8]> = []
    /// A file that goes on in the next entry.
    var file: (number: UInt64, extents: [FileExtent])?
  }

  private func add(_ record: ISORecord, at place: UInt64, to listing: inout Listing) throws(DirectDiskError) {
    let first = record.isFolder ? record.block * blockSize : place
    var file = listing.file ?? (first >> 5, [])
    let logical = file.extents.last.map { $0.logical + $0.count } ?? 0
    file.extents.append(FileExtent(logical: logical, start: record.block * blockSize, count: record.size))
    if listing.file == nil { remainders[file.number] = UInt8(first & 31) }
    if record.goesOn {
      // One more than can be read is enough to know.
      if file.extents.count > Self.mostSections + 1 { file.extents.removeLast() }
      listing.file = file
      return
    }
    listing.file = nil
    if file.extents.count > 1 { sections[file.number] = file.extents }
    guard !record.isDots, !record.isAssociated, let name = try name(of: record), !name.isEmpty,
      ![".", ".."].contains(where: { name.elementsEqual($0.utf8) }), listing.names.insert(name).inserted
    else { return }
    listing.entries.append((name, file.number))
  }

  /// Nil for what is shown elsewhere.
  private func name(of record: ISORecord) throws(DirectDiskError) -> [UInt8]? {
    if isJoliet { return record.jolietName }
    guard let skip else { return record.plainName }
    let rock = try RockRidge(record, skip: skip, volume, blockSize: blockSize)
    if rock.isRelocated { return nil }
    return rock.name.isEmpty || !rock.isWhole ? record.plainName : rock.name
  }
}
