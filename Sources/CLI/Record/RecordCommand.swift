internal import ArgumentParser
internal import Catalog
internal import Events
internal import Foundation
internal import Inventory

/// `vmlineage record`: what builds, hosts and deployment tools report.
struct RecordCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "record",
    abstract: "Store what was reported: installs, vms made, moved and deleted, reboots.",
    discussion: """
      Takes one event as options, or many as JSON Lines: one JSON object a line, from --file or standard input. Events may \
      come in any order; the same id twice counts once; one that is dated after its receipt is kept as of its receipt, with \
      a warning. A line that cannot be taken is named on standard error with its number and the reason, and the rest is \
      stored all the same. What is counted is on disk.

      An image is named by its id, by its name where that is unique, or as host:path; a vm by its UUID; a host by its name.

      KINDS AND THEIR FIELDS (those in brackets may be left out)
      \(EventKind.help(indent: "  "))

      EXAMPLES
        vmlineage record --kind image-created --image gold --path /images/gold.vhd --host store-1 --role golden
        vmlineage record --kind application-installed --image gold --application shop --release 2.1
        vmlineage record --kind vm-created --vm 6f1c3c1e-93d2-4c7c-a3a4-0a6ad0c3a111 --image gold --host web-07
        vmlineage record --kind host-rebooted --host web-07 --expected false --at 2026-01-31T03:12:00Z
        vmlineage record --file events.jsonl
        journal-to-events | vmlineage record --format json

      EXIT STATUS
        0   every event is stored
        2   a line was refused, or the catalog could not be written: what was counted is stored
        64  the command line is wrong
      """)

  @OptionGroup var event: EventOptions
  @Option(help: ArgumentHelp("Events as JSON Lines; - is standard input.", valueName: "file")) var file: String?
  @Argument(help: ArgumentHelp("- to read standard input, which is also what happens without --kind and --file."))
  var input: String?
  @OptionGroup var catalog: CatalogOption
  @OptionGroup var output: FormatOption

  func validate() throws {
    if let input, input != "-" { throw ValidationError("Name the file with --file \(input).") }
    if event.isEmpty { return }
    if file != nil || input != nil { throw ValidationError("One event as options, or many from a file: not both.") }
    if event.values[.kind] == nil { throw ValidationError("An event given as options needs --kind.") }
    _ = try event.line()
  }

  func run() async throws {
    var tally = RecordTally()
    do {
      let catalog = try Catalog(path: catalog.path)
      if !event.isEmpty {
        try store([(1, try event.line())], in: catalog, &tally)
      } else {
        var lines = EventLines(try source())
        while case let batch = try lines.next(), !batch.isEmpty { try store(batch, in: catalog, &tally) }
      }
    } catch let problem as Problem {
      complain("\(problem)")
      tally.isBroken = true
    }
    try answer(output.format == .json ? try tally.document() : Data("\(tally.line)\n".utf8))
    if tally.isBroken || !tally.refused.isEmpty { throw ExitCode(2) }
  }

  private func source() throws -> FileHandle {
    guard let file, file != "-" else { return .standardInput }
    guard let handle = FileHandle(forReadingAtPath: file) else {
      throw Problem(
        code: "unreadable", operation: "read events", subject: file, reason: String(cString: strerror(errno)))
    }
    return handle
  }

  /// Returns when the batch is on disk.
  private func store(_ batch: [(number: Int, text: Data)], in catalog: Catalog, _ tally: inout RecordTally) throws {
    let outcomes = try catalog.record(batch.map(\.text))
    for (line, outcome) in zip(batch, outcomes) { tally.count(outcome, line: line.number) }
    if batch.count > 1 { writeError("acknowledged up to line \(batch.last?.number ?? 0)\n") }
  }
}
