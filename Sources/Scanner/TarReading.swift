internal import Fingerprints
internal import Foundation
internal import Inventory

/// Hands over the regular files of a tar that the appliance wrote, in its order. An entry with another name than the
/// guest's list has is for the receiver to leave out.
func forEachFile(inTar tar: URL, _ body: (GuestPath, ArchiveContents) throws -> Void) throws {
  let limits = ArchiveLimits(
    entries: .max, entryBytes: Int(ScanLimits.fileBytes), totalBytes: Int(ScanLimits.scratchBytes))
  try ArchiveReader.entries(at: tar.path, limits: limits) { entry, contents in
    guard entry.kind == .file else { return }
    let here = Array("./".utf8)
    let name = entry.path.starts(with: here) ? Array(entry.path.dropFirst(here.count)) : entry.path
    try body(GuestPath(bytes: name), contents)
  }
}
