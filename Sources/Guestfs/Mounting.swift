/// A file system to be mounted read-only at `/vINDEX`.
package struct MountRequest: Sendable {
  package var index: Int
  package var device: BlockDevice
  /// One of a btrfs; nil for the one that is mounted by default.
  package var subvolume: UInt64?

  package init(index: Int, device: BlockDevice, subvolume: UInt64? = nil) {
    self.index = index
    self.device = device
    self.subvolume = subvolume
  }
}

/// What became of one.
package struct MountOutcome: Sendable, Equatable {
  /// Where it failed, what the kernel said last, or mount(8) where the kernel said nothing.
  package var failure: String?
  /// Whether the kernel replayed a journal into the overlay, as at boot. ntfs-3g replays none.
  package var replayedJournal = false
  /// Whether ntfs-3g would mount it for writing, which it does not where a journal is left (ntfs-3g.probe(8)).
  package var isCleanNTFS = true
  /// The other subvolumes of a btrfs, below its top: number and path.
  package var subvolumes: [Subvolume] = []

  package struct Subvolume: Sendable, Equatable {
    package var id: UInt64
    package var path: String
  }
}

extension Appliance {
  /// Mounts file systems, all in one call.
  /// - Returns: what became of each, in their order.
  package func mount(_ requests: [MountRequest]) throws(GuestfsError) -> [MountOutcome] {
    if requests.isEmpty { return [] }
    let outcomes = parseMounts(try shell(.mount(requests)))
    return requests.map { outcomes[$0.index] ?? MountOutcome(failure: "the appliance did not say") }
  }
}

/// Reads what `GuestScript.mount` prints: for each volume `V index status why it failed`, for an NTFS `P index status`,
/// for a btrfs `D index ID n …` (its default subvolume) and `S index ID n gen n top level n path name`; then `K` and those
/// lines of the kernel's log that tell of journals, each behind the line that says which volume is being mounted.
func parseMounts(_ text: String) -> [Int: MountOutcome] {
  var outcomes: [Int: MountOutcome] = [:]
  var defaults: [Int: UInt64] = [:]
  var lines = text.split(separator: "\n")[...]
  while let line = lines.popFirst(), line != "K" {
    let fields = line.split(separator: " ", maxSplits: 3)
    guard fields.count >= 3, let index = Int(fields[1]) else { continue }
    switch fields[0] {
    case "V":
      let said = fields.count > 3 ? String(fields[3]) : "mount failed"
      outcomes[index] = MountOutcome(failure: fields[2] == "0" ? nil : said)
    case "P": outcomes[index]?.isCleanNTFS = fields[2] == "0"
    case "D": if let match = line.firstMatch(of: /ID (\d+)/) { defaults[index] = UInt64(match.1) }
    case "S":
      guard let match = line.wholeMatch(of: /S \d+ ID (\d+) gen \d+ top level \d+ path (.+)/), let id = UInt64(match.1)
      else { continue }
      outcomes[index]?.subvolumes.append(.init(id: id, path: String(match.2)))
    default: continue
    }
  }
  for (index, id) in defaults { outcomes[index]?.subvolumes.removeAll { $0.id == id } }
  var mounting: Int?
  for line in lines {
    if let match = line.firstMatch(of: /vmlineage mounts (\d+)$/) {
      mounting = Int(match.1)
    } else if let mounting {
      outcomes[mounting]?.replayedJournal = true
    }
  }
  return outcomes
}
