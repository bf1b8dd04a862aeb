internal import Foundation
internal import Inventory
internal import Packages

/// Of the roots that were found those that are systems; a root that is an earlier state of another one becomes its state.
/// Several systems on one disk stay several.
func currentSystems(_ roots: [SystemView]) -> [SystemView] {
  var families: [String: [SystemView]] = [:]
  var order: [String] = []
  for root in roots {
    let name = family(of: root, roots)
    if families[name] == nil { order.append(name) }
    families[name, default: []].append(root)
  }
  return order.compactMap { name in
    guard let members = families[name], var head = head(of: members, name) else { return nil }
    for member in members where member.root !== head.root {
      member.root.isState = true
      head.states.append(member.state(areSlots(members) ? .deployment : .snapshot))
      head.states += member.states
    }
    if areSlots(members) { head.remarkSlots() }
    head.states.sort { ($0.created ?? 0, $0.volume) > ($1.created ?? 0, $1.volume) }
    return head
  }
}

/// The system that is booted: of a btrfs its default subvolume, else the one that the others were made of.
private func head(of members: [SystemView], _ name: String) -> SystemView? {
  if areSlots(members), let best = chooseSlot(members.map(\.root)) { return members.first { $0.root === best } }
  return members.first { $0.root.volume.fileSystem == "btrfs" && $0.root.volume.subvolume == nil }
    ?? members.first { $0.root.volume.id == name } ?? members.first
}

/// The id of the root from which this one comes in the end.
private func family(of root: SystemView, _ roots: [SystemView]) -> String {
  var (current, way): (SystemView, [String]) = (root, [])
  while let next = origin(of: current, roots) {
    // After a rollback two come of each other; what leads into such a loop is of the same family.
    if let start = way.firstIndex(of: current.root.volume.id) { return way[start...].min() ?? way[start] }
    way.append(current.root.volume.id)
    current = next
  }
  return current.root.volume.id
}

private func origin(of view: SystemView, _ roots: [SystemView]) -> SystemView? {
  let others = roots.filter { $0.root !== view.root }
  let root = view.root
  if let origin = root.snapshotOf, let known = others.first(where: { $0.root.volume.id == origin }) { return known }
  if let stem = slotStem(root), let first = roots.first(where: { slotStem($0.root) == stem && isAlike($0, view) }) {
    return first.root === root ? nil : first
  }
  guard root.volume.fileSystem == "btrfs" else { return nil }
  let same = others.filter { $0.root.volume.fileSystem == "btrfs" && $0.root.volume.device == root.volume.device }
  // A copy of a root says in its fstab what that one is mounted as.
  if let data = view.contents(of: "etc/fstab", atMost: 1 << 20),
    let entry = MountTable(fstab: data).entries.first(where: { $0.mountPoint == "" }), !entry.names(root),
    entry.option("subvol") != nil, let known = same.first(where: { entry.names($0.root) })
  {
    return known
  }
  guard root.volume.subvolume.map(isOfSnapshotTool) == true else { return nil }
  return same.first { $0.root.volume.subvolume == nil }
    ?? same.first { $0.root.volume.subvolume.map { !isOfSnapshotTool($0) } ?? false }
    ?? same.first { isFirst($0, view) }
}

/// So that of snapshots alone one has no origin.
private func isFirst(_ view: SystemView, _ other: SystemView) -> Bool { view.root.volume.id < other.root.volume.id }

/// Where snapper(8) and timeshift keep snapshots, and apt-btrfs-snapshot.
private func isOfSnapshotTool(_ subvolume: String) -> Bool {
  subvolume.wholeMatch(of: /(?:.*\/)?[@.]?snapshots\/[0-9]+\/snapshot/) != nil
    || subvolume.wholeMatch(of: /(?:.*\/)?timeshift-btrfs\/snapshots\/.+/) != nil
    || subvolume.hasPrefix("@apt-snapshot-")
}

/// Whether a volume is a snapshot of one that is there, and neither is a root.
func isSnapshotOfData(_ listed: ListedVolume, _ volumes: [ListedVolume]) -> Bool {
  guard let origin = volume(listed.snapshotOf, volumes), origin !== listed else { return false }
  // Two that claim to come of each other are both read.
  if origin.snapshotOf == listed.volume.id { return false }
  return !looksLikeRoot(listed) && listed.entry("ostree/deploy") == nil
}

func volume(_ id: String?, _ volumes: [ListedVolume]) -> ListedVolume? { volumes.first { $0.volume.id == id } }

extension SystemView {
  /// What is told of it as an earlier state of a system.
  fileprivate func state(_ kind: SystemState.Kind) -> SystemState {
    SystemState(volume: root.volume.id, kind: kind, version: identity()?.version, created: root.created)
  }
}

extension ListedVolume {
  /// Takes from the list what lies below the folders of states, and those objects of OSTree's repository that are the same
  /// files (hard links) as something there and nothing elsewhere.
  func leaveOut(_ folders: [GuestPath]) {
    if folders.isEmpty { return }
    var (kept, hidden): (Set<UInt64>, Set<UInt64>) = ([], [])
    var gone = IndexSet()
    for folder in folders { gone.insert(integersIn: range(below: folder)) }
    let repository = range(below: "ostree/repo/objects")
    for position in files.indices where !repository.contains(position) {
      let file = files.entry(position)
      guard file.kind == .regular, file.links > 1 else { continue }
      if gone.contains(position) { hidden.insert(file.inode) } else { kept.insert(file.inode) }
    }
    hidden.subtract(kept)
    let rest = files.indices.filter { position in
      if gone.contains(position) { return false }
      if !repository.contains(position) { return true }
      let file = files.entry(position)
      return file.kind != .regular || !hidden.contains(file.inode)
    }
    relist(files.picked(rest))
  }
}

// MARK: - Two partitions of which one is booted and the other updated

extension SystemView {
  /// Adds a `/usr` that is not the one booted.
  mutating func addSlot(_ other: ListedVolume) {
    other.isState = true
    states.append(SystemView(other, at: "usr").state(.deployment))
    remarkSlots()
  }

  fileprivate mutating func remarkSlots() {
    let text = "of its slots the one of the highest priority or newest version is taken for the system"
    let known = remarks.contains { $0.code == "assumed-slot" }
    if !known { remark("assumed-slot", "", text) }
  }
}

/// What the labels of such partitions have in common: `ROOT-A` and `ROOT-B`, `rootfs_a`, `system.0`.
private func slotStem(_ volume: ListedVolume) -> String? {
  guard let label = volume.partition.label ?? volume.volume.label else { return nil }
  return label.wholeMatch(of: /(.+)[-_. ](?:[AaBb]|[01])/).map { String($0.1).lowercased() }
}

private func areSlots(_ members: [SystemView]) -> Bool {
  members.count > 1 && members.allSatisfy { slotStem($0.root) != nil && $0.root.snapshotOf == nil }
}

private func isAlike(_ left: SystemView, _ right: SystemView) -> Bool {
  guard let one = left.identity(), let other = right.identity() else { return false }
  return one.distribution == other.distribution
}
