import Fingerprints
import Foundation
import Inventory
import TestSupport

/// One family of images: the file list of a made-up Debian, and clones of it that differ in one file of a hundred.
///
/// Packages come from a pool that families share, each in one of several versions, with the places that Debian's packages
/// use. A package's files have its build's time and inodes in the order of unpacking.
struct Family {
  let files: [FileRecord]
  private let number: Int

  init(_ number: Int, files count: Int, digested: Double) {
    self.number = number
    var maker = FamilyMaker(number, digested: digested)
    files = maker.files(count)
  }

  /// Of the differences three of five are changes, one is an addition, one a removal.
  func clone(_ clone: Int) -> [FileRecord] {
    var random = SeededGenerator(seed: UInt64(number) << 32 | UInt64(clone))
    var list = files
    let time: Int64 = 1_760_000_000 + Int64(clone) * 3600
    for _ in 0..<files.count / 100 {
      let place = Int.random(in: list.indices, using: &random)
      switch Int.random(in: 0..<5, using: &random) {
      case 0: list.remove(at: place)
      case 1:
        var added = list[place]
        added.path = GuestPath(
          bytes: list[place].path.bytes + Array(".\(Int.random(in: 0..<1_000_000, using: &random))".utf8))
        list.append(changed(added, time, &random))
      default: list[place] = changed(list[place], time, &random)
      }
    }
    return list.sorted { $0.path < $1.path }
  }

  private func changed(_ file: FileRecord, _ time: Int64, _ random: inout SeededGenerator) -> FileRecord {
    var file = file
    file.size = UInt64.random(in: 0..<200_000, using: &random)
    file.modified = time + Int64.random(in: 0..<3000, using: &random)
    file.inode = UInt64.random(in: 400_000..<900_000, using: &random)
    if file.digests != nil { file.digests = madeUpDigests("\(random.next())") }
    return file
  }
}

/// Digests of this text: what they are of does not matter here.
func madeUpDigests(_ text: String) -> FileDigests { digests(of: Data(text.utf8), further: [.git, .md5]) }

/// An inventory that holds this list.
func inventory(_ files: [FileRecord], path: String, inode: Int) -> Inventory {
  let file = ImageFile(
    path: path, format: "qcow2", size: 1 << 31, modified: 1, changed: 1, device: 1, inode: UInt64(inode))
  return Inventory(
    image: ImageFacts(format: "qcow2", files: [file]), status: .scanned, files: FileList(files),
    counts: Counts(files: files.count))
}
