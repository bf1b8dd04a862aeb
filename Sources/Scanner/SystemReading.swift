internal import Fingerprints
internal import Foundation
internal import Inventory
internal import Packages
internal import Signatures

/// Reads the volumes' files once, and then what each system declares from them.
struct SystemReading {
  let request: ScanRequest
  let screen: Screen
  let pace: Pace
  private var describedBytes = ScanLimits.describedBytes
  /// What package readers asked for, by volume; nil until all of it is known.
  private var wanted: [String: Set<GuestPath>]?
  private var contents: [String: [GuestPath: Data]] = [:]
  /// What they asked for and do not get, and why, by volume.
  private var unread: [String: [GuestPath: String]] = [:]
  /// What was left out of each volume.
  private var remarks: [String: [Problem]] = [:]
  /// What they get by names that are links, by the root's volume.
  private let linked: [String: (files: [LinkedFile], remarks: [Problem])]

  init(request: ScanRequest, systems: [SystemView], screen: Screen, pace: Pace) {
    self.request = request
    self.screen = screen
    self.pace = pace
    linked = Dictionary(systems.map { ($0.root.volume.id, $0.linkedFiles()) }) { first, _ in first }
  }

  private func linked(_ system: SystemView) -> [LinkedFile] { linked[system.root.volume.id]?.files ?? [] }

  /// Reads one volume. Where that fails the volume says so.
  mutating func read(_ volume: ListedVolume, of systems: [SystemView]) {
    let plan = ReadingPlan(screen: screen, digests: request.digests, onlyDeclared: request.onlyDeclared)
    let holding = systems.filter { system in system.mounts.contains { $0.volume === volume } }
    if wanted == nil { chooseFiles(of: systems) }
    let declared = wanted?[volume.volume.id] ?? []
    var reading = VolumeReading(
      plan: plan, declared: declared, recordsMD5: holding.contains(where: recordsMD5),
      describedBytes: describedBytes, pace: pace)
    do {
      try reading.read(volume)
      for path in declared where reading.contents[path] == nil {
        unread[volume.volume.id, default: [:]][path] = "the file system gave an error or fewer bytes than it said"
      }
    } catch {
      volume.volume.status = .partial
      volume.volume.problem = Problem(
        code: "read-failed", operation: "read files", subject: volume.volume.id, reason: "\(error)")
    }
    describedBytes = reading.describedBytes
    contents[volume.volume.id] = reading.contents
    remarks[volume.volume.id] = reading.remarks
  }

  /// Chooses what is read for package readers, of all volumes.
  private mutating func chooseFiles(of systems: [SystemView]) {
    var choice = MetadataChoice()
    for system in systems {
      system.forEachRegular { path, holder, file in choice.add(path, of: holder.volume.id, file) }
      for linked in linked(system) {
        guard let file = linked.place.file else { continue }
        choice.add(linked.name, of: linked.place.volume.volume.id, file)
      }
    }
    wanted = choice.choose(upTo: ScanLimits.packageBytes)
    unread = choice.unread
  }

  /// Whether some package database of this system may record files by their MD5, wherever in it that is.
  private func recordsMD5(_ system: SystemView) -> Bool {
    var found = false
    system.forEachRegular { path, _, file in
      found =
        found || packageReaders.contains { $0.recordsMD5(path) && $0.wants(path, size: file.size) }
    }
    return found
      || linked(system).contains { file in file.readers.contains { packageReaders[$0].recordsMD5(file.name) } }
  }

  /// Runs every reader over one system.
  func packages(of view: SystemView) -> PackageReading {
    var files = SystemFiles()
    view.forEachRegular { path, volume, file in
      files.list.insert(path)
      if let said = volume.described[file.path] { files.fingerprints[path] = said }
      if let data = contents[volume.volume.id]?[file.path] { files.contents[path] = data }
      if let reason = unread[volume.volume.id]?[file.path] { files.unread[path] = reason }
    }
    let left = view.mounts.filter { !$0.repeats }.flatMap { remarks[$0.volume.volume.id] ?? [] }
    var all = PackageReading(remarks: view.remarks + (linked[view.root.volume.id]?.remarks ?? []) + left)
    for (number, reader) in packageReaders.enumerated() {
      var mine = files
      mine.contents = files.contents.filter { reader.wants($0.key, size: UInt64($0.value.count)) }
      for linked in linked(view) where linked.readers.contains(number) {
        let (volume, path) = (linked.place.volume.volume.id, linked.place.volumePath)
        mine.list.insert(linked.name)
        mine.contents[linked.name] = contents[volume]?[path]
        mine.unread[linked.name] = unread[volume]?[path]
      }
      let found = reader.everything(mine)
      all.system = all.system ?? found.system
      all.packages += found.packages
      all.problems += found.problems
      all.remarks += found.remarks
    }
    all.problems += misplaced(in: view)
    return placed(all, in: view)
  }

  /// Pipes, sockets and devices where a package database belongs: none is ever opened, and that nothing was found is
  /// no answer then (hostile.md, rule 5).
  private func misplaced(in view: SystemView) -> [Problem] {
    view.mounts.filter { !$0.repeats }.flatMap { mount in
      mount.volume.range(below: mount.base).lazy.map { mount.volume.files.entry($0) }.filter { $0.kind == .other }
        .map { mount.point.appending($0.path.below(mount.base)) }
    }.filter { path in packageReaders.contains { $0.wants(path, size: 0) } }.prefix(16).map { path in
      Problem(
        code: "not-a-file", operation: "read packages", subject: path.description,
        reason: "it is no regular file, so it was not opened")
    }
  }

  private func placed(_ reading: PackageReading, in view: SystemView) -> PackageReading {
    var reading = reading
    let root = view.root.volume.id
    reading.system?.volume = root
    reading.system?.states = view.states
    if reading.system == nil, !view.states.isEmpty {
      reading.remarks.append(
        Problem(
          code: "system-part", operation: "assemble system", subject: root,
          reason:
            "the system whose earlier states are on \(view.states.prefix(8).map(\.volume).joined(separator: ", ")) "
            + "has no name that was found"))
    }
    for position in reading.packages.indices {
      reading.packages[position].volume = root
      // What was not looked for is not said to be missing.
      if request.onlyDeclared { reading.packages[position].files = [] }
    }
    if !view.missing.isEmpty, reading.system != nil {
      reading.problems.append(
        Problem(
          code: "volume-missing", operation: "assemble system", subject: root,
          reason: "its fstab names what the image does not hold: \(view.missing.prefix(8).joined(separator: ", "))"))
    }
    return reading
  }
}
