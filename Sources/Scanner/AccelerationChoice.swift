package import Foundation
package import Guestfs
internal import Inventory

/// Which processor the appliance gets on this machine. KVM may be there and its guests die or hang all the same
/// (inspection.md, section 0), so it is tried once, within a bound, and what came of it is remembered.
package struct AccelerationChoice: Sendable {
  /// Where it is remembered.
  let memory: URL

  /// - Parameter cache: the user's cache folder; nil for `$XDG_CACHE_HOME` or `~/.cache`.
  package init(cache: URL? = nil) {
    let environment = ProcessInfo.processInfo.environment
    let base =
      cache ?? environment["XDG_CACHE_HOME"].map { URL(fileURLWithPath: $0) }
      ?? URL(fileURLWithPath: NSHomeDirectory()).appending(path: ".cache")
    memory = base.appending(path: "vmlineage/acceleration.json")
  }

  private struct Memory: Codable {
    var machine: String
    var acceleration: Acceleration
  }

  /// What is remembered for this machine as it is now.
  package var remembered: Acceleration? {
    guard let data = try? Data(contentsOf: memory), let known = try? JSONDecoder().decode(Memory.self, from: data),
      known.machine == Self.machine
    else { return nil }
    return known.acceleration
  }

  /// Whether KVM is there for this user.
  package static var kvmIsThere: Bool { access("/dev/kvm", R_OK | W_OK) == 0 }

  /// Decides, trying KVM where it is there and was not tried yet.
  /// - Parameter say: gets one line where software emulation is fallen back to.
  package func decide(in run: RunFolder, say: (String) -> Void) async -> Acceleration {
    let choice = await choose(in: run, say: say)
    if choice == .tcg, let cache = ApplianceKernel.cache {
      await ApplianceKernel(cache: cache).prepare { await probe(.tcg, in: run) == nil }
    }
    return choice
  }

  private func choose(in run: RunFolder, say: (String) -> Void) async -> Acceleration {
    guard Self.kvmIsThere else { return .tcg }
    if let remembered { return remembered }
    guard let failure = await probe(.kvm, in: run) else {
      remember(.kvm)
      return .kvm
    }
    // Where emulation fails too, it was not KVM's fault, and nothing was learnt for the next run.
    if await probe(.tcg, in: run) == nil {
      say(
        "KVM is there but a guest does not run under it (\(failure.code)): software emulation is used from now on; "
          + "delete \(memory.path) to try again")
      remember(.tcg)
    }
    return .tcg
  }

  private func probe(_ acceleration: Acceleration, in run: RunFolder) async -> Problem? {
    do {
      let folder = try run.folder("probe")
      return await Supervisor.probe(acceleration, folder: folder, deadline: Self.probeDeadline)
    } catch {
      return error as? Problem
        ?? Problem(code: "failed", operation: "probe", subject: acceleration.rawValue, reason: "\(error)")
    }
  }

  /// A KVM guest boots in a few seconds; the first start of libguestfs also builds its appliance, some twenty.
  static let probeDeadline = Duration.seconds(60)

  private func remember(_ acceleration: Acceleration) {
    try? FileManager.default.createDirectory(
      at: memory.deletingLastPathComponent(), withIntermediateDirectories: true)
    // Where it cannot be written the next run tries again: no harm but its time.
    try? JSONEncoder().encode(Memory(machine: Self.machine, acceleration: acceleration)).write(
      to: memory, options: .atomic)
  }

  /// What the outcome depends on: the machine, its kernel, its processor, and QEMU.
  private static var machine: String {
    let processor = text("/proc/cpuinfo").split(separator: "\n").first { $0.hasPrefix("model name") } ?? ""
    let qemu = try? FileManager.default.attributesOfItem(atPath: "/usr/bin/qemu-system-x86_64")
    let built = (qemu?[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
    return "\(text("/etc/machine-id"))|\(text("/proc/version"))|\(processor)|\(built)"
  }

  private static func text(_ path: String) -> String {
    (FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? "")
      .trimmingCharacters(in: .whitespacesAndNewlines)
  }
}
