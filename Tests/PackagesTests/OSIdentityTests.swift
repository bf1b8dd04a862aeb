import Foundation
import Inventory
import TestSupport
import Testing

@testable import Packages

struct OSIdentityTests {
  private func read(_ contents: [GuestPath: String]) -> OperatingSystem? {
    OSIdentityReader().read(SystemFiles(contents: contents.mapValues { Data($0.utf8) })).system
  }

  /// What a shell makes of the file is the definition (os-release(5)).
  private func shell(_ file: URL, _ name: String) throws -> String {
    try run(["sh", "-c", ". \"$1\"; printf %s \"$\(name)\"", "sh", file.path]).text
  }

  @Test func `this machine is what its shell and uname say`() throws {
    var files = SystemFiles()
    for path: GuestPath in [
      "etc/os-release", "usr/lib/os-release", "etc/debian_version", "etc/hostname", "usr/bin/env",
    ]
    where OSIdentityReader().wants(path, size: 1000) {
      files.contents[path] = try? Data(contentsOf: URL(fileURLWithPath: "/\(path.lossy)"))
    }
    let system = try #require(OSIdentityReader().read(files).system)
    let file = URL(fileURLWithPath: "/etc/os-release")
    #expect(system.family == "linux")
    #expect(system.distribution == (try shell(file, "ID")))
    #expect(system.version == (try shell(file, "VERSION_ID")))
    #expect(system.product == (try shell(file, "PRETTY_NAME")))
    #expect(system.architecture == (try run(["uname", "-m"])).text.trimmingCharacters(in: .newlines))
    let point = try run(["cat", "/etc/debian_version"]).text.trimmingCharacters(in: .newlines)
    #expect(system.pointRelease == (point.hasPrefix("12.") ? point : nil))
    let name = try run(["cat", "/etc/hostname"]).text.trimmingCharacters(in: .newlines)
    #expect(system.hostname ?? "" == name)
  }

  @Test func `values are unquoted as a shell does it`() throws {
    let lines = [
      #"A=plain"#, #"B="two words""#, #"C='single $x "quoted"'"#, ##"D="esc \" \$ \\ \` \x""##, #"E=back\ slash"#,
      #"F=a"b c"'d e'f"#, "G=", "H=first", "H=second", "  I=indented", "# J=comment",
    ]
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "os-release")
      try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: file)
      let fields = shellAssignments(lines.joined(separator: "\n"))
      for name in ["A", "B", "C", "D", "E", "F", "G", "H", "I", "J"] {
        #expect(fields[name] ?? "" == (try shell(file, name)), "\(name)")
      }
    }
  }

  /// First lines as these releases shipped them.
  @Test(arguments: [
    ("etc/redhat-release", "CentOS release 6.10 (Final)\n", "centos", "6.10"),
    ("etc/redhat-release", "Red Hat Enterprise Linux Server release 6.5 (Santiago)\n", "rhel", "6.5"),
    ("etc/redhat-release", "Fedora release 18 (Spherical Cow)\n", "fedora", "18"),
    ("etc/redhat-release", "Scientific Linux release 6.4 (Carbon)\n", "scientific", "6.4"),
    ("etc/SuSE-release", "SUSE Linux Enterprise Server 11 (x86_64)\nVERSION = 11\nPATCHLEVEL = 3\n", "sles", "11.3"),
    ("etc/SuSE-release", "openSUSE 13.1 (x86_64)\nVERSION = 13.1\nCODENAME = Bottle\n", "opensuse", "13.1"),
    ("etc/alpine-release", "3.2.0\n", "alpine", "3.2.0"), ("etc/debian_version", "6.0.10\n", "debian", "6.0.10"),
    ("etc/arch-release", "", "arch", "rolling"),
    (
      "etc/lsb-release", "DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=10.04\nDISTRIB_DESCRIPTION=\"Ubuntu 10.04.4 LTS\"\n",
      "ubuntu", "10.04"
    ),
    ("bin/freebsd-version", "#!/bin/sh\nUSERLAND_VERSION=\"13.2-RELEASE-p4\"\n", "freebsd", "13.2-RELEASE-p4"),
  ])
  func `systems without os-release`(path: String, text: String, id: String, version: String) {
    let system = read([GuestPath(path): text])
    #expect(system?.distribution == id && system?.version == version)
    #expect(system?.family == (id == "freebsd" ? "freebsd" : "linux"))
  }

  @Test func `os-release counts before what is older, in etc before usr`() {
    let system = read([
      "usr/lib/os-release": "ID=centos\nVERSION_ID=\"7\"\nPRETTY_NAME=\"CentOS Linux 7 (Core)\"\n",
      "etc/redhat-release": "CentOS Linux release 7.9.2009 (Core)\n", "etc/hostname": "\n# comment\nweb-1\n",
    ])
    #expect(system?.version == "7" && system?.pointRelease == "7.9.2009" && system?.hostname == "web-1")
    let both = read(["etc/os-release": "ID=a\n", "usr/lib/os-release": "ID=b\n"])
    #expect(both?.distribution == "a")
    // Ubuntu keeps Debian's file, which says nothing of its own version.
    let derived = read(["etc/os-release": "ID=ubuntu\nVERSION_ID=22.04\n", "etc/debian_version": "bookworm/sid\n"])
    #expect(derived?.pointRelease == nil)
  }

  @Test func `architecture is what readelf says`() throws {
    // Names of readelf for what Debian has libraries of, in binutils' own test of them: the machine field alone is
    // changed.
    var data = try Data(contentsOf: URL(fileURLWithPath: "/usr/bin/env")).prefix(64)
    for (machine, expected, name) in [
      (62, "X86-64", "x86_64"), (183, "AArch64", "aarch64"), (243, "RISC-V", "riscv64"),
    ] {
      data[18] = UInt8(machine)
      let text = try withTemporaryFolder { folder in
        try data.write(to: folder.appending(path: "x"))
        return try run(["readelf", "-h", folder.appending(path: "x").path]).text
      }
      #expect(text.contains(expected))
      #expect(elfArchitecture(data) == name)
    }
    for length in 0..<20 { #expect(elfArchitecture(data.prefix(length)) == nil) }
  }

  @Test func `hostile values are bounded`() {
    let long = String(repeating: "a", count: 5000)
    let system = read(["etc/os-release": "ID=\(long)\nID=x\nPRETTY_NAME=\(long)\n", "etc/hostname": long])
    #expect(system?.distribution == "x" && system?.product == "x" && system?.hostname == nil)
    #expect(read(["etc/os-release": "\u{0}\u{FFFD}=\n=\nID\n"]) == nil)
    #expect(read([:]) == nil)
  }

  /// os-release as these distributions ship it.
  @Test(arguments: [
    ("ID=arch\nNAME=\"Arch Linux\"\nBUILD_ID=rolling\n", "arch", "rolling"),
    ("NAME=\"Void\"\nID=\"void\"\nPRETTY_NAME=\"Void Linux\"\n", "void", "rolling"),
    ("NAME=Gentoo\nID=gentoo\nPRETTY_NAME=\"Gentoo Linux\"\n", "gentoo", "2.14"),
    ("ID=debian\nVERSION_CODENAME=trixie\nPRETTY_NAME=\"Debian GNU/Linux trixie/sid\"\n", "debian", "trixie/sid"),
    ("ID=\"opensuse-tumbleweed\"\nVERSION_ID=\"20240101\"\n", "opensuse-tumbleweed", "20240101"),
    ("ID=other\nVERSION=\"3.2 (Third)\"\n", "other", "3.2"), ("ID=other\n", "other", ""),
  ])
  func `rolling distributions have no version id`(text: String, id: String, version: String) {
    let system = read([
      "etc/os-release": text, "etc/debian_version": "trixie/sid\n",
      "etc/gentoo-release": "Gentoo Base System release 2.14\n",
    ])
    #expect(system?.distribution == id && system?.version == version)
  }

  @Test(arguments: [
    ("etc/oracle-release", "Oracle Linux Server release 6.10\n", "ol", "6.10"),
    ("etc/system-release", "Amazon Linux AMI release 2018.03\n", "amzn", "2018.03"),
    ("usr/lib/redhat-release", "Red Hat Enterprise Linux Atomic Host release 7.9\n", "rhel", "7.9"),
    ("etc/gentoo-release", "Gentoo Base System release 1.12.14\n", "gentoo", "1.12.14"),
    ("etc/slackware-version", "Slackware 13.37.0\n", "slackware", "13.37.0"),
    ("etc/openwrt_release", "DISTRIB_ID='OpenWrt'\nDISTRIB_RELEASE='15.05'\n", "openwrt", "15.05"),
    ("etc/void-release", "", "void", "rolling"), ("etc/NIXOS", "", "nixos", ""),
  ])
  func `more systems without os-release`(path: String, text: String, id: String, version: String) {
    let system = read([GuestPath(path): text])
    #expect(system?.distribution == id && system?.version == version)
    // Oracle Linux has Red Hat's file too.
    if path == "etc/oracle-release" {
      let both = read([
        GuestPath(path): text, "etc/redhat-release": "Red Hat Enterprise Linux Server release 6.10 (Santiago)\n",
      ])
      #expect(both?.distribution == "ol")
    }
  }

  @Test(arguments: ["", "\u{0}\u{1}\u{FFFD}garbage", "# nothing\n", "VERSION_ID=9\n"])
  func `an os-release that says nothing is passed over`(text: String) {
    let files = SystemFiles(
      contents: ["etc/os-release": Data(text.utf8), "usr/lib/os-release": Data("ID=fedora\nVERSION_ID=39\n".utf8)])
    let reading = OSIdentityReader().read(files)
    #expect(reading.system?.distribution == "fedora")
    #expect(reading.remarks.map(\.subject) == ["/etc/os-release"] && reading.problems.isEmpty)
    #expect(read(["etc/os-release": text, "etc/alpine-release": "3.9.1\n"])?.distribution == "alpine")
    // Too large to be read.
    let large = OSIdentityReader().read(SystemFiles(list: ["etc/os-release"]))
    #expect(large.system == nil && large.remarks.map(\.subject) == ["/etc/os-release"])
  }

  @Test(arguments: [
    (["etc/hostname": "# nothing\n", "etc/sysconfig/network": "HOSTNAME=old-1\n"], "old-1"),
    (["etc/hostname": "\n", "etc/conf.d/hostname": "hostname=\"gentoo-1\"\n"], "gentoo-1"),
    (["etc/config/system": "config system\n\toption hostname 'router'\n"], "router"),
    (["etc/hostname": "two words\n", "etc/rc.conf": "hostname=\"bsd-1\"\n"], "bsd-1"),
  ])
  func `a host has one of several names`(files: [String: String], name: String) {
    var contents = Dictionary(uniqueKeysWithValues: files.map { (GuestPath($0.key), $0.value) })
    contents["etc/os-release"] = "ID=x\n"
    #expect(read(contents)?.hostname == name)
  }
}
