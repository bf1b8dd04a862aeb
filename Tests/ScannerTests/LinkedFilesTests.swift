import Foundation
import Inventory
import Packages
import Testing

@testable import Guestfs
@testable import Scanner

/// Files that readers get by names that are links.
struct LinkedFilesTests {
  private func names(_ volumes: [ListedVolume]) -> Set<GuestPath> {
    Set(assembleSystems(volumes)[0].linkedFiles().files.map(\.name))
  }

  private func remarks(_ volume: ListedVolume) -> [String] {
    assembleSystems([volume])[0].linkedFiles().remarks.map(\.subject)
  }

  @Test func `what a link leads to is read under its name`() {
    let root = volume([
      "etc/os-release": "-> /etc/static/os-release", "etc/static": "-> /nix/store/a", "etc/passwd": "x",
      "nix/store/a/os-release": "-> ../b", "nix/store/b": "ID=nixos\n", "etc/redhat-release": "-> here",
      "etc/here": "CentOS", "usr/bin/env": "-> /bin/busybox", "bin/busybox": "program",
    ])
    #expect(names([root]) == ["etc/os-release", "etc/redhat-release"])
    #expect(assembleSystems([root])[0].identity()?.distribution == "nixos")
  }

  @Test func `a package database is read once, whatever links lead to it`() {
    let root = volume([
      "etc/passwd": "x", "usr/share/rpm/rpmdb.sqlite": "db", "usr/lib/sysimage/rpm": "-> ../../share/rpm",
      "var/lib/rpm": "-> ../../usr/lib/sysimage/rpm", "lib": "-> usr/lib", "usr/lib/apk/db/installed": "P:a\n",
    ])
    #expect(names([root]).isEmpty)
    let other = volume([
      "etc/passwd": "x", "opt/rpm/rpmdb.sqlite": "db", "usr/lib/sysimage/rpm": "-> /opt/rpm",
      "var/lib/rpm": "-> ../../usr/lib/sysimage/rpm",
    ])
    #expect(names([other]) == ["usr/lib/sysimage/rpm/rpmdb.sqlite"])
  }

  @Test func `a whole folder may be a link, to another volume too`() {
    let root = volume(["etc/fstab": "/dev/sda2 /data ext4 x\n", "etc/passwd": "x", "var": "-> data/var", "data/": ""])
    let data = volume("/dev/sda2", ["var/lib/dpkg/status": "Package: a\n", "var/lib/dpkg/info/a.list": "/x\n"])
    #expect(names([root, data]) == ["var/lib/dpkg/status", "var/lib/dpkg/info/a.list"])
  }

  @Test func `links that lead nowhere are said where they hide something`() {
    #expect(remarks(volume(["etc/passwd": "x", "etc/os-release": "-> ../gone"])) == ["/dev/sda1: /etc/os-release"])
    #expect(remarks(volume(["etc/passwd": "x", "etc/os-release": "-> os-release"])) == ["/dev/sda1: /etc/os-release"])
    #expect(remarks(volume(["etc/passwd": "x", "var": "-> /gone"])) == ["/dev/sda1: /var"])
    #expect(remarks(volume(["etc/passwd": "x", "usr/bin/env": "-> gone", "etc/mtab": "-> /proc/x"])).isEmpty)
    #expect(remarks(volume(["etc/passwd": "x", "etc/os-release/x": "y"])) == ["/dev/sda1: /etc/os-release"])
  }

  @Test func `links to everything end`() {
    var contents = ["etc/passwd": "x", "var": "-> /", "usr": "-> ..", "lib": "-> /usr/../var/usr/."]
    for number in 0..<3000 { contents["d/\(number)"] = "x" }
    let found = assembleSystems([volume(contents)])[0].linkedFiles()
    #expect(found.files.count < 10)
  }

  /// A list that has only places holds nothing else.
  @Test func `what links lead to is listed too`() throws {
    let all = [
      "etc/os-release": "-> /etc/static/os-release", "etc/static": "-> /nix/store/a-etc/etc", "etc/passwd": "x",
      "nix/store/a-etc/etc/os-release": "-> /nix/store/b*", "nix/store/b*": "ID=nixos\n", "nix/store/c": "no",
      "usr/lib/python3": "-> ../../opt/py", "opt/py/site-packages/a.dist-info/METADATA": "Name: a\n",
      "opt/py/other": "no", "etc/hostname": "-> gone",
    ]
    let whole = volume(all)
    let tree = ListingTree(whole.files)
    let listed = ListedVolume(
      volume: whole.volume, tree: tree, files: try tree.list(DeclaredPlaces()).files)
    let view = try assembleListed([listed], following: true)[0]
    #expect(view.regularFile("etc/os-release") != nil)
    #expect(view.regularFile("opt/py/site-packages/a.dist-info/METADATA") != nil)
    #expect(view.place("nix/store/c") == nil && view.place("opt/py/other") == nil)
    #expect(tree.lists < 8)
  }
}

/// Lists what is asked for.
private final class ListingTree: FileTree {
  let volume = "/dev/sda1"
  private let files: FileList
  private(set) var lists = 0

  init(_ files: FileList) { self.files = files }

  func list(_ places: DeclaredPlaces?) throws -> (files: FileList, complaints: String) {
    lists += 1
    return (FileList(files.filter { places?.admit($0.path) ?? true }), "")
  }

  func ends(of files: [FileRecord]) throws -> [GuestPath: FileEnds] { [:] }
  func stream(_ file: FileRecord, body: (Data) throws -> Void) throws {}
  func read(_ files: [FileRecord], body: (GuestPath, Data) throws -> Void) throws {}
}
