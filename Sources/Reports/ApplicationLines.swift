internal import Foundation
internal import Inventory
internal import Lineage
internal import Signatures

/// Releases that contents show: what matters most, so first and with everything known of them.
func releaseLines(_ report: ImageReport, _ options: TableOptions) -> [String] {
  let releases = report.findings.applications.filter { $0.match != nil }
  guard !releases.isEmpty else { return [] }
  let severalVolumes = Set(releases.map(\.volume)).count > 1
  let title = ["RELEASE", "VERSION", "SURE", "ORIGIN", "MATCH", "FOUND"] + (severalVolumes ? ["VOLUME"] : [])
  let rows = releases.map { release in
    [
      printable(release.name), versionWords(release), percent(release.confidence), release.origin.rawValue,
      release.match?.rawValue ?? "", "\(release.artifacts.found) of \(counted(release.artifacts.expected, "file"))",
    ] + (severalVolumes ? [printable(release.volume)] : [])
  }
  let table = Columns(rows: [title] + rows).lines(width: options.width)
  return table.prefix(1) + zip(releases, table.dropFirst()).flatMap { [$1] + details($0, options) }
}

/// Packages of languages and Windows by name; those of the system, and services, as numbers.
func packageLines(_ report: ImageReport, _ options: TableOptions) -> [String] {
  let declared = report.findings.applications.filter { $0.match == nil }
  var lines: [String] = []
  var summaries: [String] = []
  for kind in PackageKind.allCases {
    let packages = declared.filter { $0.kind == kind.rawValue }
    if packages.isEmpty { continue }
    let isMany = [.deb, .rpm, .apk, .pacman, .service].contains(kind)
    let shown = options.packages ? packages.count : isMany ? 0 : 20
    lines += rows(packages.prefix(shown), options)
    if packages.count > shown {
      summaries.append("\(packages.count - shown) \(shown > 0 ? "more " : "")\(words(kind, packages.count - shown))")
    }
  }
  for conflicting in declared where !options.packages {
    lines += conflicting.conflicts.flatMap { wrapped("! " + printable($0), indent: 2, width: options.width) }
  }
  if summaries.isEmpty { return lines }
  return lines
    + wrapped(summaries.joined(separator: ", ") + " (--packages lists them)", indent: 2, width: options.width)
}

private func rows(_ packages: ArraySlice<Application>, _ options: TableOptions) -> [String] {
  if packages.isEmpty { return [] }
  let rows = packages.map {
    [$0.kind, printable($0.name), printable($0.version), percent($0.confidence), $0.origin.rawValue]
  }
  let lines = Columns(rows: rows).lines(width: options.width)
  return zip(packages, lines).flatMap { package, line in
    [line]
      + (options.packages ? package.conflicts : [])
      .flatMap { wrapped("! " + printable($0), indent: 6, width: options.width) }
  }
}

private func words(_ kind: PackageKind, _ count: Int) -> String {
  kind == .service ? (count == 1 ? "service" : "services") : "\(kind.rawValue) package\(count == 1 ? "" : "s")"
}

private func versionWords(_ release: Application) -> String {
  let others = release.alternatives.map { printable($0) }
  return printable(release.version) + (others.isEmpty ? "" : " or " + others.joined(separator: ", "))
}

/// Rounded down: 99.9 % is not 100 %.
func percent(_ confidence: Double) -> String { "\(Int((confidence * 100).rounded(.down))) %" }

/// What speaks against it, and which source files it came from.
private func details(_ release: Application, _ options: TableOptions) -> [String] {
  var lines = release.conflicts.flatMap { wrapped("! " + printable($0), indent: 6, width: options.width) }
  if release.artifacts.modified + release.artifacts.missing > 0 {
    lines.append("      \(release.artifacts.modified) modified, \(release.artifacts.missing) missing")
  }
  if release.sources.isEmpty { return lines }
  lines += wrapped(sourceSummary(release.sources), indent: 6, width: options.width)
  let shown = release.sources.sorted { ($0.repository, $0.path, $0.blob) < ($1.repository, $1.path, $1.blob) }
    .prefix(options.sources ? .max : 8)
  lines += Columns(rows: shown.map(row), indent: 8).lines(width: options.width)
  if shown.count < release.sources.count {
    let rest = "and \(release.sources.count - shown.count) more (--sources lists them)"
    lines += wrapped(rest, indent: 8, width: options.width)
  }
  return lines
}

/// Such as `from 5 files at 3 revisions, last by Ann <ann@example.org> on 2026-01-31`.
private func sourceSummary(_ sources: [SourceRevision]) -> String {
  let files = Set(sources.map { $0.repository + "\0" + $0.path }).count
  let revisions = Set(sources.map { $0.revision ?? $0.blob }).count
  let last = sources.filter { $0.revised != nil }.max { ($0.revised ?? .distantPast) < ($1.revised ?? .distantPast) }
  let changed = sources.count { $0.uncommitted }
  return "from \(counted(files, "source file")) at \(counted(revisions, "revision"))"
    + (last.map { ", last by \(printable($0.author ?? "someone")) on \(day($0.revised))" } ?? "")
    + (changed > 0 ? ", \(changed) with changes that were not committed" : "")
}

private func row(_ source: SourceRevision) -> [String] {
  [
    printable(source.path), printable(String((source.revision ?? source.blob).prefix(12))),
    source.author.map { printable($0) } ?? "", day(source.revised) + (source.uncommitted ? " uncommitted" : ""),
    printable(source.repository),
  ]
}

private func day(_ date: Date?) -> String { date?.formatted(.iso8601.year().month().day()) ?? "" }
