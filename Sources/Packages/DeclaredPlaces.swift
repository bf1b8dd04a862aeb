internal import Foundation
package import Inventory

/// The places in which systems record what is installed: all that a scan looks at which wants nothing else.
///
/// Volumes are listed before it is known where a system mounts them, so a place also counts below what is often a volume of
/// its own, and below the deployments of ostree.
package struct DeclaredPlaces: Sendable {
  /// A place from the root of a system: names, each a pattern of fnmatch(3).
  package typealias Place = [String]

  /// The places of all readers, and of what says how a system is put together.
  package static let records: [Place] =
    (["etc/fstab", "etc/passwd", "etc/systemd/system/*.mount"] + packageReaders.flatMap(\.places)).map(names)

  /// What boot loaders start, what shows which volume holds what, and what is said only to be there.
  private static let others =
    [
      "loader/entries/*.conf", "loader.*/entries/*.conf", "boot/loader/entries/*.conf", "boot/loader.*/entries/*.conf",
      "ostree/boot.*/*/*/*", "ostree/deploy/*/deploy/*",
    ].map(names) + UnreadManagersReader.otherPlaces.map(names) + systemMarks

  /// What may follow a name: names in small letters, and patterns; by position among all nodes.
  private struct Node {
    var names: [String: Int] = [:]
    var patterns: [(pattern: String, node: Int)] = []
  }

  /// All places as a tree; the first node is its top.
  private var nodes = [Node()]

  package init() {
    let bases = ["", "usr", "usr/local", "var", "var/lib", "etc"].map(Self.names)
    for base in bases {
      for place in Self.records where place.starts(with: base) && place.count > base.count {
        add(Array(place.dropFirst(base.count)))
      }
    }
    Self.others.forEach { add($0) }
    let deployment = Self.names("ostree/deploy/*/deploy/*")
    for place in Self.records where !Self.isPattern(place[0]) {
      add(deployment + place)
      if place[0] == "var" { add(deployment.prefix(3) + place) }
    }
  }

  /// Takes one more place, from the top of the volume.
  package mutating func add(_ place: Place) {
    var node = 0
    for name in place {
      let isPattern = Self.isPattern(name)
      let known =
        isPattern
        ? nodes[node].patterns.first { $0.pattern == name }?.node : nodes[node].names[name.lowercased()]
      if let known {
        node = known
        continue
      }
      if isPattern {
        nodes[node].patterns.append((name, nodes.count))
      } else {
        nodes[node].names[name.lowercased()] = nodes.count
      }
      node = nodes.count
      nodes.append(Node())
    }
  }

  /// Whether this is one of the places, or a folder on the way to one.
  package func admit(_ path: GuestPath) -> Bool {
    var current = [0]
    for name in path.names {
      // Windows does not tell cases apart.
      let small = name.lowercased()
      current = current.flatMap { node in
        (nodes[node].names[small].map { [$0] } ?? [])
          + nodes[node].patterns.filter { Self.matches($0.pattern, name) }.map(\.node)
      }
      if current.isEmpty { return false }
    }
    return current != [0]
  }

  /// Whether a name of a place is not only itself.
  package static func isPattern(_ name: String) -> Bool { name.contains { "*?[\\".contains($0) } }

  /// GNU's FNM_CASEFOLD.
  private static let anyCase: Int32 = 1 << 4

  /// Whether a name is one that a pattern means.
  package static func matches(_ pattern: String, _ name: String) -> Bool { fnmatch(pattern, name, anyCase) == 0 }

  private static func names(_ path: String) -> Place { path.split(separator: "/").map(String.init) }
}

/// What shows that a volume holds a part of an operating system: paths from its top, in any case of letters, each name a
/// pattern of fnmatch(3).
package let systemMarks: [[String]] = [
  "etc/passwd", "etc/os-release", "bin/sh", "usr/bin", "var/nix/profiles", "usr/lib/os-release", "lib/os-release",
  "lib/modules",
  "sbin/init", "nix/store", "gnu/store", "ostree/repo", "composefs/objects", "var/lib/dpkg", "var/lib/rpm",
  "lib/dpkg/status", "lib/rpm", "lib/pacman/local", "Windows/System32", "WinNT/System32", "bootmgr", "ntldr",
  "Boot/BCD", "Recovery/WindowsRE", "EFI/BOOT", "EFI/Microsoft", "grub", "grub2", "boot/grub", "boot/grub2",
  "loader/entries", "isolinux",
  "syslinux", "boot/vmlinuz*", "vmlinuz*", "A/vmlinuz", "initrd*", "initramfs*", "boot/kernel/kernel",
  "cOS/*.img", "k3os/system", "system-data/etc", "snaps/*.snap", "live/*.squashfs", "casper/*.squashfs",
].map { $0.split(separator: "/").map(String.init) }
