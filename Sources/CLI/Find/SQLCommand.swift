internal import ArgumentParser
internal import Catalog
internal import Foundation
internal import Inventory
internal import Reports

/// `vmlineage sql`: for people who know SQL.
struct SQLCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sql",
    abstract: "Run one SELECT on the catalog, which it can only read.",
    discussion: """
      The views named v_… and their columns stay as they are (docs/catalog.md); tables may change.

      EXAMPLES
        vmlineage sql 'select host, count(*) from v_vms group by host order by 2 desc'
        vmlineage sql "select distinct host from v_hosts_sources where source = 'src/cart.c'"

      EXIT STATUS
        0   rows were found
        1   none were
        2   it could not be run, took too long, or would write
      """)

  @Argument(help: "One statement: SELECT, WITH, VALUES or EXPLAIN.") var statement: String
  @Option(help: "At most so many rows.") var limit: Int = 10_000
  @Option(help: "After how long it is given up: seconds, or with s, m or h.") var deadline = TimeSpan(seconds: 60)
  @OptionGroup var catalog: CatalogOption
  @OptionGroup var output: FormatOption

  func validate() throws {
    if limit < 1 { throw ValidationError("--limit must be at least 1") }
  }

  func run() throws {
    do {
      let result = try Catalog(existing: catalog.path)
        .select(statement, limit: limit, seconds: Double(deadline.seconds))
      switch output.format {
      case .json: try answer(try selectDocument(result))
      case .table: try answer(Data(selectTable(result, width: terminalWidth()).utf8))
      }
      if result.isCut { complain("only the first \(limit) rows are shown; --limit gives more") }
      if result.rows.isEmpty { throw ExitCode(1) }
    } catch let problem as Problem {
      try fail(problem)
    }
  }
}
