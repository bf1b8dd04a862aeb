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
  /// What package readers asked for and did not get, by volume: there was more than may be held.
  private var leftOut: [String: [GuestPath]] = [:]
  /// What package readers asked for, by volume.
  private var contents: [String: [GuestPath: Data]] = [:]

  init(request: ScanRequest, screen: Screen, pace: Pace) {
    self.request = request
    self.screen = screen
    self.pace = pace
  }

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

  /// What the readers want of this volume, as far as the bound on what is held allows: first what is in its usual place, for
  /// that is where systems keep their records.
  private mutating func declaredFiles(_ volume: ListedVolume, _ systems: [SystemView]) -> Set<GuestPath> {
    var candidates: [(rank: Int, path: GuestPath, size: UInt64)] = []
    for system in systems {
      system.forEachRegular { path, holder, file in
        guard holder === volume else { return }
        let ranks = packageReaders.lazy.filter { $0.wants(path, size: file.size) }.map { $0.rank(of: path) }
        if let rank = ranks.min() { candidates.append((rank, file.path, file.size)) }
      }
    }
    var wanted: Set<GuestPath> = []
    for candidate in candidates.sorted(by: { ($0.rank, $0.path) < ($1.rank, $1.path) }) {
      if wanted.contains(candidate.path) { continue }
      if candidate.size > packageBytes {
        leftOut[volume.volume.id, default: []].append(candidate.path)
      } else {
        wanted.insert(candidate.path)
        packageBytes -= candidate.size
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
  }

  /// Runs every reader over one system.
  func packages(of view: SystemView) -> PackageReading {
    var files = SystemFiles()
    view.forEachRegular { path, volume, file in
      files.list.insert(path)
      if let said = volume.described[file.path] { files.fingerprints[path] = said }
      if let data = contents[volume.volume.id]?[file.path] { files.contents[path] = data }
    }
    var all = PackageReading()
    for reader in packageReaders {
      var mine = files
      mine.contents = files.contents.filter { reader.wants($0.key, size: UInt64($0.value.count)) }
      let found = reader.read(mine)
      all.system = all.system ?? found.system
      all.packages += found.packages
      all.problems += found.problems
      all.remarks += found.remarks
    }
    all.problems += misplaced(in: view) + tooMuch(in: view)
    return placed(all, in: view)
  }

  /// Pipes, sockets and devices where a package database belongs: none is ever opened, and that nothing was found is
  /// no answer then (hostile.md, rule 5).
  private func misplaced(in view: SystemView) -> [Problem] {
    view.mounts.flatMap { mount in
      mount.volume.files.lazy.filter { $0.kind == .other }.map { mount.point.appending($0.path) }
    }.filter { path in packageReaders.contains { $0.wants(path, size: 0) } }.prefix(16).map { path in
      Problem(
        code: "not-a-file", operation: "read packages", subject: path.description,
        reason: "it is no regular file, so it was not opened")
    }
  }

  /// Records that were not read, since all of them together are more than may be held.
  private func tooMuch(in view: SystemView) -> [Problem] {
    view.mounts.compactMap { mount in
      guard let paths = leftOut[mount.volume.volume.id], let first = paths.first else { return nil }
      let others = paths.count > 1 ? " and \(paths.count - 1) more files" : ""
      return Problem(
        code: "too-large", operation: "read packages", subject: mount.volume.volume.id,
        reason: "its package records have more than \(ScanLimits.packageBytes >> 20) MiB; left out: \(first)\(others)")
    }
  }

  private func placed(_ reading: PackageReading, in view: SystemView) -> PackageReading {
    var reading = reading
    let root = view.root.volume.id
    reading.system?.volume = root
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
