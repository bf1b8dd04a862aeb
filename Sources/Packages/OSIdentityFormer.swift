internal import Foundation
internal import Inventory

/// Red Hat's and those made from it, in one line `NAME release VERSION (CODENAME)`. Copies keep Red Hat's own file for
/// programs that ask for it, so theirs count first.
private let redHatReleases: [GuestPath] = [
  "etc/centos-release", "etc/rocky-release", "etc/almalinux-release", "etc/oracle-release", "etc/enterprise-release",
  "etc/mageia-release", "etc/mandriva-release", "etc/fedora-release", "etc/redhat-release", "etc/system-release",
  "usr/lib/fedora-release", "usr/lib/redhat-release", "usr/lib/system-release",
]

/// What said which system it is before there was `os-release`, and what small systems still have.
let formerReleases: [GuestPath] =
  redHatReleases + [
    "etc/SuSE-release", "etc/alpine-release", "etc/gentoo-release", "etc/slackware-version", "etc/void-release",
    "etc/openwrt_release", "etc/photon-release", "etc/devuan_version", "etc/lsb-release", "etc/debian_version",
    "etc/arch-release", "etc/NIXOS", "bin/freebsd-version",
  ]

/// Systems without `os-release`.
func formerSystem(_ text: (GuestPath) -> String?) -> OperatingSystem? {
  func system(_ id: String, _ version: String?, _ product: String?) -> OperatingSystem {
    OperatingSystem(
      family: id == "freebsd" ? "freebsd" : "linux", distribution: id, version: version ?? "",
      product: product ?? [id, version ?? ""].joined(separator: " ").trimmingCharacters(in: .whitespaces))
  }
  func line(_ path: GuestPath) -> String? { text(path).flatMap { firstLine(of: $0) } }

  if let line = redHatReleases.compactMap({ line($0) }).first {
    let name = line.components(separatedBy: " release ")[0]
    return system(redHatIDs.first { name.hasPrefix($0.name) }?.id ?? "redhat-based", firstVersion(in: line), line)
  }
  if let line = line("etc/SuSE-release") {
    let fields = shellAssignments(text("etc/SuSE-release") ?? "")
    let version = fields["VERSION"].map { $0 + (fields["PATCHLEVEL"].map { ".\($0)" } ?? "") }
    return system(line.hasPrefix("openSUSE") ? "opensuse" : "sles", version, line)
  }
  if let version = line("etc/alpine-release") { return system("alpine", version, "Alpine Linux \(version)") }
  if let line = line("etc/gentoo-release") { return system("gentoo", firstVersion(in: line), line) }
  if let line = line("etc/slackware-version") { return system("slackware", firstVersion(in: line), line) }
  if let line = line("etc/photon-release") { return system("photon", firstVersion(in: line), line) }
  if let version = line("etc/devuan_version") { return system("devuan", version, "Devuan GNU/Linux \(version)") }
  // Ubuntu has Debian's file too, and says better here who it is.
  for path: GuestPath in ["etc/openwrt_release", "etc/lsb-release"] {
    let fields = shellAssignments(text(path) ?? "")
    if let id = fields["DISTRIB_ID"] {
      return system(id.lowercased(), fields["DISTRIB_RELEASE"], fields["DISTRIB_DESCRIPTION"])
    }
  }
  if let version = line("etc/debian_version") { return system("debian", version, "Debian GNU/Linux \(version)") }
  if text("etc/arch-release") != nil { return system("arch", "rolling", "Arch Linux") }
  if text("etc/void-release") != nil { return system("void", "rolling", "Void Linux") }
  if text("etc/NIXOS") != nil { return system("nixos", nil, "NixOS") }
  // A shell script that prints this variable.
  if let version = text("bin/freebsd-version").flatMap({ shellAssignments($0)["USERLAND_VERSION"] }) {
    return system("freebsd", version, "FreeBSD \(version)")
  }
  return nil
}

private let redHatIDs: [(name: String, id: String)] = [
  ("CentOS", "centos"), ("Red Hat", "rhel"), ("Fedora", "fedora"), ("Scientific", "scientific"), ("Oracle", "ol"),
  ("Rocky", "rocky"), ("AlmaLinux", "almalinux"), ("Amazon", "amzn"), ("Enterprise Linux Enterprise", "ol"),
  ("openEuler", "openEuler"), ("EulerOS", "euleros"), ("Anolis", "anolis"), ("TencentOS", "tencentos"),
  ("Virtuozzo", "virtuozzo"), ("XenServer", "xenserver"), ("ClearOS", "clearos"), ("Mageia", "mageia"),
  ("Mandriva", "mandriva"),
]

func firstLine(of text: String) -> String? {
  text.split(whereSeparator: \.isNewline).first.flatMap { declaredText($0) }
}

/// The first word of a text that begins with a digit.
func firstVersion(in text: String) -> String? {
  text.split(whereSeparator: \.isWhitespace).first { $0.first?.isASCII == true && $0.first?.isNumber == true }
    .flatMap { declaredText($0) }
}
