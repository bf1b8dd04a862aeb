internal import ArgumentParser
internal import Catalog
internal import Foundation
internal import Inventory

/// `vmlineage catalog …`
struct CatalogCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "catalog", abstract: "Checks the catalog, and makes its tables again.",
    subcommands: [CatalogCheck.self, CatalogRebuild.self])
}

struct CatalogCheck: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Says whether the catalog's file is whole.",
    discussion: """
      EXAMPLE
        vmlineage catalog check --catalog /srv/vmlineage.db

      EXIT STATUS
        0   it is whole
        1   it is damaged: each damage is a line on standard output
        2   it cannot be read at all
      """)

  @OptionGroup var catalog: CatalogOption

  func run() async throws {
    try await reportingProblems {
      let damage = try Catalog(existing: catalog.path).check()
      try answer(Data((damage.isEmpty ? "ok\n" : damage.map { printable($0) + "\n" }.joined()).utf8))
      if !damage.isEmpty { throw ExitCode(1) }
    }
  }
}

struct CatalogRebuild: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rebuild", abstract: "Makes the tables again that follow from events and scans.",
    discussion: """
      Drops links, claims and histories, and makes them again from the events, the scans, and what was concluded of these. \
      The result is what was there before. All or nothing: when it is ended half way, the catalog is as it was.

      EXAMPLE
        vmlineage catalog rebuild

      EXIT STATUS
        0   done
        2   failed; the catalog is as it was
      """)

  @OptionGroup var catalog: CatalogOption

  func run() async throws {
    try await reportingProblems { try Catalog(existing: catalog.path).rebuild() }
  }
}

/// A problem becomes one line and exit status 2.
private func reportingProblems(_ body: () async throws -> Void) async throws {
  do { try await body() } catch let problem as Problem { try fail(problem) }
}
