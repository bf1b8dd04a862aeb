internal import ArgumentParser
internal import Catalog
internal import Events
internal import Foundation

/// The filters of questions, for every command that takes them.
struct FilterOptions: ParsableArguments {
  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      "A source file: its path, the last part of it, a pattern, or repository:path.", valueName: "path"))
  var source: [String] = []
  @Option(
    parsing: .singleValue,
    help: ArgumentHelp("A commit, the beginning of one, or what --format ids tells.", valueName: "commit"))
  var revision: [String] = []
  @Option(parsing: .singleValue, help: ArgumentHelp("A part of an author's name or address.", valueName: "text"))
  var author: [String] = []
  @Option(
    parsing: .singleValue, help: ArgumentHelp("An application, or one release of it.", valueName: "name[@version]"))
  var application: [String] = []
  @Option(
    parsing: .singleValue,
    help: ArgumentHelp("A file that a build ships: its path, SHA-256 or build/path.", valueName: "file"))
  var artifact: [String] = []
  @Option(
    parsing: .singleValue,
    help: ArgumentHelp("Any file in images, known to a signature or not: its path or SHA-256.", valueName: "file"))
  var file: [String] = []
  @Option(parsing: .singleValue, help: ArgumentHelp("An image: its id, name, path or host:path.", valueName: "image"))
  var image: [String] = []
  @Option(parsing: .singleValue, help: "What images are used as: golden, deployed or unknown.") var role: [String] = []
  @Option(parsing: .singleValue, help: ArgumentHelp("The image that images were made from.", valueName: "image"))
  var parent: [String] = []
  @Option(
    parsing: .singleValue,
    help: ArgumentHelp("An image that images come from over any number of steps.", valueName: "image"))
  var ancestor: [String] = []
  @Option(parsing: .singleValue, help: ArgumentHelp("A vm: its name, UUID or a pattern.", valueName: "vm"))
  var vm: [String] = []
  @Option(parsing: .singleValue, help: "The state of vms, such as running.") var state: [String] = []
  @Option(parsing: .singleValue, help: ArgumentHelp("A setting of vms.", valueName: "key=value")) var setting:
    [String] = []
  @Option(parsing: .singleValue, help: ArgumentHelp("A host: its name or a pattern.", valueName: "host"))
  var host: [String] = []
  @Option(parsing: .singleValue, help: "A group of hosts.") var group: [String] = []
  @Option(help: ArgumentHelp("Sources, or releases, changed in the last 30d, 12h …", valueName: "time"))
  var changedWithin: String?
  @Option(help: ArgumentHelp("Releases installed in the last 30d, 12h …", valueName: "time")) var installedWithin:
    String?
  @Option(help: "Hosts that were rebooted: expected or unexpected.") var rebooted: String?
  @Option(help: ArgumentHelp("With --rebooted: in the last 24h, 7d …", valueName: "time")) var within: String?
  @Flag(help: "Releases of which there is a newer one.") var outdated = false
  @Option(help: "Answers of that origin: captured, declared or inferred.") var origin: String?
  @Option(help: ArgumentHelp("Answers at least that certain, 0 to 1.", valueName: "number")) var minConfidence: String?
  @Option(
    help: ArgumentHelp(
      "As it was then: 2026-01-31, 2026-01-31T12:00 or 2026-01-31T12:00:00+01:00; UTC where none is said.",
      valueName: "time")) var at: String?
  @Option(
    parsing: .singleValue, help: ArgumentHelp("Without what that filter alone would find.", valueName: "filter=value"))
  var not: [String] = []
}

extension FilterOptions {
  /// Adds what the options say to a question. A value `-` stands for the lines of standard input.
  func fill(_ question: inout Question) throws {
    let lists: [(Filter.Kind, [String])] = [
      (.source, source), (.revision, revision), (.author, author), (.application, application), (.artifact, artifact),
      (.file, file), (.image, image), (.role, role), (.parent, parent), (.ancestor, ancestor), (.vm, vm),
      (.state, state), (.setting, setting), (.host, host), (.group, group),
      (.changedWithin, [changedWithin].compactMap { $0 }), (.installedWithin, [installedWithin].compactMap { $0 }),
      (.rebooted, [rebooted].compactMap { $0 }), (.outdated, outdated ? ["true"] : []),
      (.origin, [origin].compactMap { $0 }), (.minConfidence, [minConfidence].compactMap { $0 }),
    ]
    for (kind, values) in lists { question.filters += try values.map { Filter(kind, try FilterOptions.expanded($0)) } }
    question.not += try not.map { text in
      guard var filter = Filter(text: text) else { throw ValidationError("--not takes FILTER=VALUE, not '\(text)'") }
      filter.values = try FilterOptions.expanded(filter.values[0])
      return filter
    }
    if let within {
      guard let span = seconds(of: within) else { throw ValidationError("--within takes a time such as 24h") }
      question.within = span
    }
    if let at {
      guard let time = FilterOptions.time(at) else { throw ValidationError("--at takes an ISO 8601 time") }
      question.at = time
    }
  }

  static func expanded(_ value: String) throws -> [String] {
    guard value == "-" else { return [value] }
    let data = try FileHandle.standardInput.readToEnd() ?? Data()
    return String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline).map(String.init)
  }

  static func time(_ text: String) -> Date? { EventTime(typed: text)?.date }
}
