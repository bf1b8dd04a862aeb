import Inventory
import Testing

@testable import Packages

struct DeclaredPlacesTests {
  private let places = DeclaredPlaces()

  /// What a link leads to, whatever it is called.
  @Test func `a place may be added`() {
    var more = places
    more.add(["nix", "store", "\\[x\\]\\*", "lib", "*", "METADATA"])
    #expect(more.admit("nix/store/[x]*/lib/requests/METADATA"))
    #expect(more.admit("nix/store/[x]*/lib"))
    #expect(!more.admit("nix/store/x/lib") && !more.admit("nix/store/[x]y"))
    more.add(["\\*top", "file"])
    #expect(more.admit("*top/file") && !more.admit("atop/file"))
  }

  @Test(arguments: [
    "ostree/boot.1", "ostree/boot.1.1/fedora/abc/0", "ostree/deploy/fedora/deploy/abc.0/usr/share/rpm/rpmdb.sqlite",
    "ostree/deploy/fedora/deploy/abc.0/etc/hostname", "ostree/deploy/fedora/var/lib/dpkg/status",
    "loader/entries/ostree-1.conf", "etc/systemd/system/var.mount", "EFI/BOOT", "boot/vmlinuz-6.1",
  ])
  func `so is what shows how a system is put together`(path: String) { #expect(places.admit(GuestPath(path))) }

  @Test(arguments: [
    "etc/os-release", "var/lib/dpkg/status", "var/lib/dpkg/status.d/base", "usr/lib/sysimage/rpm/rpmdb.sqlite",
    "var/lib/rpm/Packages", "lib/apk/db/installed", "var/lib/pacman/local/bash-5.2-1/desc",
    "WINDOWS/system32/Config/Software", "Users/Ann/NTUSER.DAT",
    "OS2/System32/config/SYSTEM.LOG1", "Profiles/lee/ntuser.dat.LOG2", "Windows/System32/config/DEFAULT",
    "Users/Ann/AppData/Local/Microsoft/Windows/UsrClass.dat",
    "Program Files/WindowsApps/MSTeams_24102.2223.2870.9480_x64__8wekyb3d8bbwe/AppxManifest.xml",
    "usr/lib/python3/dist-packages/six-1.16.0.egg-info/PKG-INFO",
    "usr/local/lib/python3.12/site-packages/requests-2.31.0.dist-info/METADATA",
    "Program Files/Python312/Lib/site-packages/psutil-7.2.2.dist-info/METADATA",
    "usr/local/lib/node_modules/npm/package.json", "var/lib/gems/3.1.0/specifications/rake-13.0.6.gemspec",
  ])
  func `records of systems are looked at, and the folders on the way`(path: String) {
    let names = path.split(separator: "/")
    for length in 1...names.count { #expect(places.admit(GuestPath(names.prefix(length).joined(separator: "/")))) }
    #expect(packageReaders.contains { $0.wants(GuestPath(path), size: 100) })
  }

  /// Of a volume that is mounted at `/var` or `/usr`.
  @Test(arguments: [
    "lib/dpkg/status", "lib/rpm/rpmdb.sqlite", "lib/python3/dist-packages/six.egg-info", "lib/os-release",
  ])
  func `so are those on volumes of their own`(path: String) { #expect(places.admit(GuestPath(path))) }

  @Test(arguments: [
    "home/ann/src", "usr/share/doc", "var/lib/dpkg/info", "var/lib/dpkg/status/deeper", "usr/lib/x86_64-linux-gnu",
    "opt/app/bin", "Users/Ann/Documents", "Windows/WinSxS", "boot/config", "usr/lib/python3/dist-packages/six.py",
  ])
  func `and nothing else`(path: String) { #expect(!places.admit(GuestPath(path))) }
}
