import Foundation
import Inventory
import Packages
import TestSupport
import Testing

struct MountTableTests {
  private func table(_ text: String) -> [MountTable.Entry] { MountTable(fstab: Data(text.utf8)).entries }

  @Test func `entries are those of findmnt`() throws {
    let text = #"""
      # /etc/fstab: static file system information.
      UUID=0a3407de-014b-458b-b5c1-848e92a327a3 /     ext4  errors=remount-ro 0 1
      UUID="C0DE-1234"	/boot/efi	vfat	umask=0077	0	1
      LABEL=my\040data   /srv/my\040data xfs defaults,nofail 0 2
      PARTUUID=7c2d-01   /opt  auto
      PARTLABEL=logs     /var/log btrfs subvol=@log,compress=zstd:1 0 0
      /dev/mapper/vg-home /home ext4 defaults 0 2
      /dev/sda5 none swap sw 0 0
      """#
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "fstab")
      try Data((text + "\n").utf8).write(to: file)
      // util-linux's own reader; -n no header, -r escapes white space as \xNN.
      let answer = try run(["findmnt", "--tab-file", file.path, "-n", "-r", "-o", "SOURCE,TARGET,FSTYPE,OPTIONS"])
      let expected = answer.text.replacingOccurrences(of: "\\x20", with: " ").split(separator: "\n").map(String.init)
        .filter { !$0.contains(" swap ") }
      let found = table(text).map { entry in
        let options = entry.options.isEmpty ? "" : entry.options.joined(separator: ",")
        return "\(tag(entry.source)) /\(entry.mountPoint.lossy) \(entry.fileSystem) \(options)"
      }
      func bare(_ line: String) -> String {
        line.replacingOccurrences(of: "\"", with: "").trimmingCharacters(in: .whitespaces)
      }
      #expect(found.map(bare).sorted() == expected.map(bare).sorted())
      #expect(found.count == 6)
      #expect(table(text).last { $0.mountPoint == "var/log" }?.option("subvol") == "@log")
    }
  }

  private func tag(_ source: MountTable.Source) -> String {
    switch source {
    case .device(let path): path
    case .uuid(let value): "UUID=\(value)"
    case .label(let value): "LABEL=\(value)"
    case .partitionUUID(let value): "PARTUUID=\(value)"
    case .partitionLabel(let value): "PARTLABEL=\(value)"
    }
  }

  @Test func `parents come before what is mounted in them`() {
    let entries = table("/dev/c /a/b/c ext4\n/dev/b /a/b ext4\n/dev/x /x ext4\n/dev/r / ext4\n")
    #expect(entries.map(\.mountPoint) == ["", "x", "a/b", "a/b/c"])
  }

  @Test func `links of udev say the same as tags`() {
    // The names that udev makes: 60-persistent-storage.rules, with its \xNN escapes.
    let entries = table("/dev/disk/by-uuid/ABCD-1 /a vfat\n/dev/disk/by-label/my\\134x20data /b ext4\n")
    #expect(entries.map(\.source) == [.uuid("ABCD-1"), .label("my data")])
  }

  @Test(arguments: [
    "proc /proc proc defaults", "tmpfs /tmp tmpfs", "none /x overlay", "host:/export /mnt nfs", "//h/s /mnt cifs",
    "/home /srv none bind", "/dev/sda1 /x none bind,ro", "/dev/sda1 ../../etc ext4", "/dev/sda1 /a/../../b ext4",
    "/dev/sda1 relative ext4", "/dev/sda1", "/dev/sda1 /nul\\000 ext4", "# /dev/sda1 /x ext4", "/dev/sda2 none swap",
  ])
  func `what is no volume of the image is left out`(line: String) { #expect(table(line) == []) }

  @Test func `hostile tables end`() {
    #expect(table(String(repeating: "/dev/sda1 /x ext4\n", count: 60_000)).count == 1000)
    #expect(table("/dev/sda1 /" + String(repeating: "a", count: 5000) + " ext4") == [])
    var generator = SeededGenerator(seed: 6)
    let text = Array(#"LABEL="a\040b" /mnt/\134x ext4 subvol=@,ro 0 0"#.utf8)
    for _ in 0..<2000 {
      var changed = Array(text.prefix(Int.random(in: 0...text.count, using: &generator)))
      if !changed.isEmpty {
        changed[Int.random(in: 0..<changed.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
      }
      #expect(MountTable(fstab: Data(changed)).entries.count <= 2)
    }
  }

  @Test func `lines that make no sense are counted`() {
    let text = "# x\n\nproc /proc proc x\n/dev/sda1\n/dev/sda1 relative ext4\n/dev/sda2 none swap\nhello world how\n"
    #expect(MountTable(fstab: Data(text.utf8)).senseless == [4, 5, 7])
    #expect(MountTable(fstab: Data([0xFF, 0xFE, 0, 1, 10, 0x80, 10])).senseless == [1, 2])
  }

  /// As Butane writes it for Fedora CoreOS.
  @Test func `a mount unit is an entry`() {
    let unit = """
      [Unit]
      What=/dev/other
      [Mount]
      Where=/var
      What=/dev/disk/by-partlabel/var
      Type=xfs
      Options=nofail,x-systemd.growfs
      """
    let entries = MountTable(unit: Data(unit.utf8)).entries
    #expect(entries.map(\.source) == [.partitionLabel("var")] && entries.map(\.mountPoint) == ["var"])
    #expect(entries.first?.options.contains("nofail") == true)
    for text in [
      "", "[Mount]\nWhat=tmpfs\nWhere=/tmp\n", "[Mount]\nWhat=/dev/a\nWhere=../x\n", "What=/dev/a\nWhere=/x",
    ] {
      #expect(MountTable(unit: Data(text.utf8)).entries.isEmpty)
    }
  }
}
