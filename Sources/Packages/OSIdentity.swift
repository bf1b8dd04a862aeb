internal import Foundation
package import Inventory

/// Which operating system it is, of Linux and FreeBSD: `os-release` where there is one, else the files of before it
/// (2012). One that cannot be read or says nothing is passed over, with a remark.
package struct OSIdentityReader: PackageReader {
  package let name = "os-release"

  /// os-release(5); the third is where OSTree keeps what `etc` is made from.
  private static let releases: [GuestPath] = ["etc/os-release", "usr/lib/os-release", "usr/etc/os-release"]
  private static let hosts: [GuestPath] = [
    "etc/hostname", "etc/HOSTNAME", "etc/sysconfig/network", "etc/conf.d/hostname", "etc/config/system", "etc/rc.conf",
  ]
  /// Small, and on nearly every system one of them is a file, not a link.
  private static let programs: [GuestPath] = [
    "usr/bin/env", "bin/env", "bin/busybox", "usr/bin/dash", "bin/dash", "usr/bin/bash", "bin/bash",
    "usr/bin/coreutils",
  ]
  private static let wanted = Set(releases + formerReleases + hosts)

  /// All of these but the programs.
  package let texts = releases + formerReleases + hosts
  package let places = (releases + formerReleases + hosts + programs).map(\.lossy)

  package init() {}

  package func wants(_ path: GuestPath, size: UInt64) -> Bool {
    Self.wanted.contains(path) ? size <= 64 << 10 : size <= 4 << 20 && Self.programs.contains(path)
  }

  package func read(_ files: SystemFiles) -> PackageReading {
    func text(_ path: GuestPath) -> String? {
      files.contents[path].map { String(decoding: $0.prefix(64 << 10), as: UTF8.self) }
    }
    let releases = Self.releases.compactMap { path in text(path).map { (path: path, fields: shellAssignments($0)) } }
    var reading = PackageReading()
    reading.remarks = releases.filter { $0.fields["ID"] == nil }.map { .unnamed($0.path, "it does not say ID") }
    reading.remarks += Self.releases.filter { files.contents[$0] == nil && files.list.contains($0) }
      .map { .unnamed($0, "it is over 64 KiB or could not be read") }
    let named = releases.first { $0.fields["ID"] != nil }.map { current($0.fields, text) }
    let nameless = releases.first { ($0.fields["NAME"] ?? $0.fields["PRETTY_NAME"]) != nil }
    reading.system = named ?? formerSystem(text) ?? nameless.map { current($0.fields, text) }
    reading.system?.architecture = Self.programs.lazy.compactMap { files.contents[$0].flatMap(elfArchitecture) }.first
    reading.system?.hostname = hostName(text)
    return reading
  }

  /// os-release(5).
  private func current(_ fields: [String: String], _ text: (GuestPath) -> String?) -> OperatingSystem {
    let id = fields["ID"] ?? "linux"
    let version = version(id, fields, text)
    let exact = [
      fields["OSTREE_VERSION"], text("etc/debian_version"), text("etc/centos-release"), text("etc/rocky-release"),
      text("etc/almalinux-release"), text("etc/oracle-release"), text("etc/redhat-release"),
    ].compactMap { $0 }.compactMap { firstVersion(in: $0) }
    // Derivatives keep Debian's file: it counts only where it refines the version.
    let point = exact.first { $0.hasPrefix("\(version).") }
    return OperatingSystem(
      family: id == "freebsd" ? "freebsd" : "linux", distribution: id, version: version, pointRelease: point,
      product: fields["PRETTY_NAME"] ?? fields["NAME"] ?? id)
  }

  /// Rolling distributions have no `VERSION_ID`; nor has Debian before a release, whose own file then says `trixie/sid`.
  private func version(_ id: String, _ fields: [String: String], _ text: (GuestPath) -> String?) -> String {
    if let version = fields["VERSION_ID"] { return version }
    let own: GuestPath? = ["debian": "etc/debian_version", "gentoo": "etc/gentoo-release"][id]
    let line = own.flatMap(text).flatMap { firstLine(of: $0) }
    return (id == "gentoo" ? line.flatMap { firstVersion(in: $0) } : line)
      ?? fields["VERSION"].flatMap { firstVersion(in: $0) } ?? fields["VERSION_CODENAME"] ?? fields["IMAGE_VERSION"]
      ?? fields["BUILD_ID"] ?? (rollingIDs.contains(id) ? "rolling" : "")
  }

  /// First name that a host has among the files of several generations and distributions.
  private func hostName(_ text: (GuestPath) -> String?) -> String? {
    let whole = [text("etc/hostname"), text("etc/HOSTNAME")].compactMap { $0?.split(whereSeparator: \.isNewline) }
      .joined().map { declaredText($0) ?? "" }.filter { !$0.hasPrefix("#") }
    let assigned = [("etc/sysconfig/network", "HOSTNAME"), ("etc/conf.d/hostname", "hostname")]
      .map { path, name in text(GuestPath(path)).flatMap { shellAssignments($0)[name] } }
    // UCI of OpenWrt: `option hostname 'name'`.
    let option = text("etc/config/system")?.firstMatch(of: /option\s+hostname\s+['"]?([^'"\s]+)/).map { String($0.1) }
    let old = text("etc/rc.conf").map(shellAssignments).flatMap { $0["hostname"] ?? $0["HOSTNAME"] }
    return (whole + (assigned + [option, old]).compactMap { $0 }).first { name in
      !name.isEmpty && name.utf8.count <= 253 && !name.contains { $0.isWhitespace || $0 == "\u{FFFD}" }
        && !name.unicodeScalars.contains { $0.properties.generalCategory == .control }
    }
  }
}

/// Distributions that have no versions.
private let rollingIDs: Set<String> = [
  "arch", "archarm", "artix", "blackarch", "cachyos", "chimera", "endeavouros", "exherbo", "garuda", "gentoo", "guix",
  "manjaro", "nixos", "void",
]

extension Problem {
  /// A file that should say which system it is and does not.
  fileprivate static func unnamed(_ path: GuestPath, _ reason: String) -> Problem {
    Problem(code: "unnamed", operation: "identify system", subject: "/\(path)", reason: reason)
  }
}
