import Foundation
import Inventory
import TestSupport
import Testing

@testable import Packages

private func remarks(_ paths: [GuestPath], _ contents: [GuestPath: String] = [:]) -> [Problem] {
  let reader = UnreadManagersReader()
  #expect(contents.keys.allSatisfy { reader.wants($0, size: 9) })
  let files = SystemFiles(contents: contents.mapValues { Data($0.utf8) }, list: Set(paths).union(contents.keys))
  let reading = reader.read(files)
  #expect(reading.packages.isEmpty && reading.problems.isEmpty)
  return reading.remarks
}

struct UnreadManagersTests {
  /// The files are those that each manager writes.
  @Test(
    arguments: [
      (
        "Portage", "var/db/pkg", "2 packages",
        [
          "var/db/pkg/sys-libs/zlib-1.3/PF", "var/db/pkg/sys-libs/zlib-1.3/CONTENTS",
          "var/db/pkg/dev-libs/openssl-3.0.13/PF",
        ]
      ),
      ("pkgtools", "var/lib/pkgtools/packages", "1 package", ["var/lib/pkgtools/packages/openssl-1.1.1m-x86_64-1"]),
      (
        "Nix", "nix/var/nix/db/db.sqlite", "holds packages",
        ["nix/var/nix/db/db.sqlite", "nix/store/abc-a/lib/R/library/x/DESCRIPTION"]
      ),
      (
        "Homebrew", "home/linuxbrew/.linuxbrew/Cellar", "1 package",
        ["home/linuxbrew/.linuxbrew/Cellar/jq/1.7/INSTALL_RECEIPT.json"]
      ),
      (
        "conda", "opt/miniconda3/conda-meta", "2 packages",
        [
          "opt/miniconda3/conda-meta/zlib-1.2-0.json", "opt/miniconda3/conda-meta/xz-5-0.json",
          "opt/miniconda3/conda-meta/history",
        ]
      ),
      (
        "snap", "var/lib/snapd/snaps", "2 snaps",
        ["var/lib/snapd/snaps/core22_1122.snap", "var/lib/snapd/snaps/lxd_2.snap"]
      ),
      ("Flatpak", "var/lib/flatpak/app", "1 app", ["var/lib/flatpak/app/org.x.Y/x86_64/stable/abc/metadata"]),
      ("pkg_add", "var/db/pkg", "1 package", ["var/db/pkg/bash-5.2/+CONTENTS", "var/db/pkg/bash-5.2/+DESC"]),
      (
        "Chocolatey", "ProgramData/chocolatey/lib", "1 package",
        ["ProgramData/chocolatey/lib/git/git.nuspec", "ProgramData/chocolatey/lib/git/git.nupkg"]
      ),
      ("Tiny Core", "mnt/sda1/tce/optional", "1 extension", ["mnt/sda1/tce/optional/openssh.tcz"]),
      (
        "CPAN", "usr/local/lib/x86_64-linux-gnu/perl/5.36.0/auto", "1 distribution",
        ["usr/local/lib/x86_64-linux-gnu/perl/5.36.0/auto/Try/Tiny/.packlist"]
      ),
      ("R", "opt/R/4.3/lib/R/library", "1 package", ["opt/R/4.3/lib/R/library/ggplot2/DESCRIPTION"]),
      (
        "Yarn", "srv/app/.yarn/cache", "1 package", ["srv/app/.yarn/cache/lodash-npm-4.17.21-6382451519-c08619c038.zip"]
      ),
      (
        "Docker", "var/lib/docker", "1 container and 1 image",
        [
          "var/lib/docker/image/overlay2/imagedb/content/sha256/ab", "var/lib/docker/containers/cd/config.v2.json",
          "var/lib/docker/overlay2/x/diff/opt/conda/conda-meta/a.json",
        ]
      ),
      (
        "Podman", "home/ann/.local/share/containers/storage", "1 image",
        ["home/ann/.local/share/containers/storage/overlay-images/ab/manifest"]
      ),
    ] as [(String, String, String, [String])])
  func `says each manager once, with its place and how much it holds`(
    manager: String, place: String, count: String, paths: [String]
  ) {
    let found = remarks(paths.map { GuestPath($0) })
    #expect(found.map(\.subject) == [place])
    #expect(
      found.first?.reason.contains("of \(manager)") == true && found.first?.reason.contains(count) == true, "\(found)")
  }

  @Test func `counts what lists say`() {
    let found = remarks(
      [],
      [
        "usr/lib/opkg/status": "Package: a\nVersion: 1\n\nPackage: b\nDescription: no\n Package: c\n\n",
        "var/db/xbps/pkgdb-0.38.plist":
          "<key>a</key><dict><key>pkgver</key></dict><key>b</key><dict><key>pkgver</key></dict>",
        "root/.cargo/.crates.toml": "[v1]\n\"ripgrep 13.0.0 (registry+https://x)\" = [\"rg\"]\n",
        "srv/x/vendor/composer/installed.json": #"{"packages":[{"name":"a/b","version_normalized":"1.0.0.0"}]}"#,
      ])
    #expect(
      found.map(\.reason) == [
        "holds 1 package of Composer, which is not read", "holds 2 packages of XBPS, which are not read",
        "holds 1 program of cargo install, which is not read", "holds 2 packages of opkg, which are not read",
      ])
    #expect(found.allSatisfy { $0.code == "package-manager-not-read" })
    let lone = remarks(["usr/lib/opkg/status"])
    #expect(lone.map(\.reason) == ["holds packages of opkg, which are not read"])
  }

  @Test func `several places of one manager are one remark`() {
    let found = remarks(["opt/a/conda-meta/x.json", "opt/b/conda-meta/x.json", "root/c/conda-meta/x.json"])
    #expect(found.map(\.reason) == ["and 2 other places hold 3 packages of conda, which are not read"])
  }

  @Test func `archives are named up to a bound`() {
    #expect(
      remarks(["opt/vm/a.QCOW2", "home/a/b.AppImage"]).map(\.subject) == ["home/a/b.AppImage", "opt/vm/a.QCOW2"])
    let many = remarks((0..<1000).map { GuestPath("opt/\($0).iso") })
    #expect(many.count == 17 && many.allSatisfy { $0.code == "archive-not-read" })
    #expect(many.last?.reason.contains("984") == true)
  }

  /// What a distribution ships is told by its packages.
  @Test(arguments: [
    "usr/share/R/library/x/DESCRIPTION", "usr/lib/R/library/base/DESCRIPTION",
    "usr/lib/erlang/lib/kernel-9/ebin/kernel.app",
    "usr/share/virtualbox/VBoxGuestAdditions.iso", "boot/x.iso", "var/cache/x/y.iso", "var/lib/dpkg/status",
    "conda-meta", "srv/iso", "var/db/pkg/x", "etc/status", "a",
  ])
  func `and nothing is said of what is no such thing`(path: String) { #expect(remarks([GuestPath(path)]).isEmpty) }

  @Test func `this machine's own files give few remarks`() throws {
    let found = try run(
      ["find", "usr", "etc", "var/lib", "-xdev", "-type", "f", "-print0"], in: URL(fileURLWithPath: "/"))
    let paths = found.output.split(separator: 0).map { GuestPath(bytes: $0) }
    #expect(paths.count > 10_000)
    let remarks = remarks(paths)
    #expect(remarks.count < 10, "\(remarks)")
  }

  /// A scan that looks at declared places only sees them too.
  @Test(arguments: [
    "usr/lib/opkg/status", "var/db/pkg/sys-libs/zlib-1.3-r2/PF", "var/lib/pkgtools/packages/openssl-1.1.1m-x86_64-1",
    "var/db/xbps/pkgdb-0.38.plist", "var/lib/snapd/snaps/core22_1.snap", "nix/var/nix/db/db.sqlite",
    "opt/conda/conda-meta/x.json", "home/linuxbrew/.linuxbrew/Cellar/jq/1/INSTALL_RECEIPT.json",
  ])
  func `places lead to them`(path: String) {
    let names = path.split(separator: "/")
    for length in 1...names.count {
      #expect(DeclaredPlaces().admit(GuestPath(names.prefix(length).joined(separator: "/"))))
    }
  }
}
