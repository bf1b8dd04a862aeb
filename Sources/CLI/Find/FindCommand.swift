internal import ArgumentParser
internal import Catalog
internal import Foundation
internal import Inventory
internal import Reports

/// `vmlineage find`: questions to the catalog.
struct FindCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "find",
    abstract: "Answer a question about hosts, vms, images, applications, files and sources.",
    discussion: """
      All filters must hold, and hold of one chain: host, vm, image, release, build, artifact, revision, source. A \
      filter that is given twice must hold of two. --not takes away what its filter alone would find. Values may be \
      patterns ('web-*'), and '-' reads them from standard input.

      EXAMPLES
        vmlineage find hosts --source cart.c                    which hosts run what was built from cart.c
        vmlineage find sources --vm web-07                      what runs in web-07 was built from
        vmlineage find releases --rebooted unexpected --within 24h --installed-within 7d
                                                                what changed on the hosts that crashed
        vmlineage find vms --application 'openssl@3.0.*' --state running
        vmlineage find vms --group shop --not application=shop@2.1
        vmlineage find hosts --source cart.c --at 2026-01-31    as it was then
        vmlineage find images --file /usr/lib/libz.so.1         any file, known to a signature or not
        vmlineage find releases --outdated --state running      and how far behind
        vmlineage find vms --author ann --format ids | vmlineage find hosts --vm -
        vmlineage find --list                                   ready questions
        vmlineage find --question hosts-with-source source=cart.c

      EXIT STATUS
        0   something was found
        1   nothing was found, or the catalog does not know a name
        2   the catalog could not be read
        64  the question makes no sense
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable { case table, json, ids }

  @Argument(
    help: ArgumentHelp(
      "What is asked for: \(Entity.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "entity"))
  var words: [String] = []
  @OptionGroup(title: "Filters") var filters: FilterOptions
  @Option(help: "Sorted by name, confidence or time. Default: the most certain first of those found first.")
  var sort: Question.Order?
  @Option(help: "At most so many answers.") var limit: Int?
  @Flag(help: "How many there are.") var count = false
  @Flag(help: "Print the SQL, its parameters and how the engine goes about it, and ask nothing.") var explain = false
  @Flag(help: "List ready questions and their parameters.") var list = false
  @Option(help: ArgumentHelp("A ready question; its parameters follow as NAME=VALUE.", valueName: "name"))
  var question: String?
  @OptionGroup var catalog: CatalogOption
  @Option(help: "How the answer is written: table, json, or ids for passing it on.") var format: Format = .table

  func validate() throws {
    if let limit, limit < 1 { throw ValidationError("--limit must be at least 1") }
    if question == nil, !list {
      guard words.count == 1, Entity(rawValue: words[0]) != nil else {
        throw ValidationError("name one of \(Entity.allCases.map(\.rawValue).joined(separator: ", "))")
      }
    }
  }

  func run() throws {
    if list { return try answer(Data(readyList(format == .json).utf8)) }
    let question: Question
    do { question = try asked() } catch let problem as Problem { try fail(problem) }
    do {
      let catalog = try Catalog(existing: catalog.path)
      if explain { return try answer(Data(explanationText(catalog.explain(question)).utf8)) }
      try count ? printCount(catalog.count(question), question) : printAnswers(catalog.find(question), question)
    } catch let problem as Problem {
      guard problem.code == "unknown-name" else { try fail(problem) }
      complain(problem.description)
      try printAnswers([], question)
    }
  }

  private func asked() throws -> Question {
    var asked: Question
    if let name = question {
      guard let ready = ReadyQuestion.all.first(where: { $0.name == name }) else {
        throw Problem(
          code: "usage", operation: "ask", subject: name, reason: "there is no such ready question",
          remedy: "vmlineage find --list shows them")
      }
      let pairs = try words.map { word in
        let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 else { throw ValidationError("give parameters as NAME=VALUE, not '\(word)'") }
        return (parts[0], parts[1])
      }
      asked = try ready.question(Dictionary(pairs) { $1 })
    } else {
      asked = Question(Entity(rawValue: words[0]) ?? .hosts)
    }
    try filters.fill(&asked)
    asked.order = sort
    asked.limit = limit
    return asked
  }

  private func printCount(_ count: Int, _ question: Question) throws {
    switch format {
    case .json: try answer(FindDocument(entity: question.entity, count: count, answers: []).data())
    default: try answer(Data("\(count)\n".utf8))
    }
    if count == 0 { throw ExitCode(1) }
  }

  private func printAnswers(_ answers: [Answer], _ question: Question) throws {
    switch format {
    case .json:
      try answer(FindDocument(entity: question.entity, count: answers.count, answers: answers).data())
    case .ids:
      var seen: Set<String> = []
      try answer(Data(answers.map(\.id).filter { seen.insert($0).inserted }.map { "\($0)\n" }.joined().utf8))
    case .table:
      if !answers.isEmpty { try answer(Data(findTable(answers, question.entity, width: terminalWidth()).utf8)) }
    }
    if answers.isEmpty { throw ExitCode(1) }
  }
}

extension Question.Order: ExpressibleByArgument {}
