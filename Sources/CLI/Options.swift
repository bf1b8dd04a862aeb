internal import ArgumentParser
internal import Catalog
internal import Foundation

/// Where the catalog is.
struct CatalogOption: ParsableArguments {
  @Option(
    name: .customLong("catalog"),
    help: ArgumentHelp(
      "The catalog. Default: $VMLINEAGE_CATALOG, else vmlineage.db in the user's data folder.", valueName: "file"))
  var path: String = Catalog.defaultPath(environment: ProcessInfo.processInfo.environment)
}

/// How the answer is written.
struct FormatOption: ParsableArguments {
  enum Format: String, ExpressibleByArgument, CaseIterable { case table, json }

  @Option(help: "How the answer is written: table or json.")
  var format: Format = .table
}

/// A length of time on the command line: `90`, `90s`, `10m`, `2h`.
struct TimeSpan: ExpressibleByArgument {
  var seconds: Int

  init(seconds: Int) { self.seconds = seconds }

  init?(argument: String) {
    let units: [Character: Int] = ["s": 1, "m": 60, "h": 3600]
    let unit = argument.last.flatMap { units[$0] }
    guard let number = Int(unit == nil ? argument : String(argument.dropLast())), number > 0 else { return nil }
    let (seconds, overflow) = number.multipliedReportingOverflow(by: unit ?? 1)
    if overflow || seconds > 7 * 24 * 3600 { return nil }
    self.seconds = seconds
  }

  var defaultValueDescription: String { seconds % 60 == 0 ? "\(seconds / 60)m" : "\(seconds)s" }
  var duration: Duration { .seconds(seconds) }
}
