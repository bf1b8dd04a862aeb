internal import Foundation

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
  /// Of a btrfs what is mounted, where it is known, and all its other subvolumes.
  package var mounted: Subvolume?
  package var subvolumes: [Subvolume] = []
  /// Whether there are more of these than what is told.
  package var lacksSubvolumes = false

  package init(failure: String? = nil) { self.failure = failure }

  package struct Subvolume: Sendable, Equatable {
    package var id: UInt64
    /// From the top of the btrfs.
    package var path: String
    package var uuid: String?
    /// The UUID of the one of which it is a snapshot, and when it was made (seconds since 1970).
    package var parent: String?
    package var created: Int64?

    /// The number of the top itself, which is in no list.
    package static let top: UInt64 = 5

    package init(id: UInt64, path: String = "", uuid: String? = nil, parent: String? = nil, created: Int64? = nil) {
      (self.id, self.path, self.uuid, self.parent, self.created) = (id, path, uuid, parent, created)
    }
  }
}

extension Appliance {
  /// Mounts file systems, all in one call.
  /// - Returns: what became of each, in their order.
  package func mount(_ requests: [MountRequest]) -> [MountOutcome] {
    if requests.isEmpty { return [] }
    do throws(GuestfsError) {
      let outcomes = parseMounts(try shell(.mount(requests)))
      return requests.map { outcomes[$0.index] ?? MountOutcome(failure: "the appliance did not say") }
    } catch {
      return requests.map { _ in MountOutcome(failure: error.reason) }
    }
  }
}

/// Reads what `GuestScript.mount` prints: for each volume `V index status why it failed`, for an NTFS `P index status`; for
/// a btrfs `U index UUID: …`, `D index ID n …` (its default subvolume), `C index bytes` (of the list of all), `S index …`
/// (each of the list) and `O index …` (each snapshot with its time); then `K` and those lines of the kernel's log that
/// tell of journals, each behind the line that says which volume is being mounted.
func parseMounts(_ text: String) -> [Int: MountOutcome] {
  var outcomes: [Int: MountOutcome] = [:]
  var lists: [Int: SubvolumeList] = [:]
  var lines = text.split(separator: "\n")[...]
  while let line = lines.popFirst(), line != "K" {
    let fields = line.split(separator: " ", maxSplits: 2)
    guard fields.count == 3, let index = Int(fields[1]) else { continue }
    switch fields[0] {
    case "V":
      let status = fields[2].split(separator: " ", maxSplits: 1)
      let said = status.count > 1 ? String(status[1]) : "mount failed"
      outcomes[index] = MountOutcome(failure: status.first == "0" ? nil : said)
    case "P": outcomes[index]?.isCleanNTFS = fields[2] == "0"
    case "U", "D", "C", "S", "O": lists[index, default: SubvolumeList()].add(fields[0], fields[2])
    default: continue
    }
  }
  for (index, list) in lists { outcomes[index]?.take(list) }
  var mounting: Int?
  var logged: Set<Int> = []
  for line in lines {
    if let match = line.firstMatch(of: /vmlineage mounts (\d+)$/) {
      mounting = Int(match.1)
      mounting.map { _ = logged.insert($0) }
    } else if let mounting {
      outcomes[mounting]?.replayedJournal = true
    }
  }
  // The log holds so much and no more: of what was written over it may have been replayed.
  for index in outcomes.keys where !logged.contains(index) { outcomes[index]?.replayedJournal = true }
  return outcomes
}

/// What btrfs-subvolume(8) prints of one btrfs.
private struct SubvolumeList {
  private(set) var uuid: String?
  private(set) var defaultID: UInt64?
  private(set) var isCut = false
  private var all: [MountOutcome.Subvolume] = []
  /// In which other one each lies.
  private var holders: [UInt64: UInt64] = [:]
  private var times: [UInt64: Int64] = [:]

  mutating func add(_ kind: Substring, _ text: Substring) {
    switch kind {
    case "U": uuid = uuid ?? text.firstMatch(of: /UUID:\s+(\S+)/).map { String($0.1) }
    case "D": defaultID = text.firstMatch(of: /ID (\d+)/).flatMap { UInt64($0.1) }
    case "C": isCut = UInt64(text.drop { $0 == " " }).map { $0 > GuestScript.subvolumeBound } ?? true
    case "S":
      let form = /ID (\d+) gen \d+ top level (\d+) parent_uuid\s+(\S+)\s+uuid\s+(\S+) path (.+)/
      if let match = text.wholeMatch(of: form), let id = UInt64(match.1) {
        let parent = match.3 == "-" ? nil : String(match.3)
        all.append(.init(id: id, path: String(match.5), uuid: String(match.4), parent: parent))
        holders[id] = UInt64(match.2)
      } else if !all.isEmpty {
        // A name may hold line feeds.
        all[all.count - 1].path += "\n" + text
      }
    default:
      let form = /ID (\d+) .* otime (\d+-\d+-\d+) (\d+:\d+:\d+) path .+/
      guard let match = text.wholeMatch(of: form), let id = UInt64(match.1) else { return }
      // The appliance's clock has no time zone.
      let time = try? Date("\(match.2)T\(match.3)Z", strategy: .iso8601)
      times[id] = times[id] ?? time.map { Int64($0.timeIntervalSince1970) }
    }
  }

  /// Each once: what a name holds may pose as another one.
  var subvolumes: [MountOutcome.Subvolume] {
    var seen: Set<UInt64> = []
    let mounted = all.first { $0.id == defaultID }
    return (isCut ? all.dropLast() : all[...]).filter { seen.insert($0.id).inserted }.map { subvolume in
      var subvolume = subvolume
      subvolume.created = times[subvolume.id]
      // What lies in the one that is mounted is named from there.
      if let mounted, isInside(subvolume.id, mounted.id) { subvolume.path = "\(mounted.path)/\(subvolume.path)" }
      return subvolume
    }
  }

  private func isInside(_ id: UInt64, _ other: UInt64) -> Bool {
    var (current, steps) = (holders[id], 0)
    // A made-up list may go round.
    while let holder = current, steps < 64 {
      if holder == other { return true }
      (current, steps) = (holders[holder], steps + 1)
    }
    return false
  }
}

extension MountOutcome {
  fileprivate mutating func take(_ list: SubvolumeList) {
    subvolumes = list.subvolumes
    lacksSubvolumes = list.isCut
    let id = list.defaultID ?? Subvolume.top
    mounted = subvolumes.first { $0.id == id } ?? Subvolume(id: id, uuid: list.uuid)
    subvolumes.removeAll { $0.id == id }
  }
}
