internal import DirectDisk
internal import DiskFormats
internal import Foundation
internal import Guestfs
internal import Inventory
internal import Packages
internal import Signatures

/// The scan of one image, from its header to its inventory. Runs in a child process of its own and only there.
struct ImageScan {
  let request: ScanRequest
  /// Sends a message to the parent.
  let tell: (ScanMessage) -> Void
  /// Begins to watch whether the parent is there; in a thread that is confined where this one is.
  let watch: () -> Void

  private let pace: Pace
  private var folder: URL { URL(fileURLWithPath: request.folder) }

  init(request: ScanRequest, tell: @escaping (ScanMessage) -> Void, watch: @escaping () -> Void) {
    self.request = request
    self.tell = tell
    self.watch = watch
    pace = Pace { tell(.progress(.read($0, of: $1))) }
  }

  /// Tells all that can be told; the last message is `done`.
  func run() {
    do {
      try scan()
    } catch let problem as Problem {
      tell(.done(status: .failed, problem: problem, counts: Counts()))
    } catch {
      let problem = Problem(code: "failed", operation: "scan", subject: request.path, reason: "\(error)")
      tell(.done(status: .failed, problem: problem, counts: Counts()))
    }
  }

  private func scan() throws {
    // The image stays open here as long as the appliance reads it by this descriptor.
    let image = try OpenImage(request)
    tell(.image(image.facts))
    if !image.remarks.isEmpty { tell(.remarks(image.remarks)) }
    switch request.share {
    case .nothing(let handsOver): try readDirectly(image, handsOver)
    case .allBut(let others): try readByAppliance(image, but: others)
    }
    withExtendedLifetime(image) {}
  }

  private func readDirectly(_ image: OpenImage, _ handsOver: Bool) throws {
    // Something is odd about its header: that is not for libraries to find out.
    if handsOver, !image.chain.header.warnings.isEmpty { return tell(.handOver(readable: [])) }
    let blocks = try opened(image, by: request.confinement)
    try confine(image, written: ScanLimits.fileBytes)
    watch()
    tell(.progress(.phase("open volumes")))
    let found = try openVolumes(blocks)
    let remarks = found.problems.dropFirst() + found.remarks
    if !remarks.isEmpty { tell(.remarks(Array(remarks))) }
    let obstacle = image.chain.header.qemuObstacle ?? found.applianceObstacle
    let volumes = openDirectly(found, applianceObstacle: obstacle)
    let isWanted = { (volume: OpenedVolume) in
      request.supplement?.contains { $0.volume == volume.volume.id } ?? true
    }
    let isForOthers = { (volume: OpenedVolume) in volume.tree == nil && !volume.isFinal }
    guard handsOver, obstacle == nil else {
      var request = request
      request.share = .nothing(handsOver: false)
      return ImageScan(request: request, tell: tell, watch: watch).read(volumes, found.problems.first)
    }
    if volumes.contains(where: { isForOthers($0) && isWanted($0) }) {
      tell(.handOver(readable: volumes.filter { !isForOthers($0) }.map(\.volume.id)))
    } else {
      read(volumes, found.problems.first)
    }
  }

  private func readByAppliance(_ image: OpenImage, but others: [String]) throws {
    watch()
    // Once: where that fails it has taken its time.
    let blocks = try? DiskBlocks(image.chain, folder: request.folder)
    let layout = try layout(of: image, blocks)
    tell(.progress(.phase("boot")))
    let appliance = try boot(image, layout)
    var direct: [OpenedVolume] = []
    if !others.isEmpty, let blocks {
      // Between two readings the scratch disk is made empty.
      try confine(image, written: ScanLimits.scratchBytes)
      let found = try openVolumes(blocks)
      direct = openDirectly(found, applianceObstacle: nil).filter { others.contains($0.volume.id) }
    }
    tell(.progress(.phase("open volumes")))
    let opening = VolumeOpening(appliance: appliance, keys: request.keys, folder: folder, except: others) { blocks }
    let all = opening.open()
    // One problem is told of an image as such; what else is not of one volume is told beside it.
    let remarks = all.problems.dropFirst() + all.remarks
    if !remarks.isEmpty { tell(.remarks(Array(remarks))) }
    ImageScan(request: request, tell: { tell(judged($0, image)) }, watch: watch)
      .read(direct + all.volumes, all.problems.first)
  }

  /// How the appliance is to be given the disk. Its kernel must be told how large sectors are before it can look itself, so
  /// this process reads the partition table, in Swift alone. What is odd in the table becomes a remark.
  /// - Throws: where no appliance can show the disk.
  private func layout(of image: OpenImage, _ blocks: DiskBlocks?) throws -> DiskLayout {
    var layout = DiskLayout()
    do throws(DirectDiskError) {
      if let blocks { layout = try DiskLayout(blocks) }
    } catch  where !error.isOfDisk {
      throw Problem(code: "failed", operation: error.operation, subject: request.path, reason: error.reason)
    } catch {}
    if !layout.remarks.isEmpty { tell(.remarks(layout.remarks)) }
    if let obstacle = image.chain.header.qemuObstacle ?? layout.applianceObstacle {
      throw Problem(
        code: "needs-direct", operation: "start appliance", subject: request.path, reason: obstacle,
        remedy: "scan it with --reader direct")
    }
    return layout
  }

  /// QEMU makes zeros of what is gone from an image, so of one that became shorter nothing that was read can be believed.
  private func judged(_ message: ScanMessage, _ image: OpenImage) -> ScanMessage {
    guard case .done = message, image.chain.files.contains(where: \.isCut) else { return message }
    let problem = Problem(
      code: "truncated", operation: "read image", subject: request.path,
      reason: "it became shorter while it was read", remedy: "scan it again")
    return .done(status: .failed, problem: problem, counts: Counts())
  }

  private func opened(_ image: OpenImage, by means: Confinement.Means?) throws -> DiskBlocks {
    do {
      return try DiskBlocks(image.chain, folder: request.folder, by: means)
    } catch let error as DirectDiskError where error.isFinal {
      throw Problem(code: "direct-failed", operation: "read image", subject: request.path, reason: error.reason)
    } catch {
      throw directFailed(error)
    }
  }

  /// Confines this process to the image: from then on it reads what strangers made.
  private func confine(_ image: OpenImage, written: UInt64) throws {
    do {
      try Confinement.confine(
        readable: image.chain.files.map { "/proc/self/fd/\($0.descriptor)" } + [request.index].compactMap(\.self),
        writable: [request.folder], memory: ScanLimits.directMemory, written: written,
        by: request.confinement)
    } catch {
      throw directFailed(error)
    }
  }

  private func directFailed(_ error: any Error) -> Problem {
    Problem(
      code: "direct-failed", operation: "read image", subject: request.path, reason: "\(error)",
      remedy: "scan it with --reader appliance")
  }

  private func boot(_ image: OpenImage, _ layout: DiskLayout) throws -> Appliance {
    var drives = Appliance.Drives(
      overlay: folder.appending(path: "overlay.qcow2"), scratch: folder.appending(path: "scratch"))
    drives.sectorSize = layout.sectorSize
    drives.needsGPTForced = layout.needsGPTForced
    try Overlay.create(
      at: drives.overlay, backing: image.backing, driver: image.driver, virtualSize: image.virtualSize)
    try Overlay.createScratch(at: drives.scratch, size: ScanLimits.scratchBytes)
    do {
      return try Appliance(
        drives: drives, acceleration: request.acceleration, temporary: folder, cache: ApplianceKernel.cache,
        memory: request.memory, processors: request.processors)
    } catch {
      throw Problem(
        code: "appliance-failed", operation: "start appliance", subject: request.path, reason: error.reason,
        remedy: error.isOfImage ? nil : "run `vmlineage doctor`")
    }
  }

  private func read(_ opened: [OpenedVolume], _ problem: Problem?) {
    var problems = ScanProblems(problem)
    var listed: [ListedVolume] = []
    tell(.progress(.phase("list files")))
    for next in opened {
      if let volume = list(next, &problems) { listed.append(volume) }
    }
    if handOver(listed, of: opened.count { !$0.isFinal }, opened.filter(\.isFinal).map(\.volume.id)) { return }
    if request.supplement != nil {
      readSupplement(listed, &problems)
    } else {
      readSystems(listed, &problems)
    }
  }

  private func list(_ opened: OpenedVolume, _ problems: inout ScanProblems) -> ListedVolume? {
    guard let tree = opened.tree else {
      tell(.volume(opened.volume))
      if let problem = opened.volume.problem { problems.add(problem) }
      return nil
    }
    var volume = opened.volume
    do {
      let (files, complaints) = try tree.list(request.onlyDeclared ? DeclaredPlaces() : nil)
      if !complaints.isEmpty {
        volume.status = .partial
        volume.problem = Problem(
          code: "list-incomplete", operation: "list files", subject: volume.id, reason: String(complaints.prefix(300)))
      }
      if let remark = (tree as? DirectTree)?.system.remark {
        tell(
          .remarks([Problem(code: "not-understood", operation: "list files", subject: volume.id, reason: remark)]))
      }
      return ListedVolume(
        volume: volume, partition: opened.partition, tree: tree, files: files, snapshotOf: opened.snapshotOf,
        created: opened.created)
    } catch {
      volume.status = .failed
      let problem = Problem(
        code: "list-failed", operation: "list files", subject: volume.id, reason: "\(error)")
      volume.problem = problem
      problems.add(problem)
      tell(.volume(volume))
      return nil
    }
  }

  /// Leaves to the appliance what turned out to be unreadable on the way, where that is wanted.
  /// - Parameter others: volumes with which the appliance gets no further.
  private func handOver(_ volumes: [ListedVolume], of count: Int, _ others: [String] = []) -> Bool {
    guard request.share == .nothing(handsOver: true) else { return false }
    let readable = volumes.filter { $0.volume.status == .read }
    if readable.count == count { return false }
    tell(.handOver(readable: readable.map(\.volume.id) + others))
    return true
  }

  private func readSystems(_ all: [ListedVolume], _ problems: inout ScanProblems) {
    let systems = assemble(all, &problems)
    for system in systems { system.root.leaveOut(system.stateFolders) }
    let volumes = all.filter { !$0.isState }
    var reading = SystemReading(request: request, systems: systems, screen: screen(&problems), pace: pace)
    // The few files that are looked at otherwise are no list of the image's files.
    let isWhole = !request.onlyDeclared
    if isWhole { tellFiles(volumes) }
    tell(.progress(.phase("read files")))
    for volume in volumes { reading.read(volume, of: systems) }
    for problem in all.compactMap(\.volume.problem) { problems.add(problem) }
    if handOver(all, of: all.count) { return }
    tell(.progress(.phase("read packages")))
    var isNamed = false
    for system in systems {
      var found = reading.packages(of: system)
      for problem in found.problems where !problems.add(problem) {
        // An image has one problem of its own; the others are said all the same.
        found.remarks.append(problem)
      }
      if !found.remarks.isEmpty { tell(.remarks(Array(found.remarks.prefix(Inventory.mostRemarks + 1)))) }
      if let found = found.system {
        isNamed = true
        tell(.system(found))
      }
      for chunk in stride(from: 0, to: found.packages.count, by: 64) {
        tell(.packages(Array(found.packages[chunk..<min(chunk + 64, found.packages.count)])))
      }
    }
    if !isNamed { tell(.remarks(all.compactMap(systemPart))) }
    all.forEach { tell(.volume($0.volume)) }
    tell(.done(status: problems.status, problem: problems.first, counts: isWhole ? counts(volumes) : Counts()))
  }

  private func assemble(_ volumes: [ListedVolume], _ problems: inout ScanProblems) -> [SystemView] {
    do {
      return try assembleListed(volumes, following: request.onlyDeclared)
    } catch {
      problems.add(
        Problem(code: "list-failed", operation: "list files", subject: request.path, reason: "\(error)"))
      return assembleSystems(volumes)
    }
  }

  private func readSupplement(_ volumes: [ListedVolume], _ problems: inout ScanProblems) {
    let wanted = Set(request.supplement ?? [])
    let plan = ReadingPlan(screen: Screen(), digests: .needed, onlyDeclared: true)
    var files = FileList()
    for volume in volumes {
      let paths = Set(wanted.filter { $0.volume == volume.volume.id }.map(\.path))
      if paths.isEmpty { continue }
      var reading = VolumeReading(plan: plan, declared: paths, recordsMD5: true, describedBytes: 0, pace: pace)
      do {
        try reading.read(volume)
      } catch {
        problems.add(
          Problem(code: "read-failed", operation: "read files", subject: volume.volume.id, reason: "\(error)"))
      }
      for position in volume.files.indices where paths.contains(volume.files.path(position)) {
        files.append(position, of: volume.files)
      }
    }
    tell(.files(files))
    tell(.done(status: problems.status, problem: problems.first, counts: Counts()))
  }

  private func screen(_ problems: inout ScanProblems) -> Screen {
    guard let index = request.index, !request.onlyDeclared else { return Screen() }
    do {
      return try SignatureIndex(path: index).screen()
    } catch {
      problems.add(Problem(code: "index-unreadable", operation: "open index", subject: index, reason: "\(error)"))
      return Screen()
    }
  }

  /// The lists, before what comes of reading: that is told as it comes, and kept here no longer.
  private func tellFiles(_ volumes: [ListedVolume]) {
    var first = 0
    for volume in volumes {
      for start in stride(from: 0, to: volume.files.count, by: 256) {
        tell(.files(volume.files.picked(start..<min(start + 256, volume.files.count))))
      }
      let before = first
      volume.tellReadings { [tell] files, positions in
        tell(.readings(files.packedReadings(positions, after: before)))
      }
      first += volume.files.count
    }
  }

  private func counts(_ volumes: [ListedVolume]) -> Counts {
    var counts = Counts()
    for volume in volumes {
      var inodes: Set<UInt64> = []
      for (position, outcome) in volume.outcomes.enumerated() {
        let file = volume.files.entry(position)
        guard file.kind == .regular, file.links < 2 || inodes.insert(file.inode).inserted else { continue }
        counts.files += 1
        if outcome.contains(.read) { counts.read += 1 }
        if outcome.contains(.digested) { counts.digested += 1 }
        if outcome.contains(.unreadable) { counts.unreadable += 1 }
      }
    }
    return counts
  }
}

/// What went wrong in a scan that went on all the same.
struct ScanProblems {
  private(set) var first: Problem?

  init(_ problem: Problem?) { first = problem }

  /// Whether it is the first one, which is that of the image.
  @discardableResult mutating func add(_ problem: Problem) -> Bool {
    guard first == nil else { return false }
    first = problem
    return true
  }

  var status: Inventory.Status { first == nil ? .scanned : .partial }
}
