internal import ArgumentParser
internal import Catalog
internal import Foundation
internal import Inventory
internal import Reports

/// `vmlineage common`: what a set shares and another lacks.
struct CommonCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "common",
    abstract: "Tell what vms, hosts or images have in common, and what separates them from others.",
    discussion: """
      Without --against: what all of them have. With --against: what they have more often than the others, the likely \
      cause first, by Fisher's exact test (one-sided), corrected for the number of things tested (Benjamini-Hochberg). \
      Sources and applications are tested as a whole, "(any)", and by each revision or release: a change is the likely \
      cause where a revision stands before its source.

      EXAMPLES
        vmlineage common sources --vm web-01 --vm web-04 --against web-02 --against web-03
        vmlineage common applications --host 'db-*' --against 'web-*'
        vmlineage find vms --state failed --format ids | vmlineage common sources --vm - --against 'web-*'

      EXIT STATUS
        0   something was found
        1   nothing was, or the catalog does not know a name
        2   the catalog could not be read
        64  the question makes no sense
      """)

  @Argument(help: "sources, applications or artifacts.") var subject: Comparison.Subject
  @Option(parsing: .singleValue, help: "A vm of the set: its name, UUID or a pattern.") var vm: [String] = []
  @Option(parsing: .singleValue, help: "A host of the set.") var host: [String] = []
  @Option(parsing: .singleValue, help: "An image of the set.") var image: [String] = []
  @Option(parsing: .singleValue, help: "One of the others, of the same kind.") var against: [String] = []
  @Option(help: "At most so many answers.") var limit: Int?
  @Option(help: ArgumentHelp("As it was then.", valueName: "time")) var at: String?
  @OptionGroup var catalog: CatalogOption
  @OptionGroup var output: FormatOption

  func validate() throws {
    guard [vm, host, image].filter({ !$0.isEmpty }).count == 1 else {
      throw ValidationError("give --vm, --host or --image, one of them, as often as needed")
    }
    if let at, FilterOptions.time(at) == nil { throw ValidationError("--at takes an ISO 8601 time") }
    if let limit, limit < 1 { throw ValidationError("--limit must be at least 1") }
  }

  func run() throws {
    do {
      let kind: Filter.Kind = !vm.isEmpty ? .vm : !host.isEmpty ? .host : .image
      let comparison = Comparison(
        subject, of: Filter(kind, try (vm + host + image).flatMap(FilterOptions.expanded)),
        against: Filter(kind, try against.flatMap(FilterOptions.expanded)))
      let found = try Catalog(existing: catalog.path).common(comparison, at: at.flatMap(FilterOptions.time))
      let shared = Array(found.prefix(limit ?? .max))
      switch output.format {
      case .json: try answer(try commonDocument(shared, subject))
      case .table: if !shared.isEmpty { try answer(Data(commonTable(shared, width: terminalWidth()).utf8)) }
      }
      if shared.isEmpty { throw ExitCode(1) }
    } catch let problem as Problem {
      try fail(problem)
    }
  }
}

extension Comparison.Subject: ExpressibleByArgument {}
