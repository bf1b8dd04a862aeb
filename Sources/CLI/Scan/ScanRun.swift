internal import Catalog
internal import DiskFormats
internal import Foundation
internal import Inventory
internal import Lineage
internal import Reports
internal import Scanner
internal import Signatures

/// One run of `scan`: several images side by side, each a job of its own.
final class ScanRun: Sendable {
  private let job: ImageJob
  private let jobs: Int
  private let progress: Progress
  let images: [String]
  /// What was left out of directories.
  let skipped: SkippedReport

  /// - Throws: `Problem` where nothing can be begun.
  init(_ command: ScanCommand) throws {
    let found = findScanned(command.paths, allowed: command.allowedFolders)
    (images, skipped) = (found.images, found.skipped)
    jobs = command.jobs ?? Self.defaultJobs(images.count)
    progress = Progress(images)
    job = try ImageJob(command)
  }

  /// Scans every image. Ends early where the task is cancelled; what is done by then is stored and returned.
  func run() async -> [ImageReport] {
    let reports = await withTaskGroup(of: (Int, ImageReport?).self) { group in
      var waiting = images.enumerated().makeIterator()
      var reports: [(Int, ImageReport)] = []
      func start() {
        guard !Task.isCancelled, let (position, path) = waiting.next() else { return }
        group.addTask { (position, await self.scan(path, position)) }
      }
      for _ in 0..<jobs { start() }
      for await (position, report) in group {
        if let report { reports.append((position, report)) }
        start()
      }
      return reports
    }
    progress.clear()
    if job.reader == .appliance, progress.longest > Self.slow {
      complain("most disks are read in a second with --reader auto; what that protects from: README, Two readers")
    }
    return reports.sorted { $0.0 < $1.0 }.map(\.1)
  }

  /// Whether every image came out whole and something was recognised in it.
  func isClean(_ reports: [ImageReport], allowUnrecognised: Bool) -> Bool {
    reports.count == images.count
      && reports.allSatisfy { report in
        report.status == .scanned || report.status == .data || (allowUnrecognised && report.status == .unrecognised)
      }
  }

  /// An image.
  private static let slow = Duration.seconds(10)

  /// What `--timings` prints.
  var timings: String { progress.timings() }

  /// Nil where the run was interrupted before the image was done.
  private func scan(_ path: String, _ position: Int) async -> ImageReport? {
    progress.note(position, .phase("check"))
    do {
      let report = try await job.report(path) { [progress] in progress.note(position, $0) }
      guard let report else { return nil }
      let reason = report.status == .failed ? report.reason.map { ": " + printable($0.reason) } ?? "" : ""
      let outcome = (report.unchanged ? "unchanged" : report.status.rawValue) + reason
      progress.finish(position, outcome: outcome)
      return report
    } catch {
      progress.finish(position, outcome: "failed: " + printable("\(error)"))
      return job.failed(path, error)
    }
  }

  /// As many appliances as there are cores, and as there is memory for.
  private static func defaultJobs(_ images: Int) -> Int {
    let information = (try? String(contentsOfFile: "/proc/meminfo", encoding: .utf8)) ?? ""
    let available = information.firstMatch(of: /MemAvailable: +([0-9]+) kB/).flatMap { Int($0.1) } ?? 0
    let byMemory = available / 1024 / ApplianceSize.footprint
    return max(1, min(ProcessInfo.processInfo.activeProcessorCount, byMemory, images))
  }
}

/// What the paths on the command line come to: a directory is searched, anything else is tried whatever it is, and so is a
/// directory that cannot be searched.
private func findScanned(_ paths: [String], allowed: [String]) -> (images: [String], skipped: SkippedReport) {
  var named: [String] = []
  var directories: [String] = []
  for path in paths.map({ URL(fileURLWithPath: $0).standardizedFileURL.path }) {
    var isDirectory: ObjCBool = false
    let isThere = FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
    if isThere, isDirectory.boolValue, access(path, R_OK | X_OK) == 0 {
      directories.append(path)
    } else if !named.contains(path) {
      named.append(path)
    }
  }
  let found = findImages(in: directories, allowed: allowed, except: Set(named))
  let skipped = SkippedReport(found.skipped)
  if !directories.isEmpty {
    complain("images: \(named.count + found.images.count), other files skipped: \(skipped.count)")
  }
  return (named + found.images, skipped)
}

extension SkippedReport {
  fileprivate init(_ skipped: SkippedFiles) {
    self.init(
      counts: Dictionary(uniqueKeysWithValues: skipped.counts.map { ($0.key.rawValue, $0.value) }),
      files: skipped.files.map {
        File(path: $0.bytes ?? Array($0.path.utf8), reason: $0.reason.rawValue, message: $0.message)
      })
  }
}
