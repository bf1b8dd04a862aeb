internal import DirectDisk
internal import Foundation
internal import Guestfs
internal import Inventory

/// One thing that a machine needs, how it stands there, and what mends it.
package struct MachineCheck: Codable, Sendable {
  package enum Outcome: String, Codable, Sendable { case good, missing, limited }

  package var name: String
  package var outcome: Outcome
  /// What was found, in words.
  package var detail: String
  /// The command that mends it.
  package var remedy: String?
  /// Whether nothing can be scanned without it.
  package var isNeeded: Bool

  init(_ name: String, _ outcome: Outcome, _ detail: String, remedy: String? = nil, isNeeded: Bool = true) {
    self.name = name
    self.outcome = outcome
    self.detail = detail
    self.remedy = remedy
    self.isNeeded = isNeeded
  }
}

/// What a scan needs of this machine, all but the boot itself. Takes no noticeable time.
package func checkMachine() -> [MachineCheck] {
  [
    program("qemu-img", package: "qemu-utils", use: "makes overlays"),
    program("qemu-nbd", package: "qemu-utils", use: "reads blocks of images"),
    program("qemu-system-x86_64", package: "qemu-system-x86", use: "runs the appliance"),
    library(
      "libguestfs", isThere: libguestfsIsThere, package: "libguestfs0", use: "boots the appliance", isNeeded: true),
    library("libtsk", isThere: sleuthKitIsThere, package: "libtsk19", use: "reads NTFS, FAT and exFAT directly"),
    kernel(),
    applianceFeature("libguestfs-xfs", file: "packages-xfs", use: "XFS volumes"),
    program("ntfs-3g", package: "ntfs-3g", use: "NTFS volumes", isNeeded: false),
    confinement(),
    memory(),
    temporarySpace(),
    program("strace", package: "strace", use: "capture follows builds with it", isNeeded: false),
    program("git", package: "git", use: "capture asks it for revisions", isNeeded: false),
    kvm(),
  ]
}

private func kvm() -> MachineCheck {
  if !AccelerationChoice.kvmIsThere {
    return MachineCheck(
      "KVM", .limited, "no /dev/kvm for this user: the appliance is emulated, which is slower",
      remedy: "use a machine with virtualisation, or add this user to the group kvm", isNeeded: false)
  }
  let choice = AccelerationChoice()
  if choice.remembered == .tcg {
    return MachineCheck(
      "KVM", .limited, "/dev/kvm is there, but no guest runs under it: the appliance is emulated, which is slower",
      remedy: "rm '\(choice.memory.path)' to try again", isNeeded: false)
  }
  return MachineCheck("KVM", .good, "/dev/kvm is there", isNeeded: false)
}

/// Boots an empty appliance as a scan would.
package func checkAppliance() async -> MachineCheck {
  do {
    let run = try RunFolder()
    let remarks = Remarks()
    let acceleration = await AccelerationChoice().decide(in: run) { remarks.lines.append($0) }
    let start = Date()
    if let failure = await Supervisor.probe(acceleration, folder: try run.folder("probe"), deadline: .seconds(180)) {
      return MachineCheck(
        "appliance", .missing, failure.reason,
        remedy: "LIBGUESTFS_BACKEND=direct libguestfs-test-tool shows where it stops")
    }
    let seconds = String(format: "%.0f s", -start.timeIntervalSinceNow)
    let how = acceleration == .kvm ? "KVM" : "software emulation"
    return MachineCheck(
      "appliance", .good, (["boots in \(seconds) with \(how)"] + remarks.lines).joined(separator: "; "))
  } catch {
    return MachineCheck("appliance", .missing, "\(error)")
  }
}

private final class Remarks { var lines: [String] = [] }

private func program(_ name: String, package: String, use: String, isNeeded: Bool = true) -> MachineCheck {
  let folders = ["/usr/bin", "/usr/sbin", "/bin", "/sbin", "/usr/local/bin"]
  let candidates: [String] = folders.map { "\($0)/\(name)" }
  guard let found = candidates.first(where: { access($0, X_OK) == 0 }) else {
    return MachineCheck(
      name, .missing, "not installed: it \(use)", remedy: "sudo apt-get install \(package)", isNeeded: isNeeded)
  }
  return MachineCheck(name, .good, found, isNeeded: isNeeded)
}

private func library(
  _ name: String, isThere: Bool, package: String, use: String, isNeeded: Bool = false
) -> MachineCheck {
  if isThere { return MachineCheck(name, .good, "can be loaded", isNeeded: isNeeded) }
  return MachineCheck(
    name, .missing, "not installed: it \(use)", remedy: "sudo apt-get install \(package)", isNeeded: isNeeded)
}

private func kernel() -> MachineCheck {
  let names = ((try? FileManager.default.contentsOfDirectory(atPath: "/boot")) ?? [])
    .filter { $0.hasPrefix("vmlinuz-") }
    .filter { access("/lib/modules/\($0.dropFirst("vmlinuz-".count))", R_OK) == 0 }
  if names.isEmpty {
    return MachineCheck(
      "kernel", .missing, "no kernel in /boot with its modules: the appliance is made from one",
      remedy: "sudo apt-get install linux-image-amd64")
  }
  guard let readable = names.sorted().last(where: { access("/boot/\($0)", R_OK) == 0 }) else {
    return MachineCheck(
      "kernel", .missing, "/boot/\(names[0]) cannot be read by this user",
      remedy: "sudo chmod 0644 /boot/vmlinuz-*")
  }
  return MachineCheck("kernel", .good, "/boot/\(readable)")
}

private func applianceFeature(_ package: String, file: String, use: String) -> MachineCheck {
  let folders = ["/usr/lib/x86_64-linux-gnu/guestfs/supermin.d", "/usr/lib/aarch64-linux-gnu/guestfs/supermin.d"]
  let isThere = folders.contains { access("\($0)/\(file)", R_OK) == 0 }
  return isThere
    ? MachineCheck(package, .good, "in the appliance", isNeeded: false)
    : MachineCheck(
      package, .missing, "not in the appliance: \(use) cannot be read", remedy: "sudo apt-get install \(package)",
      isNeeded: false)
}

func confinement(_ means: Confinement.Means? = Confinement.available) -> MachineCheck {
  switch means {
  case .landlock:
    MachineCheck("confinement", .good, "by Landlock: --reader direct can be used", isNeeded: false)
  case .bubblewrap:
    MachineCheck(
      "confinement", .good, "by bubblewrap, as this kernel has no Landlock: --reader direct can be used",
      isNeeded: false)
  case nil:
    MachineCheck(
      "confinement", .limited,
      "this kernel has no Landlock, and bubblewrap is not there or makes no sandbox for this user: every image needs the "
        + "appliance",
      remedy:
        "sudo apt-get install bubblewrap, or boot a kernel of 5.13 or later with lsm=landlock,… on its command line",
      isNeeded: false)
  }
}

private func memory() -> MachineCheck {
  let information = (try? String(contentsOfFile: "/proc/meminfo", encoding: .utf8)) ?? ""
  let available = information.firstMatch(of: /MemAvailable: +([0-9]+) kB/).flatMap { Int($0.1) } ?? 0
  let detail = "\(available / 1024) MiB free, an image takes up to \(ApplianceSize.footprint)"
  return available / 1024 >= ApplianceSize.footprint
    ? MachineCheck("memory", .good, detail)
    : MachineCheck("memory", .limited, detail, remedy: "scan with --jobs 1, or free some", isNeeded: false)
}

private func temporarySpace() -> MachineCheck {
  let folder = RunFolder.base
  let attributes = try? FileManager.default.attributesOfFileSystem(forPath: folder)
  let free = (attributes?[.systemFreeSize] as? NSNumber)?.uint64Value ?? 0
  let detail = "\(free >> 20) MiB free in \(folder), an image may take \(ScanLimits.batchBytes >> 20)"
  return free >= ScanLimits.batchBytes
    ? MachineCheck("temporary space", .good, detail)
    : MachineCheck("temporary space", .limited, detail, remedy: "set TMPDIR to a folder with space", isNeeded: false)
}
