import Foundation
import TestSupport
import Testing

/// The same images by both readers, and without an appliance against what the images were made from.
@Suite struct ReaderTests {
  /// A scan of all images without an appliance.
  private struct DirectScan: Sendable {
    var finished: Finished
    var document: ScanResult
    var catalog: String

    static let task = Task {
      let folder = try await SharedScan.value.folder
      let catalog = packageFolder.appending(path: ".build/end-to-end/direct.db").path
      let (finished, document) = try await Program.scan(
        [folder.path, "--reader", "direct", "--files", "--catalog", catalog, "--signatures"] + SharedScan.signatures)
      return DirectScan(finished: finished, document: document, catalog: catalog)
    }
  }

  /// Every file of a volume, in words that can be compared.
  private func listing(_ image: ScanResult.Image, _ volume: ScanResult.Volume, _ catalog: String) throws -> Set<String>
  {
    // FAT has no inodes: each reader numbers its files as it likes.
    let inode = ["vfat", "exfat"].contains(volume.fileSystem) ? "0" : "inode"
    // ntfs-3g does not say how large a file is that the system compressed.
    let size = "iif(unreadable LIKE '%WOF%', 0, size)"
    let found = try rows(
      catalog,
      """
      SELECT hex(path) || ' ' || kind || ' ' || \(size) || ' ' || modified || ' ' || \(inode) || ' ' || mode || ' ' || uid
        || ' ' || gid || ' ' || links || ' ' || ifnull(hex(target), '-') || ' ' || ifnull(unreadable, '-') || ' '
        || ifnull(digest, '-') AS file
      FROM v_files WHERE inventory_id = \(inventory(of: image)) AND volume = '\(volume.id)'
      """)
    return Set(found.compactMap { $0["file"] })
  }

  @Test func `both readers tell the same of every file`() async throws {
    let (appliance, direct) = (try await SharedScan.value, try await DirectScan.task.value)
    var compared: Set<String> = []
    var files = 0
    for image in direct.document.images {
      let other = try appliance.image(image.name)
      for volume in image.volumes where volume.status == "read" {
        let (own, others) = (
          try listing(image, volume, direct.catalog), try listing(other, volume, appliance.catalog)
        )
        #expect(own == others, "\(image.name) \(volume.id): \(own.symmetricDifference(others).sorted().prefix(6))")
        compared.insert(volume.fileSystem)
        files += own.count
      }
    }
    #expect(compared == ["ext4", "ntfs", "vfat", "xfs"])
    #expect(files > 20_000)
  }

  @Test func `both readers tell the same of every disc`() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "vmlineage-test-\(UUID().uuidString)")
    let (tree, images) = (folder.appending(path: "tree"), folder.appending(path: "images"))
    try FileManager.default.createDirectory(at: images, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try fillDisc(tree)
    let kinds = [["-R"], ["-R", "-J"], ["-J"], [], ["-R", "-hide-rr-moved", "-V", "Mixed_Case"]]
    for (number, options) in kinds.enumerated() {
      let (disc, image) = (folder.appending(path: "disc"), images.appending(path: "disc-\(number).qcow2"))
      let maker = ["genisoimage", "-quiet", "-input-charset", "utf-8"] + options + ["-o", disc.path, tree.path]
      #expect(try run(maker).status == 0)
      #expect(try run(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", disc.path, image.path]).status == 0)
    }
    var scans: [(scan: ScanResult, catalog: String)] = []
    for reader in ["direct", "appliance"] {
      let catalog = folder.appending(path: "\(reader).db").path
      let (_, scan) = try await Program.scan(
        [images.path, "--reader", reader, "--files", "--digests", "all", "--allow-unrecognised", "--catalog", catalog])
      scans.append((scan, catalog))
    }
    let names = scans[0].scan.images.map(\.name)
    #expect(names.count == kinds.count && names == scans[1].scan.images.map(\.name))
    for (direct, appliance) in zip(scans[0].scan.images, scans[1].scan.images) {
      let (own, others) = (try #require(direct.volumes.first), try #require(appliance.volumes.first))
      #expect(own.id == others.id && own.fileSystem == "iso9660" && own.reader == "direct" && own.status == "read")
      let (found, truth) = (
        try listing(direct, own, scans[0].catalog), try listing(appliance, others, scans[1].catalog)
      )
      #expect(found.count > 100)
      #expect(found == truth, "\(direct.name): \(found.symmetricDifference(truth).sorted().prefix(6))")
    }
    let volumes = "SELECT file_system, label, uuid FROM volume ORDER BY label, uuid"
    #expect(try rows(scans[0].catalog, volumes) == rows(scans[1].catalog, volumes))
  }

  /// Files whose names, places and links are odd on discs.
  private func fillDisc(_ tree: URL) throws {
    let deep = tree.appending(path: "1/2/3/4/5/6/7/8/9/10/11")
    try FileManager.default.createDirectory(at: deep, withIntermediateDirectories: true)
    try Data("deep".utf8).write(to: deep.appending(path: "bottom"))
    for name in ["UPPER.TXT", "a Longer.name.with.dots", "ümläut", "日本語", "none", "dot."] {
      try Data(repeating: 7, count: name.utf8.count * 1000).write(to: tree.appending(path: name))
    }
    for (name, target) in [
      ("link", "1/2/../none"), ("absolute", "/" + String(repeating: "part/../", count: 20) + "end"),
    ] {
      try FileManager.default.createSymbolicLink(
        atPath: tree.appending(path: name).path, withDestinationPath: target)
    }
    for number in 0..<100 { try Data("\(number)".utf8).write(to: tree.appending(path: "1/2/file-\(number)")) }
  }

  @Test(arguments: [
    "debian.qcow2", "dpkg-cut.qcow2", "fat.qcow2", "fstab-missing.qcow2", "multi.qcow2", "names.qcow2", "shop.vhdx",
    "windows-fixed.vhd", "windows.vhd",
  ])
  func `both readers come to the same conclusions`(name: String) async throws {
    let appliance = try await SharedScan.value.image(name)
    let direct = try #require(try await DirectScan.task.value.document.images.first { $0.name == name })
    #expect(direct.status == appliance.status)
    #expect(direct.counts == appliance.counts)
    #expect(direct.applications == appliance.applications)
    #expect(direct.operatingSystems.map(\.volume) == appliance.operatingSystems.map(\.volume))
    #expect(direct.volumes.map(\.id) == appliance.volumes.map(\.id))
    #expect(direct.volumes.map(\.journal) == appliance.volumes.map(\.journal))
    #expect(
      direct.volumes.allSatisfy { $0.reader == "direct" } && appliance.volumes.allSatisfy { $0.reader == "appliance" })
  }

  @Test(arguments: [
    ("btrfs.vdi", "btrfs is not read here"), ("squashfs.qcow2", "squashfs is not read here"),
    ("dirty.qcow2", "its journal was not replayed"), ("luks.qcow2", "it is encrypted"),
  ])
  func `says what only the appliance can read`(name: String, reason: String) async throws {
    let image = try #require(try await DirectScan.task.value.document.images.first { $0.name == name })
    #expect(image.status == "partial")
    #expect(image.volumes.first?.error?.message.contains(reason) == true)
    #expect(image.volumes.first?.error?.message.contains("--reader auto") == true)
  }

  @Test func `every file has the digest of what it was made from`() async throws {
    try await withScan(["debian.qcow2", "windows.vhd"], ["--reader", "direct", "--digests", "all"]) { scan, catalog in
      for (name, list) in [("debian.qcow2", "debian.files"), ("windows.vhd", "windows.files")] {
        let image = try #require(scan.images.first { $0.name == name })
        let (found, known) = (try storedFiles(of: image, in: catalog), try trueFiles(list))
        #expect(found.count == known.count && misdigested(found, known) == [])
        #expect(image.counts["digested"] == image.counts["files"])
      }
    }
  }

  @Test func `reads what NTFS compresses, and not what the system does`() async throws {
    try await withScan(["ntfs-odd.vhd"], ["--reader", "direct", "--digests", "all", "--allow-unrecognised"]) {
      scan, catalog in
      let image = try #require(scan.images.first)
      var files = try storedFiles(of: image, in: catalog)
      let compressed = files.removeValue(forKey: "wof")
      #expect(compressed?.sha256 == "")
      let truth = try trueFiles("ntfs-odd.files")
      #expect(files.count == truth.count && misdigested(files, truth) == [])
      let others = try rows(
        catalog,
        "SELECT path, kind, target, unreadable FROM v_files WHERE kind = 'link' OR unreadable IS NOT NULL ORDER BY path"
      )
      #expect(others.map { $0["path"] } == ["absolute", "cloud", "junction", "relative", "wof"])
      #expect(
        others.compactMap { $0["target"] }
          == ["/sub/plain", "unsupported reparse tag 0x9000301a", "/sub", "sub/plain"])
      #expect(others.last?["unreadable"]?.contains("WOF") == true)
      #expect(image.counts["unreadable"] == 1)
    }
  }

  @Test func `auto reads each volume by the reader that can`() async throws {
    let whole = try await SharedScan.value.image("rpm.vmdk")
    try await withScan(["rpm.vmdk", "multi.qcow2"], ["--reader", "auto", "--files"]) { scan, _ in
      let image = try #require(scan.images.first { $0.name == "rpm.vmdk" })
      #expect(image.volumes.map(\.fileSystem) == ["ext4", "xfs", "btrfs"])
      #expect(image.volumes.map(\.reader) == ["direct", "direct", "appliance"])
      // One system of volumes that different readers read.
      #expect(image.status == "scanned" && image.applications == whole.applications)
      #expect(image.counts == whole.counts)
      #expect(scan.images.first { $0.name == "multi.qcow2" }?.volumes.allSatisfy { $0.reader == "direct" } == true)
    }
  }

  private func withScan(
    _ names: [String], _ options: [String], _ body: (ScanResult, String) throws -> Void
  ) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "vmlineage-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let catalog = folder.appending(path: "catalog.db").path
    let (finished, scan) = try await Program.scan(names.map(Program.image) + options + ["--catalog", catalog])
    #expect(finished.status == 0, "\(finished.errorText)")
    try body(scan, catalog)
  }
}
