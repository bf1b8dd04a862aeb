internal import Catalog
internal import DiskFormats
internal import Fingerprints
internal import Foundation
internal import Guestfs
internal import Inventory
internal import Lineage
internal import Reports
internal import Scanner
internal import Signatures

/// What is done with one image: check, scan in a child, store, match, conclude, store. Facts go into the catalog before
/// conclusions are drawn from them; both in one transaction.
struct ImageJob: Sendable {
  private let command: ScanCommand
  let reader: Reader
  private let catalog: Catalog
  private let index: SignatureIndex?
  private let keys: [VolumeKey]
  private let run: RunFolder
  private let acceleration: Shared<Acceleration>
  /// What conclusions rest on beside an inventory.
  private let basis: Digest
  /// What could match, for images that are not read again.
  private let screen: Shared<Result<Screen, any Error>>

  /// - Throws: `Problem` where the catalog, the signatures or a key cannot be read.
  init(_ command: ScanCommand) throws {
    self.command = command
    reader = try command.chosenReader(environment: ProcessInfo.processInfo.environment)
    keys = try command.keys.map(VolumeKey.init(selector:))
    catalog = try Catalog(path: command.catalog.path)
    let run = try RunFolder()
    self.run = run
    let signatures = command.signatures.isEmpty ? SignatureFiles.defaultFolders() : command.signatures
    index = try SignatureIndex.open(paths: signatures, temporaryFolder: run.url) { complain("\($0)") }
    basis = try conclusionBasis(index)
    let index = index
    screen = Shared { Result { try index?.screen() ?? Screen() } }
    acceleration = Shared { await AccelerationChoice().decide(in: run) { complain($0) } }
  }

  /// Nil where the run was interrupted before the image was done.
  /// - Throws: `Problem` where the catalog cannot be written.
  func report(_ path: String, progress: @escaping @Sendable (ScanProgress) -> Void) async throws -> ImageReport? {
    let known = try catalog.storedConclusion(host: command.host, path: path, basis: basis)
    if let known, isStillAlone(known.scan, path), let report = toldAgain(known.scan, known.findings) { return report }
    let (chain, facts): (DiskChain, ImageFacts)
    do {
      (chain, facts) = try openImage(
        path, assumeRaw: command.imageFormat == .raw, allowedFolders: command.allowedFolders)
    } catch {
      return try store(Inventory(image: error.facts, status: .failed, problem: error.problem), at: path)
    }
    // A device's times do not tell when it was written to.
    if !chain.files.contains(where: \.isBlockDevice), let known, isStillGood(known.scan, facts.files) {
      if let report = toldAgain(known.scan, known.findings) { return report }
      if let stored = try catalog.storedScan(host: command.host, path: path) {
        return try await unchanged(stored, facts, progress)
      }
    }
    let inventory = try await scan(path, facts, supplement: nil, progress)
    progress(.phase("conclude and store"))
    return Task.isCancelled ? nil : try store(inventory, at: path)
  }

  /// What was concluded before, where that is all there is to say.
  private func toldAgain(_ stored: StoredScan, _ findings: Findings?) -> ImageReport? {
    guard let findings, !command.files, command.role == nil || command.role == stored.role else { return nil }
    return report(stored.id, stored.path, stored.inventory, findings, stored.role, unchanged: true)
  }

  /// An image that could not be dealt with at all.
  func failed(_ path: String, _ error: any Error) -> ImageReport {
    let problem =
      error as? Problem ?? Problem(code: "failed", operation: "scan", subject: path, reason: "\(error)")
    return ImageReport(
      id: nil, host: command.host, path: path, role: command.role ?? .unknown,
      inventory: Inventory(image: ImageFacts(), status: .failed, problem: problem), findings: Findings(),
      unchanged: false)
  }

  /// Whether what is stored of an image in one file is still valid, by a look at that file. Whether a raw disk still counts
  /// as one depends on `--image-format` too: the two reads that decide are made again.
  private func isStillAlone(_ stored: StoredScan, _ path: String) -> Bool {
    let image = stored.inventory.image
    guard image.files.count == 1, let format = image.format, format != "raw", command.imageFormat != .raw,
      let file = fileFacts(path, format: format)
    else { return false }
    return isStillGood(stored, [file])
  }

  /// Whether the stored facts are what a scan would find: the image is as it was, and that scan was not cut short by
  /// something that may be better now, nor asked for less than this one.
  private func isStillGood(_ stored: StoredScan, _ files: [ImageFile]) -> Bool {
    let inventory = stored.inventory
    guard stored.isUnchanged(files), inventory.status != .failed else { return false }
    if inventory.extent == .declared, command.only != .declared { return false }
    let isLeft = { (volume: Volume) in volume.reader == Reader.direct.rawValue && volume.status != .read }
    if reader != .direct, inventory.volumes.contains(where: isLeft) { return false }
    if !keys.isEmpty, inventory.volumes.contains(where: { $0.status == .encrypted }) { return false }
    return command.digests == .needed || command.only == .declared
      || inventory.counts.digested == inventory.counts.files
  }

  /// The stored facts with claims by today's signatures. Only files whose digest is not known yet and that could match
  /// a signature now are read.
  private func unchanged(
    _ stored: StoredScan, _ facts: ImageFacts, _ progress: @escaping @Sendable (ScanProgress) -> Void
  ) async throws -> ImageReport? {
    var inventory = stored.inventory
    let screen = try await screen.value.get()
    let missing = inventory.files.indices.filter { position in
      let file = inventory.files[position]
      return file.digests == nil && file.unreadable == nil && couldMatch(file, screen)
    }
    if !missing.isEmpty, command.only != .declared {
      let wanted = missing.map { SupplementFile(volume: inventory.files[$0].volume, path: inventory.files[$0].path) }
      let read = try await scan(stored.path, facts, supplement: wanted, progress)
      if Task.isCancelled { return nil }
      let known = Dictionary(
        read.files.map { (SupplementFile(volume: $0.volume, path: $0.path), $0) }, uniquingKeysWith: { $1 })
      let supplements = zip(missing, wanted).compactMap { position, file in
        known[file]?.digests.map {
          Supplement(file: position, digests: $0, fingerprint: known[file]?.fingerprint)
        }
      }
      try catalog.addSupplement(supplements, image: stored.id)
      for supplement in supplements {
        inventory.files[supplement.file].digests = supplement.digests
        inventory.files[supplement.file].fingerprint = supplement.fingerprint
      }
    }
    progress(.phase("conclude and store"))
    let (findings, matches) = try conclude(inventory, index)
    try catalog.replaceClaims(
      findings, of: inventory, builds: matches.builds, image: stored.id, role: command.role, basis: basis)
    return report(stored.id, stored.path, inventory, findings, command.role ?? stored.role, unchanged: true)
  }

  private func scan(
    _ path: String, _ facts: ImageFacts, supplement: [SupplementFile]?,
    _ progress: @escaping @Sendable (ScanProgress) -> Void
  ) async throws -> Inventory {
    progress(.phase("start"))
    let folder = try run.folder("image")
    defer { try? FileManager.default.removeItem(at: folder) }
    let request = ScanRequest(
      path: path, expected: facts.files.first, assumeRaw: command.imageFormat == .raw,
      allowedFolders: command.allowedFolders, folder: folder.path, keys: keys, index: index?.path,
      digests: command.digests, onlyDeclared: command.only == .declared, supplement: supplement)
    var inventory = await Supervisor.scan(
      request, by: reader, image: facts, deadline: command.deadline.duration,
      acceleration: { [acceleration] in await acceleration.value }, progress: progress)
    inventory.extent = command.only == .declared ? .declared : .whole
    return inventory
  }

  private func store(_ inventory: Inventory, at path: String) throws -> ImageReport {
    // Conclusions are drawn while the facts are written.
    let conclusion = Aside { [index] in try conclude(inventory, index) }
    // A path at which there is nothing has no image, so nothing is stored of it.
    guard let file = inventory.image.files.first else {
      let findings = try conclusion.value()?.findings ?? Findings()
      return report(nil, path, inventory, findings, command.role ?? .unknown, unchanged: false)
    }
    let id = try catalog.imageID(host: command.host, file: file)
    var findings = Findings()
    try catalog.store(inventory, image: id, role: command.role, basis: basis) {
      guard let concluded = try conclusion.value() else { return (Findings(), [:]) }
      findings = concluded.findings
      return (concluded.findings, concluded.matches.builds)
    }
    return report(id, path, inventory, findings, try catalog.role(of: id), unchanged: false)
  }

  private func report(
    _ id: String?, _ path: String, _ inventory: Inventory, _ findings: Findings, _ role: ImageRole, unchanged: Bool
  ) -> ImageReport {
    // Reports are kept to the end of the run, of however many images: the lists are in the catalog.
    var (inventory, findings) = (inventory, findings)
    inventory.files = []
    inventory.packages = []
    if !command.files {
      for place in findings.applications.indices { findings.applications[place].package?.files = [] }
    }
    return ImageReport(
      id: id, host: command.host, path: path, role: role, inventory: inventory, findings: findings,
      unchanged: unchanged)
  }
}

private func conclude(
  _ inventory: Inventory, _ index: SignatureIndex?
) throws -> (findings: Findings, matches: MatchSet) {
  let matches = try index?.match(matchKeys(of: inventory)) ?? MatchSet()
  return (infer(inventory, matches), matches)
}

/// Names the signatures and the program: with others, the same facts may lead to other conclusions.
private func conclusionBasis(_ index: SignatureIndex?) throws -> Digest {
  var facts = stat()
  stat("/proc/self/exe", &facts)
  let program = [UInt64(facts.st_ino), UInt64(facts.st_size), UInt64(bitPattern: Int64(facts.st_mtim.tv_sec))]
  let builds = try index?.builds().flatMap(\.bytes) ?? []
  return Digest(of: Data("\(program) \(index == nil)".utf8) + Data(builds))
}

/// A value that is made once, by whoever needs it first; the others wait for it.
private actor Shared<Value: Sendable> {
  private let make: @Sendable () async -> Value
  private var task: Task<Value, Never>?

  init(_ make: @escaping @Sendable () async -> Value) { self.make = make }

  var value: Value {
    get async {
      let task = self.task ?? Task { await make() }
      self.task = task
      return await withTaskCancellationHandler {
        await task.value
      } onCancel: {
        task.cancel()
      }
    }
  }
}
