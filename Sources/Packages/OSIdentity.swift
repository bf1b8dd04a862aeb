internal import Foundation
package import Inventory

/// Which operating system it is, of Linux and FreeBSD: `os-release` where there is one, else the files of before it
/// (2012).
package struct OSIdentityReader: PackageReader {
  package let name = "os-release"

  private static let releases: [GuestPath] = ["etc/os-release", "usr/lib/os-release"]
  private static let others: [GuestPath] = [
    "etc/debian_version", "etc/redhat-release", "etc/centos-release", "etc/SuSE-release", "etc/alpine-release",
    "etc/arch-release", "etc/lsb-release", "bin/freebsd-version",
  ]
  private static let hosts: [GuestPath] = ["etc/hostname", "etc/HOSTNAME", "etc/sysconfig/network", "etc/rc.conf"]
  /// Small, and on nearly every system one of them is a file, not a link.
  private static let programs: [GuestPath] = [
    "usr/bin/env", "bin/env", "bin/busybox", "usr/bin/dash", "bin/dash", "usr/bin/bash", "bin/bash",
    "usr/bin/coreutils",
  ]
  private static let texts = Set(releases + others + hosts)

  package let places = (texts + programs).map(\.lossy)

  package init() {}

  package func wants(_ path: GuestPath, size: UInt64) -> Bool {
    Self.texts.contains(path) ? size <= 64 << 10 : size <= 4 << 20 && Self.programs.contains(path)
  }

  package func read(_ files: SystemFiles) -> PackageReading {
    func text(_ path: GuestPath) -> String? {
      files.contents[path].map { String(decoding: $0.prefix(64 << 10), as: UTF8.self) }
    }
    let release = Self.releases.lazy.compactMap { text($0).map(shellAssignments) }.first { $0["ID"] != nil }
    guard var system = release.map({ current($0, text) }) ?? former(text) else { return PackageReading() }
    system.architecture = Self.programs.lazy.compactMap { files.contents[$0].flatMap(elfArchitecture) }.first
    system.hostname = hostName(text)
    return PackageReading(system: system)
  }

  /// os-release(5). Rolling distributions have no `VERSION_ID`.
  private func current(_ fields: [String: String], _ text: (GuestPath) -> String?) -> OperatingSystem {
    let id = fields["ID"] ?? "linux"
    let version = fields["VERSION_ID"] ?? fields["VERSION_CODENAME"] ?? fields["BUILD_ID"] ?? ""
    let exact = text("etc/debian_version") ?? text("etc/centos-release") ?? text("etc/redhat-release")
    // Derivatives keep Debian's file: it counts only where it refines the version.
    let point = exact.flatMap { firstVersion(in: $0) }.flatMap { $0.hasPrefix("\(version).") ? $0 : nil }
    return OperatingSystem(
      family: id == "freebsd" ? "freebsd" : "linux", distribution: id, version: version, pointRelease: point,
      product: fields["PRETTY_NAME"] ?? fields["NAME"] ?? id)
  }

  /// First name that a host has among the files of several generations.
  private func hostName(_ text: (GuestPath) -> String?) -> String? {
    let whole = [text("etc/hostname"), text("etc/HOSTNAME")].compactMap { $0?.split(whereSeparator: \.isNewline) }
      .joined().map { declaredText($0) ?? "" }.first { !$0.isEmpty && !$0.hasPrefix("#") }
    let assigned =
      text("etc/sysconfig/network").flatMap { shellAssignments($0)["HOSTNAME"] }
      ?? text("etc/rc.conf").flatMap { shellAssignments($0)["hostname"] }
    return (whole ?? assigned).flatMap { $0.utf8.count <= 253 ? $0 : nil }
  }
}

/// Systems without `os-release`.
private func former(_ text: (GuestPath) -> String?) -> OperatingSystem? {
  func system(_ id: String, _ version: String?, _ product: String?) -> OperatingSystem {
    OperatingSystem(
      family: id == "freebsd" ? "freebsd" : "linux", distribution: id, version: version ?? "",
      product: product ?? [id, version ?? ""].joined(separator: " "))
  }
  func firstLine(_ path: GuestPath) -> String? {
    text(path)?.split(whereSeparator: \.isNewline).first.flatMap { declaredText($0) }
  }
  if let line = firstLine("etc/centos-release") ?? firstLine("etc/redhat-release") {
    let name = line.components(separatedBy: " release ")[0]
    return system(redHatIDs.first { name.hasPrefix($0.name) }?.id ?? "redhat-based", firstVersion(in: line), line)
  }
  if let line = firstLine("etc/SuSE-release") {
    let fields = shellAssignments(text("etc/SuSE-release") ?? "")
    let version = fields["VERSION"].map { $0 + (fields["PATCHLEVEL"].map { ".\($0)" } ?? "") }
    return system(line.hasPrefix("openSUSE") ? "opensuse" : "sles", version, line)
  }
  if let version = firstLine("etc/alpine-release") { return system("alpine", version, "Alpine Linux \(version)") }
  // Ubuntu has Debian's file too, and says better here who it is.
  let standard = shellAssignments(text("etc/lsb-release") ?? "")
  if let id = standard["DISTRIB_ID"] {
    return system(id.lowercased(), standard["DISTRIB_RELEASE"], standard["DISTRIB_DESCRIPTION"])
  }
  if let version = firstLine("etc/debian_version") { return system("debian", version, "Debian GNU/Linux \(version)") }
  if text("etc/arch-release") != nil { return system("arch", "rolling", "Arch Linux") }
  // A shell script that prints this variable.
  if let version = text("bin/freebsd-version").flatMap({ shellAssignments($0)["USERLAND_VERSION"] }) {
    return system("freebsd", version, "FreeBSD \(version)")
  }
  return nil
}

private let redHatIDs: [(name: String, id: String)] = [
  ("CentOS", "centos"), ("Red Hat", "rhel"), ("Fedora", "fedora"), ("Scientific", "scientific"), ("Oracle", "ol"),
  ("Rocky", "rocky"), ("AlmaLinux", "almalinux"), ("Amazon", "amzn"), ("Enterprise Linux Enterprise", "ol"),
]

/// The first word of a text that begins with a digit.
private func firstVersion(in text: String) -> String? {
  text.split(whereSeparator: \.isWhitespace).first { $0.first?.isASCII == true && $0.first?.isNumber == true }
    .flatMap { declaredText($0) }
}
