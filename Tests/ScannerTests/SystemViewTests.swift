import Foundation
import Inventory
import Testing

@testable import Scanner

private func root(_ fstab: String, _ id: String = "/dev/sda1", type: String = "ext4") -> ListedVolume {
  volume(id, type: type, ["etc/os-release": "ID=debian\n", "etc/fstab": fstab])
}

/// Where each volume of the first system is mounted.
private func mounts(_ volumes: [ListedVolume]) -> [String: GuestPath] {
  (assembleSystems(volumes).first?.mounts ?? []).reduce(into: [:]) { $0[$1.volume.volume.id] = $1.point }
}

@Test(arguments: [
  "UUID=1111-AAAA /data ext4 defaults 0 0", "UUID=\"1111-aaaa\" /data ext4 defaults 0 0",
  "/dev/disk/by-uuid/1111-aaaa /data ext4 defaults 0 0", "LABEL=stuff /data ext4 defaults 0 0",
  "/dev/sda2 /data ext4 defaults 0 0", "/dev/vda2 /data ext4 defaults 0 0", "/dev/xvda2 /data auto defaults 0 0",
  "/dev/hda2 /data ext4 defaults 0 0", "/dev/nvme0n1p2 /data ext4 defaults 0 0",
  "/dev/mmcblk0p2 /data ext4 defaults 0 0",
])
func `an entry finds its volume`(line: String) {
  let data = volume("/dev/sda2", label: "stuff", uuid: "1111-aaaa", ["x": "y"])
  #expect(mounts([root("\(line)\n"), data]) == ["/dev/sda1": "", "/dev/sda2": "data"])
  #expect(data.volume.system == "/dev/sda1")
  #expect(data.volume.mountPoint == "data")
}

@Test(arguments: [
  "/dev/sdb2 /data ext4 defaults", "/dev/sda20 /data ext4 defaults", "/dev/nvme1n1p2 /data ext4 defaults",
  "/dev/nvme0n2p2 /data ext4 defaults", "LABEL=Stuff /data ext4 defaults", "UUID=2222 /data ext4 defaults",
  "LABEL= /data ext4 defaults", "UUID= /data ext4 defaults",
])
func `an entry finds no other volume`(line: String) {
  let views = assembleSystems([root("\(line)\n"), volume("/dev/sda2", label: "stuff", uuid: "1111", ["x": "y"])])
  #expect(views.count == 2)
  #expect(views[0].missing == ["/data"])
}

@Test(arguments: [
  ("/dev/big-vg/data-lv", "/dev/mapper/big--vg-data--lv"), ("/dev/mapper/big--vg-data--lv", "/dev/big-vg/data-lv"),
  ("/dev/vg/data", "/dev/vg/data"),
])
func `a logical volume has two names`(named: String, own: String) {
  #expect(mounts([root("\(named) /data xfs defaults 0 0\n"), volume(own, type: "xfs")])[own] == "data")
}

@Test func `subvolumes of btrfs are told apart by their option`() {
  let fstab = "UUID=b /  btrfs subvol=root 0 0\nUUID=b /home btrfs subvol=/home,noatime 0 0\n"
  let top = volume(
    "btrfsvol:/dev/sda2/root", type: "btrfs", uuid: "b", ["etc/os-release": "ID=fedora\n", "etc/fstab": fstab])
  let home = volume("btrfsvol:/dev/sda2/home", type: "btrfs", uuid: "b", ["me/x": "y"])
  let snapshot = volume("btrfsvol:/dev/sda2/@snapshot", type: "btrfs", uuid: "b", ["old": "y"])
  #expect(mounts([top, snapshot, home]) == ["btrfsvol:/dev/sda2/root": "", "btrfsvol:/dev/sda2/home": "home"])
  #expect(snapshot.volume.system == nil)
}

@Test func `a subvolume on a logical volume is told apart too`() {
  let home = volume("btrfsvol:/dev/vg/lv/home", type: "btrfs", uuid: "b", ["x": "y"])
  #expect(
    mounts([root("/dev/mapper/vg-lv /home btrfs subvol=home 0 0\n"), home])["btrfsvol:/dev/vg/lv/home"] == "home")
}

@Test func `what a mount point covers is not of the system`() {
  let top = volume(
    "/dev/sda1",
    [
      "etc/os-release": "", "etc/fstab": "/dev/sda2 /var ext4 x\n/dev/sda3 /var/lib ext4 x\n", "var/hidden": "1",
      "various": "2",
    ])
  let middle = volume("/dev/sda2", ["seen": "3", "lib/hidden": "4", "library": "5"])
  let inner = volume("/dev/sda3", ["dpkg/status": "6"])
  var paths: Set<GuestPath> = []
  assembleSystems([top, middle, inner]).first?.forEachRegular { path, _, _ in paths.insert(path) }
  #expect(paths == ["etc/os-release", "etc/fstab", "various", "var/seen", "var/library", "var/lib/dpkg/status"])
}

@Test func `only what the system expects is missing`() {
  let lines = [
    "UUID=a /a ext4 defaults", "UUID=b /b ext4 defaults,nofail", "UUID=c /c ext4 noauto",
    "/dev/sr0 /media/cdrom auto ro",
    "tmpfs /tmp tmpfs defaults", "server:/x /nfs nfs defaults", "UUID=s none swap sw",
  ]
  #expect(assembleSystems([root(lines.joined(separator: "\n"))]).first?.missing == ["/a"])
}

@Test func `a volume of no system is a view of its own`() {
  let views = assembleSystems([volume("/dev/sdb1", ["opt/app/x": "y"]), root("")])
  #expect(views.map(\.root.volume.id) == ["/dev/sda1", "/dev/sdb1"])
  #expect(views.allSatisfy { $0.mounts.count == 1 })
}

@Test func `an fstab that cannot be read is a system of one volume`() {
  let top = root("/dev/sda2 /data ext4 x\n")
  (top.tree as? FakeTree)?.failsAfter = 0
  #expect(mounts([top, volume("/dev/sda2", ["x": "y"])]) == ["/dev/sda1": ""])
}
