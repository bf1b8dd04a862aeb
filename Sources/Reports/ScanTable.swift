internal import Catalog
internal import Foundation
internal import Inventory
internal import Lineage

/// What a table shows beside the essential.
package struct TableOptions: Sendable {
  /// Columns of the terminal.
  package var width: Int
  /// Every package, not only how many.
  package var packages: Bool
  /// Every source file, not only the first eight.
  package var sources: Bool
  /// Bold and coloured words (ECMA-48).
  package var color: Bool

  package init(width: Int = 120, packages: Bool = false, sources: Bool = false, color: Bool = false) {
    self.width = max(40, width)
    self.packages = packages
    self.sources = sources
    self.color = color
  }

  /// Whether colour is wanted: only on a terminal, and not where NO_COLOR is set to anything (https://no-color.org).
  package static func wantsColor(isTerminal: Bool, environment: [String: String]) -> Bool {
    isTerminal && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
  }
}

/// The table of `scan`, read at a glance: for each image what it is, what was found in it, and what is wrong with it.
package func scanTable(
  _ images: [ImageReport], skipped: SkippedReport = SkippedReport(), _ options: TableOptions = TableOptions()
) -> String {
  var lines = images.map { imageLines($0, options) }.joined(separator: [""]).map { $0 }
  if images.count > 1 { lines += ["", total(images)] }
  let others = skippedLines(skipped, width: options.width)
  if !lines.isEmpty, !others.isEmpty { lines.append("") }
  lines += others
  return lines.isEmpty ? "" : lines.joined(separator: "\n") + "\n"
}

/// Such as `3 images: 2 scanned, 1 failed`.
private func total(_ images: [ImageReport]) -> String {
  let counts: [Inventory.Status] = [.scanned, .data, .partial, .unrecognised, .failed]
  let words = counts.compactMap { status -> String? in
    let count = images.count { $0.status == status }
    return count == 0 ? nil : "\(count) \(status.rawValue)"
  }
  return "\(images.count) images: " + words.joined(separator: ", ")
}

private func imageLines(_ report: ImageReport, _ options: TableOptions) -> [String] {
  var lines = [header(report, options)]
  for system in report.inventory.systems {
    // A name of one long word does not break.
    lines += wrapped(words(system), indent: 2, width: options.width).map { shortened($0, to: options.width) }
    lines += stateLines(system.states).flatMap { wrapped($0, indent: 4, width: options.width) }
  }
  if let parent = report.inventory.image.parent {
    lines += wrapped("child of \(printable(parent.name))", indent: 2, width: options.width)
  }
  lines += problems(report).flatMap { wrapped("! " + $0, indent: 2, width: options.width) }
  lines += remarkLines(report.inventory.remarks).flatMap { wrapped("? " + $0, indent: 2, width: options.width) }
  lines += releaseLines(report, options)
  lines += packageLines(report, options)
  let (read, findings) = (report.inventory.counts, report.findings)
  if read.files > 0 {
    lines.append(
      "  \(counted(read.files, "file")): \(findings.explained) explained, \(findings.unexplained) not"
        + (read.unreadable > 0 ? ", \(read.unreadable) unreadable" : ""))
  }
  return lines
}

private func header(_ report: ImageReport, _ options: TableOptions) -> String {
  let image = report.inventory.image
  let facts = [image.format, image.virtualSize.map(sizeWords)].compactMap { $0 }
  let role = report.role == .unknown ? [] : [report.role.rawValue]
  let status = report.status.rawValue
  let rest = facts + role + [painted(status, report.status, options)] + (report.unchanged ? ["unchanged"] : [])
  let path = printable(report.path)
  return (options.color ? "\u{1B}[1m\(path)\u{1B}[0m" : path) + "  " + rest.joined(separator: "  ")
}

private func painted(_ word: String, _ status: Inventory.Status, _ options: TableOptions) -> String {
  guard options.color else { return word }
  let color = [.scanned, .data].contains(status) ? 32 : status == .failed ? 31 : 33
  return "\u{1B}[\(color)m\(word)\u{1B}[0m"
}

private func words(_ system: OperatingSystem) -> String {
  let name = system.product.isEmpty ? "\(system.distribution) \(system.version)" : system.product
  let more = [system.architecture, system.hostname.map { "named \($0)" }].compactMap { $0 }
  return ([name] + more + (system.volume.isEmpty ? [] : ["on \(system.volume)"])).map { printable($0) }
    .joined(separator: ", ")
}

/// The first of its earlier states, and how many more there are.
private func stateLines(_ states: [SystemState]) -> [String] {
  listed(states, most: 3, noun: "state") { state in
    let when = state.created.map { ", " + Date(timeIntervalSince1970: TimeInterval($0)).formatted(.iso8601) } ?? ""
    return "\(state.kind.rawValue) \(printable(state.volume))" + (state.version.map { ", " + printable($0) } ?? "")
      + when
  }
}

/// What was seen and not understood, or left out.
private func remarkLines(_ remarks: [Problem]) -> [String] {
  listed(remarks, most: 10, noun: "remark") { remark in
    printable("\(remark.subject): \(remark.reason)" + (remark.remedy.map { " (\($0))" } ?? ""))
  }
}

/// A line for each of the first values, and one that says how many more the JSON has.
func listed<Value>(_ values: [Value], most: Int, noun: String, _ line: (Value) -> String) -> [String] {
  values.prefix(most).map(line)
    + (values.count > most ? ["and \(counted(values.count - most, "more \(noun)")) (--format json lists them)"] : [])
}

/// What went wrong with the image and with each of its volumes, in plain words.
private func problems(_ report: ImageReport) -> [String] {
  var words = report.reason.map { [$0.description] } ?? []
  for volume in report.inventory.volumes {
    let name = "\(printable(volume.id)) (\(printable(volume.fileSystem)))"
    // What the image as a whole gives as its reason is not said twice.
    let isSaid = volume.problem != nil && volume.problem == report.reason
    let reason = isSaid ? "" : volume.problem.map { ": \($0)" } ?? ""
    switch volume.status {
    case .read: if !reason.isEmpty { words.append(name + reason) }
    case .encrypted: if !isSaid { words.append("\(name) is encrypted; --key opens it") }
    case .partial: words.append("\(name) was read in part" + reason)
    case .failed: words.append("\(name) could not be read" + reason)
    }
  }
  return words
}

/// Such as `8.0 GiB`.
func sizeWords(_ bytes: UInt64) -> String {
  var (value, unit) = (Double(bytes), "B")
  for next in ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"] where value >= 1024 { (value, unit) = (value / 1024, next) }
  return unit == "B" ? "\(bytes) B" : value.formatted(.number.precision(.fractionLength(1)).locale(posix)) + " " + unit
}

/// Such as `1 file`, `2 files`.
package func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

/// Numbers are written the same in every country.
let posix = Locale(identifier: "en_US_POSIX")
