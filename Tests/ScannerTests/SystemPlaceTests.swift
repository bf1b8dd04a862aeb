import Foundation
import Inventory
import TestSupport
import Testing

@testable import Scanner

private let checksum = String(repeating: "ab", count: 32)
private let other = String(repeating: "cd", count: 32)
private let deploy = "ostree/deploy/fedora/deploy"

/// Where a system is when it is not simply at the top of a volume.
struct OSTreeTests {
  private func root(_ more: [String: String] = [:]) -> ListedVolume {
    let contents = [
      "\(deploy)/\(checksum).0/usr/lib/os-release": "ID=fedora\nVERSION_ID=40\n",
      "\(deploy)/\(checksum).0/etc/os-release": "-> ../usr/lib/os-release",
      "\(deploy)/\(checksum).0/var/": "", "\(deploy)/\(other).0/usr/lib/os-release": "ID=fedora\nVERSION_ID=39\n",
      "\(deploy)/\(other).0/etc/os-release": "-> ../usr/lib/os-release", "ostree/deploy/fedora/var/lib/app": "data",
      "ostree/boot.1": "-> boot.1.1", "ostree/boot.1.1/fedora/abc/0": "-> ../../../deploy/fedora/deploy/\(checksum).0",
      "ostree/boot.1.1/fedora/abc/1": "-> /ostree/deploy/fedora/deploy/\(other).0",
      "ostree/boot.1.1/fedora/abc/2": "-> ../../../../../../../../etc", "etc/": "",
    ]
    return volume("/dev/sda2", contents.merging(more) { $1 })
  }

  private func boot(_ entries: [String: String]) -> ListedVolume {
    var contents = ["loader": "-> loader.1"]
    for (name, text) in entries { contents["loader.1/entries/\(name).conf"] = text }
    return volume("/dev/sda1", contents)
  }

  private func entry(_ version: Int, _ number: Int) -> String {
    "title x\nversion \(version)\noptions quiet ostree=/ostree/boot.1/fedora/abc/\(number) rw\n"
  }

  @Test(arguments: [(0, 1, "40", "39"), (1, 0, "39", "40")])
  func `the deployment that is booted is the system`(first: Int, second: Int, version: String, old: String) throws {
    let volumes = [boot(["ostree-2": entry(2, first), "ostree-1": entry(1, second)]), root()]
    let view = assembleSystems(volumes)[0]
    #expect(view.identity()?.version == version && view.remarks.isEmpty)
    #expect(view.states.map(\.kind) == [.deployment] && view.states.map(\.version) == [old])
    #expect(
      view.regularFile("var/lib/app") != nil && view.regularFile("sysroot/ostree/deploy/fedora/var/lib/app") != nil)
    var paths: Set<GuestPath> = []
    view.forEachRegular { path, _, _ in paths.insert(path) }
    let entries = ["2", "1"].map { GuestPath("boot/loader.1/entries/ostree-\($0).conf") }
    #expect(paths == Set(["usr/lib/os-release", "var/lib/app"] + entries))
    #expect(volumes.map(\.volume.system) == ["/dev/sda2", "/dev/sda2"])
  }

  @Test func `an entry that leads to no deployment is said and passed over`() throws {
    for bad in [2, 7] {
      let view = assembleSystems([boot(["b": entry(2, bad), "a": entry(1, 1)]), root()])[0]
      #expect(view.identity()?.version == "39")
      #expect(view.remarks.map(\.code) == ["boot-entry"])
    }
    let none = assembleSystems([root()])[0]
    #expect(none.remarks.map(\.code) == ["assumed-deployment"] && none.states.count == 1)
  }

  @Test func `a deployment without files of its own is said`() {
    let empty = volume("/dev/sda2", ["\(deploy)/\(checksum).0/.ostree.cfs": "x"])
    #expect(assembleSystems([empty])[0].remarks.map(\.code) == ["not-understood"])
    #expect(systemPart(volume("/dev/sda2", ["composefs/objects/x": "y"]))?.reason.contains("composefs") == true)
  }

  @Test func `files of other deployments alone are left out, whatever the repository calls them`() throws {
    let listed = root()
    var records = Array(listed.files)
    func link(_ inode: UInt64, _ paths: [String]) {
      for path in paths {
        records.append(
          FileRecord(
            volume: "/dev/sda2", path: GuestPath(path), kind: .regular, size: 5, inode: inode,
            links: UInt32(paths.count)))
      }
    }
    link(1, ["ostree/repo/objects/aa/1.file", "\(deploy)/\(checksum).0/usr/a", "\(deploy)/\(other).0/usr/a"])
    link(2, ["ostree/repo/objects/aa/2.file", "\(deploy)/\(other).0/usr/b"])
    link(3, ["ostree/repo/objects/aa/3.file", "\(deploy)/\(checksum).0/usr/c"])
    records.append(FileRecord(volume: "/dev/sda2", path: "ostree/repo/objects/aa/4.commit", kind: .regular, size: 5))
    listed.relist(FileList(records))
    listed.leaveOut([GuestPath("\(deploy)/\(other).0")])
    let left = listed.files.filter { $0.kind == .regular }.map(\.path.lossy)
    #expect(
      Set(left) == [
        "ostree/repo/objects/aa/1.file", "\(deploy)/\(checksum).0/usr/a", "ostree/repo/objects/aa/3.file",
        "\(deploy)/\(checksum).0/usr/c", "ostree/repo/objects/aa/4.commit", "ostree/deploy/fedora/var/lib/app",
        "\(deploy)/\(checksum).0/usr/lib/os-release",
      ])
  }
}

/// Volumes that no fstab names.
struct DiscoverablePartitionTests {
  private let flatcar = "5DFBF5F4-2848-4BAC-AA5E-0D9A20B745A6"

  private func usr(_ id: String, _ version: String, attributes: UInt64 = 0, label: String = "USR-A") -> ListedVolume {
    volume(
      id, partition: PartitionNames(label: label, typeUUID: flatcar, attributes: attributes),
      ["bin/env": "x", "lib/os-release": "ID=flatcar\nVERSION_ID=\(version)\n"])
  }

  /// util-linux's own list of types.
  @Test func `types are those of sfdisk`() throws {
    let lines = try run(["sfdisk", "--label", "gpt", "-T"]).text.split(separator: "\n")
    var count = 0
    for line in lines {
      let fields = line.split(separator: " ", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
      guard fields.count == 2 else { continue }
      let expected: DiscoverablePartition? =
        switch fields[1] {
        case let name where name.hasPrefix("Linux root ("): .root
        case let name where name.hasPrefix("Linux /usr ("): .usr
        case "Linux variable data": .at("var")
        case "Linux home": .at("home")
        case "Linux server data": .at("srv")
        case "Linux temporary data": .at("var/tmp")
        case "Linux extended boot": .at("boot")
        case "EFI System": .at("efi")
        default: nil
        }
      #expect(DiscoverablePartition(fields[0]) == expected, "\(line)")
      count += expected == nil ? 0 : 1
    }
    #expect(count > 40)
    #expect(DiscoverablePartition("0x83") == nil && DiscoverablePartition(nil) == nil)
  }

  @Test func `of two partitions for usr the one of the higher priority is mounted, else the newer one`() {
    let root = volume(
      "/dev/sda9", partition: PartitionNames(label: "ROOT"),
      ["etc/passwd": "x", "etc/os-release": "-> ../usr/lib/os-release", "usr/": ""])
    let old = assembleSystems([usr("/dev/sda3", "100.2", attributes: 2 << 48), usr("/dev/sda4", "100.10"), root])
    #expect(old.count == 1 && old[0].identity()?.version == "100.2")
    #expect(old[0].states.map(\.version) == ["100.10"] && old[0].states.map(\.kind) == [.deployment])
    #expect(old[0].remarks.map(\.code) == ["assumed-slot"])
    let newer = assembleSystems([usr("/dev/sda3", "100.2"), usr("/dev/sda4", "100.10"), root])
    #expect(newer[0].identity()?.version == "100.10")
    let single = assembleSystems([
      usr("/dev/sda3", "100.2"), volume("/dev/sda4", partition: PartitionNames(typeUUID: flatcar)), root,
    ])
    #expect(single[0].identity()?.version == "100.2" && single[0].states.isEmpty && single[0].remarks.isEmpty)
  }

  @Test func `a usr without a root is a system`() {
    let views = assembleSystems([usr("/dev/sda3", "1")])
    #expect(views.map { $0.identity()?.distribution } == ["flatcar"])
    #expect(views[0].root.volume.mountPoint == "usr")
  }

  @Test func `the fstab wins, and a folder that holds files is not covered`() {
    let type = PartitionNames(typeUUID: "4d21b016-b534-45c2-a9fb-5c16e091fd2d")
    let var1 = volume("/dev/sda2", partition: type, ["lib/dpkg/status": "x"])
    let var2 = volume("/dev/sda3", ["lib/dpkg/status": "y"])
    let root = volume("/dev/sda1", ["etc/passwd": "x", "etc/fstab": "/dev/sda3 /var ext4 x\n", "var/": ""])
    #expect(assembleSystems([root, var1, var2])[0].regularFile("var/lib/dpkg/status")?.volume === var2)
    let bare = volume("/dev/sda1", ["etc/passwd": "x", "var/lib/": ""])
    #expect(assembleSystems([bare, var1])[0].regularFile("var/lib/dpkg/status")?.volume === var1)
    let full = volume("/dev/sda1", ["etc/passwd": "x", "var/lib/dpkg/status": "z"])
    #expect(assembleSystems([full, var1])[0].regularFile("var/lib/dpkg/status")?.volume === full)
  }

  @Test func `a var that nothing names is mounted with a remark`() {
    let root = volume("/dev/sda1", ["etc/passwd": "x"])
    let views = assembleSystems([root, volume("/dev/sda2", ["lib/dpkg/status": "x"])])
    #expect(views.count == 1 && views[0].remarks.map(\.code) == ["assumed-mount"])
    #expect(views[0].regularFile("var/lib/dpkg/status") != nil)
  }

  @Test func `a mount unit mounts, and a wrong line of an fstab is said`() {
    let root = volume(
      "/dev/sda1",
      [
        "etc/passwd": "x", "etc/fstab": "nonsense\n",
        "etc/systemd/system/var.mount": "[Mount]\nWhat=/dev/disk/by-label/data\nWhere=/var\n",
      ])
    let data = volume("/dev/sda2", label: "data", ["lib/dpkg/status": "x"])
    let view = assembleSystems([root, data])[0]
    #expect(view.regularFile("var/lib/dpkg/status") != nil && view.remarks.map(\.code) == ["fstab-line"])
  }
}

/// Earlier states of a system are no systems.
struct SystemStateTests {
  private func alpine(_ version: String, fstab: String = "") -> [String: String] {
    ["etc/os-release": "ID=alpine\nVERSION_ID=\(version)\n", "etc/fstab": fstab]
  }

  private func versions(_ views: [SystemView]) -> [String?] { views.map { $0.identity()?.version } }

  @Test func `a snapshot of a root is its state`() {
    let volumes = [
      volume("/dev/vg/old", snapshotOf: "/dev/vg/root", created: 100, alpine("3.18")),
      volume("/dev/vg/root", alpine("3.19")),
      volume("/dev/vg/older", snapshotOf: "/dev/vg/old", created: 50, alpine("3.17")),
    ]
    let views = assembleSystems(volumes)
    #expect(versions(views) == ["3.19"])
    #expect(
      views[0].states == [
        SystemState(volume: "/dev/vg/old", kind: .snapshot, version: "3.18", created: 100),
        SystemState(volume: "/dev/vg/older", kind: .snapshot, version: "3.17", created: 50),
      ])
    #expect(volumes.map(\.isState) == [true, false, true])
  }

  @Test func `a snapshot without its origin is a system, and two that come of each other are one`() {
    #expect(
      assembleSystems([volume("/dev/vg/old", snapshotOf: "/dev/vg/gone", alpine("3.18"))]).map(\.states.count) == [0])
    let loop = assembleSystems([
      volume("/dev/vg/a", snapshotOf: "/dev/vg/b", alpine("1")),
      volume("/dev/vg/b", snapshotOf: "/dev/vg/a", alpine("2")),
    ])
    #expect(loop.count == 1 && loop[0].states.count == 1)
    let selfish = assembleSystems([volume("/dev/vg/a", snapshotOf: "/dev/vg/a", alpine("1"))])
    #expect(selfish.count == 1 && selfish[0].states.isEmpty)
  }

  @Test func `a snapshot of other data is said and not counted`() {
    let root = volume("/dev/vg/root", alpine("3.19", fstab: "/dev/vg/home /home ext4 x\n"))
    let copy = volume("/dev/vg/homesnap", snapshotOf: "/dev/vg/home", ["me/x": "y"])
    let views = assembleSystems([root, volume("/dev/vg/home", ["me/x": "y"]), copy])
    #expect(views.count == 1 && views[0].remarks.map(\.code) == ["snapshot"] && copy.isState)
  }

  /// openSUSE's layout: after a rollback the default subvolume is a snapshot itself.
  @Test func `the default subvolume is the system`() {
    let volumes = [
      volume("/dev/sda2", type: "btrfs", uuid: "b", alpine("15.5")),
      volume("btrfsvol:/dev/sda2/@/.snapshots/1/snapshot", type: "btrfs", uuid: "b", alpine("15.4")),
      volume(
        "btrfsvol:/dev/sda2/@/.snapshots/2/snapshot", type: "btrfs", uuid: "b", snapshotOf: "/dev/sda2", alpine("15.4")),
    ]
    let views = assembleSystems(volumes)
    #expect(versions(views) == ["15.5"] && views[0].states.count == 2)
  }

  @Test(arguments: ["@snapshots/7/snapshot", "timeshift-btrfs/snapshots/2024-01-01_00-00-01/@", "copy"])
  func `a copy of a subvolume is its state`(name: String) {
    // What says so is its own fstab, or the tool that made it.
    let fstab = name == "copy" ? "UUID=b / btrfs subvol=@ 0 0\n" : ""
    let views = assembleSystems([
      volume("btrfsvol:/dev/sda2/\(name)", type: "btrfs", uuid: "b", alpine("1", fstab: fstab)),
      volume("btrfsvol:/dev/sda2/@", type: "btrfs", uuid: "b", alpine("2", fstab: "UUID=b / btrfs subvol=@ 0 0\n")),
    ])
    #expect(versions(views) == ["2"] && views[0].states.map(\.version) == ["1"])
  }

  @Test func `several systems stay several`() {
    let views = assembleSystems([
      volume("btrfsvol:/dev/sda2/@", type: "btrfs", uuid: "b", alpine("1")),
      volume("btrfsvol:/dev/sda2/arch", type: "btrfs", uuid: "b", ["etc/os-release": "ID=arch\n"]),
      volume("/dev/sda3", alpine("1")),
    ])
    #expect(views.count == 3 && views.allSatisfy { $0.states.isEmpty && $0.remarks.isEmpty })
  }

  @Test func `of two slots for a root the newer one is the system`() {
    let views = assembleSystems(
      ["A", "B"].map { slot in
        volume(
          "/dev/sda\(slot)", partition: PartitionNames(label: "ROOT-\(slot)"),
          ["etc/os-release": "ID=cos\nVERSION_ID=\(slot == "A" ? 113 : 109)\n"])
      })
    #expect(versions(views) == ["113"] && views[0].states.map(\.version) == ["109"])
    #expect(views[0].remarks.map(\.code) == ["assumed-slot"])
    #expect(
      assembleSystems(
        ["A", "B"].map { slot in
          volume(
            "/dev/sda\(slot)", partition: PartitionNames(label: "ROOT-\(slot)"), ["etc/os-release": "ID=\(slot)\n"])
        }
      ).count == 2)
  }
}

/// What is left of a system.
struct SystemPartTests {
  @Test(arguments: [
    "EFI/BOOT/BOOTX64.EFI", "efi/boot/bootx64.efi", "boot/vmlinuz-6.1", "vmlinuz-6.1.0", "WINDOWS/system32/x.dll",
    "bootmgr", "NTLDR", "usr/bin/env", "lib/modules/6.1/x", "nix/store/x", "lib/dpkg/status", "grub2/grub.cfg",
    "snaps/core20_1.snap", "A/vmlinuz", "ostree/repo/config",
  ])
  func `parts of systems are seen`(path: String) { #expect(systemPart(volume([path: "x"])) != nil) }

  @Test(arguments: [
    "home/me/.bashrc", "photos/1.jpg", "backup/etc/passwd", "mysql/ibdata1", "me/usr/bin/env", "pgdata/base/1",
    "lost+found/x", "System Volume Information/x", "backups/host/boot/vmlinuz", "Windows stuff/a", "efi.txt",
  ])
  func `data is none`(path: String) { #expect(systemPart(volume([path: "x"])) == nil) }
}
