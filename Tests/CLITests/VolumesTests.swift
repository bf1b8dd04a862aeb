import Foundation
import TestSupport
import Testing

@Suite struct VolumesTests {
  @Test func `assembles a system from LVM, XFS and btrfs, and reads its RPM database`() async throws {
    let scan = try await SharedScan.value
    let image = try scan.image("rpm.vmdk")
    let known = try truth("rpm.tsv").filter { $0[0] != "gpg-pubkey" }
    #expect(known.count == 220)
    let versions = known.map { "\($0[0]) \($0[1] == "(none)" ? "" : $0[1] + ":")\($0[2])-\($0[3])" }
    #expect(image.names("rpm") == versions.sorted())
    #expect(image.volumes.map(\.fileSystem).sorted() == ["btrfs", "ext4", "xfs"])
    #expect(image.volumes.allSatisfy { $0.status == "read" })
    // One system, whose package database lies on another volume than its root.
    #expect(image.operatingSystems.map(\.distribution) == ["fedora"])
    #expect(image.operatingSystems.first?.version == "39")
    #expect(image.operatingSystems.first?.hostname == "build-39.shop.example")
    let files = try trueFiles("rpm.files")
    #expect(image.counts["files"] == files.count)
    // What packages list, and their database itself.
    let packaged = Set(image.packages("rpm").flatMap(\.files).map(\.path) + ["var/lib/rpm/rpmdb.sqlite"])
    #expect(image.counts["explained"] == files.keys.count { packaged.contains($0) })
  }

  @Test func `a snapshot is a state of the subvolume that it was made of, and its packages do not count`() async throws
  {
    let image = try await SharedScan.value.image("btrfs.vdi")
    let (root, snapshot) = ("btrfsvol:/dev/sda/root", "btrfsvol:/dev/sda/@snapshot")
    #expect(image.operatingSystems.map(\.volume) == [root])
    #expect(image.operatingSystems.first?.states.map(\.volume) == [snapshot])
    #expect(image.operatingSystems.first?.states.map(\.kind) == ["snapshot"])
    #expect(image.names("apk") == (try versions("btrfs.apk.tsv")))
    #expect(try versions("btrfs.apk.tsv") != versions("btrfs.snapshot.apk.tsv"))
    #expect(image.volumes.map(\.id).contains("btrfsvol:/dev/sda/home") && image.volumes.map(\.id).contains(snapshot))
  }

  @Test func `keeps the packages of two systems apart`() async throws {
    let image = try await SharedScan.value.image("multi.qcow2")
    #expect(image.status == "scanned")
    #expect(image.operatingSystems.map(\.distribution).sorted() == ["alpine", "debian"])
    let debian = try #require(image.operatingSystems.first { $0.distribution == "debian" }?.volume)
    let alpine = try #require(image.operatingSystems.first { $0.distribution == "alpine" }?.volume)
    #expect(image.names("deb", on: debian) == (try versions("multi.dpkg.tsv")))
    #expect(image.names("apk", on: alpine) == (try versions("multi.apk.tsv")))
    #expect(image.names("deb", on: alpine).isEmpty && image.names("apk", on: debian).isEmpty)
  }

  @Test func `replays journals of ext4, XFS and btrfs and says so`() async throws {
    let scan = try await SharedScan.value
    let image = try scan.image("dirty.qcow2")
    #expect(image.volumes.map(\.fileSystem) == ["ext4", "xfs", "btrfs"])
    #expect(image.volumes.map(\.journal) == ["replayed", "replayed", "replayed"])
    #expect(image.names("deb") == (try versions("dirty.dpkg.tsv")))
    #expect(image.names("deb").contains { $0.hasPrefix("strace ") })
    let last = try rows(
      scan.catalog,
      """
      SELECT volume, folder FROM v_files WHERE name = 'written-last' AND inventory_id = \(inventory(of: image))
      ORDER BY volume
      """)
    #expect(last.map { $0["volume"] } == ["/dev/sda1", "/dev/sda2", "/dev/sda3"])
    #expect(last.map { $0["folder"] } == ["etc/", "", ""])
    #expect(try scan.image("multi.qcow2").volumes.allSatisfy { $0.journal == "clean" })
  }

  @Test func `reads squashfs, and calls a FAT volume without a system data`() async throws {
    let scan = try await SharedScan.value
    let packed = try scan.image("squashfs.qcow2")
    #expect(packed.volumes.map(\.fileSystem) == ["squashfs"])
    #expect(packed.names("deb") == (try versions("multi.dpkg.tsv")))
    let data = try scan.image("fat.qcow2")
    #expect(data.volumes.map(\.fileSystem) == ["vfat"] && data.volumes.map(\.status) == ["read"])
    #expect(data.status == "data" && data.error == nil)
    #expect(data.counts["files"] ?? 0 > 0)
  }

  @Test func `says what is missing and reads the rest`() async throws {
    let image = try await SharedScan.value.image("fstab-missing.qcow2")
    #expect(image.status == "partial" && image.error?.code == "volume-missing")
    #expect(image.error?.message.contains("/var") == true && image.error?.message.contains("/srv") == true)
    #expect(image.names("deb") == (try versions("multi.dpkg.tsv")))
  }

  @Test func `says that a package database is cut and keeps what it holds`() async throws {
    let image = try await SharedScan.value.image("dpkg-cut.qcow2")
    #expect(image.status == "partial" && image.error?.code == "package-database-damaged")
    let known = Set(try versions("multi.dpkg.tsv"))
    #expect(!image.names("deb").isEmpty && known.isStrictSuperset(of: image.names("deb")))
  }

  @Test func `a wholly encrypted image is partial, and a key opens it`() async throws {
    let scan = try await SharedScan.value
    let locked = try scan.image("luks.qcow2")
    #expect(locked.status == "partial")
    #expect(locked.volumes.map(\.status) == ["encrypted"] && locked.applications.isEmpty)
    let (finished, document) = try await Program.scan(
      [locked.path, "--key", "all:key:secret", "--catalog", scan.catalog + ".key"])
    let open = try #require(document.images.first)
    #expect(finished.status == 0 && open.status == "scanned", "\(finished.errorText)")
    #expect(open.names("apk") == (try versions("multi.apk.tsv")))
    #expect(!finished.errorText.contains("secret") && !finished.text.contains("secret"))
  }

  @Test func `reads raw disks by what they begin with`() async throws {
    let scan = try await SharedScan.value
    let folder = scan.folder.deletingLastPathComponent()
    try copy(["iso.raw"], to: folder)
    let (finished, document) = try await Program.scan(
      [folder.appending(path: "iso.raw").path, "--catalog", scan.catalog + ".raw"])
    let disc = try #require(document.images.first)
    #expect(finished.status == 0 && disc.format == "raw", "\(finished.errorText)")
    #expect(disc.volumes.map(\.fileSystem) == ["iso9660"])
    #expect(disc.names("apk") == (try versions("multi.apk.tsv")))
  }
}

/// `name version` of each line of a truth file, sorted.
private func versions(_ name: String) throws -> [String] {
  try truth(name).map { "\($0[0]) \($0[1])" }.sorted()
}
