import Foundation
import TestSupport

/// One scan of all images, made once by whichever test needs it first: each boot of an appliance costs many seconds.
struct SharedScan: Sendable {
  static let images = [
    "btrfs.vdi", "debian.qcow2", "dirty.qcow2", "dpkg-cut.qcow2", "fat.qcow2", "fstab-missing.qcow2", "hostile",
    "luks.qcow2", "multi.qcow2", "names.qcow2", "ntfs-odd.vhd", "rpm.vmdk", "shop.vhdx", "squashfs.qcow2",
    "windows-fixed.vhd", "windows.vhd",
  ]
  static let signatures = ["1.9.4", "1.10.0"].map { Program.fixtures.appending(path: "shop/\($0).json").path }

  var finished: Finished
  var document: ScanResult
  /// The catalog that it wrote.
  var catalog: String
  /// The folder that was scanned.
  var folder: URL

  func image(_ name: String) throws -> ScanResult.Image {
    guard let image = document.images.first(where: { $0.name == name }) else {
      throw Unusable(reason: "\(name) is not in the document: \(finished.errorText)")
    }
    return image
  }

  static var value: SharedScan { get async throws { try await task.value } }

  private static let task = Task { try await make() }

  private static func make() async throws -> SharedScan {
    // In the build folder, where the next run replaces it: no test knows that it is the last.
    let work = packageFolder.appending(path: ".build/end-to-end")
    try? FileManager.default.removeItem(at: work)
    let folder = work.appending(path: "images")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try copy(images, to: folder)
    let catalog = work.appending(path: "catalog.db").path
    let (finished, document) = try await Program.scan(
      [folder.path, "--jobs", "2", "--files", "--catalog", catalog, "--signatures"] + signatures)
    return SharedScan(finished: finished, document: document, catalog: catalog, folder: folder)
  }
}

/// Copies images out of the fixtures: even another hard link would change theirs.
func copy(_ images: [String], to folder: URL) throws {
  let sources = images.map { Program.fixtures.appending(path: $0).path }
  let copied = try run(["cp", "-r", "--sparse=always", "--reflink=auto"] + sources + [folder.path])
  guard copied.status == 0 else {
    throw Unusable(reason: "Fixtures/images/make-all makes the images of these tests: \(copied.errorText)")
  }
}
