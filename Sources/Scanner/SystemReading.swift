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
  private var packageBytes = ScanLimits.packageBytes
  /// What package readers asked for, by volume.
  private var contents: [String: [GuestPath: Data]] = [:]
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
    var reading = VolumeReading(
      plan: plan, declared: declaredFiles(volume, holding), recordsMD5: holding.contains(where: recordsMD5),
      describedBytes: describedBytes, pace: pace)
    do {
      try reading.read(volume)
    } catch {
      volume.volume.status = .partial
      volume.volume.problem = Problem(
        code: "read-failed", operation: "read files", subject: volume.volume.id, reason: "\(error)")
    }
    describedBytes = reading.describedBytes
    contents[volume.volume.id] = reading.contents
  }

  /// What the readers want of this volume, as far as the bound on what is held allows.
  private mutating func declaredFiles(_ volume: ListedVolume, _ systems: [SystemView]) -> Set<GuestPath> {
    var wanted: Set<GuestPath> = []
    for system in systems {
      system.forEachRegular { path, holder, file in
        guard holder === volume, file.size <= packageBytes,
          packageReaders.contains(where: { $0.wants(path, size: file.size) })
        else { return }
        if wanted.insert(file.path).inserted { packageBytes -= file.size }
      }
      for linked in linked(system) where linked.place.volume === volume {
        guard let file = linked.place.file, file.size <= packageBytes else { continue }
        if wanted.insert(file.path).inserted { packageBytes -= file.size }
      }
    }
    return wanted
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
    }
    var all = PackageReading(remarks: view.remarks + (linked[view.root.volume.id]?.remarks ?? []))
    for (number, reader) in packageReaders.enumerated() {
      var mine = files
      mine.contents = files.contents.filter { reader.wants($0.key, size: UInt64($0.value.count)) }
      for linked in linked(view) where linked.readers.contains(number) {
        mine.list.insert(linked.name)
        mine.contents[linked.name] = contents[linked.place.volume.volume.id]?[linked.place.volumePath]
      }
      let found = reader.read(mine)
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
