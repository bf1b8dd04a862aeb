internal import ArgumentParser
internal import Catalog
internal import Foundation
internal import Inventory
internal import Reports

/// `vmlineage why`: how two things are joined, and what that rests on.
struct WhyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "why",
    abstract: "Tell by which links two things are joined, and the events and evidence behind each.",
    discussion: """
      A thing is a name, or KIND:NAME where that is not clear: host, vm, image, release, application, artifact, \
      revision, source. The order does not matter.

      EXAMPLES
        vmlineage why gold.vhd shop
        vmlineage why host:web-07 source:cart.c
        vmlineage why vm:web-07 release:openssl@3.0.2 --at 2026-01-31

      EXIT STATUS
        0   they are joined
        1   they are not, or the catalog does not know a name
        2   the catalog could not be read
      """)

  @Argument(help: "A thing.") var one: String
  @Argument(help: "Another.") var other: String
  @Option(help: "At most so many ways, the surest first.") var limit: Int = 10
  @Option(help: ArgumentHelp("As it was then.", valueName: "time")) var at: String?
  @OptionGroup var catalog: CatalogOption
  @OptionGroup var output: FormatOption

  func validate() throws {
    if limit < 1 { throw ValidationError("--limit must be at least 1") }
    if let at, FilterOptions.time(at) == nil { throw ValidationError("--at takes an ISO 8601 time") }
  }

  func run() throws {
    do {
      let ways = try Catalog(existing: catalog.path)
        .why(one, other, at: at.flatMap(FilterOptions.time), limit: limit)
      switch output.format {
      case .json: try answer(try whyDocument(ways))
      case .table: if !ways.isEmpty { try answer(Data(whyText(ways).utf8)) }
      }
      if ways.isEmpty { throw ExitCode(1) }
    } catch let problem as Problem {
      try fail(problem)
    }
  }
}
