internal import ArgumentParser
internal import Fingerprints
internal import Foundation
internal import Signatures

struct SignaturesShow: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Shows what a signature says: its artifacts and their sources.",
    discussion: "Exit status: 0 done, 2 the file could not be read.")

  enum Format: String, ExpressibleByArgument, CaseIterable { case table, json }

  @Option(help: "table for people, json (schema vmlineage.signature/1) for programs.") var format = Format.table
  @Argument(help: "A signature file.") var file: String

  func run() async throws {
    try await SignatureMessages.ending {
      let signature = try Signature.read(URL(fileURLWithPath: file))
      switch format {
      case .json: try answer(try signature.canonical() + Data("\n".utf8))
      case .table: print(table(signature))
      }
    }
  }

  private func table(_ signature: Signature) -> String {
    var about = [
      ["application", "\(signature.application) \(signature.release)"],
      ["build", signature.build?.description ?? "not sealed"],
    ]
    let environment = signature.environment
    if let built = signature.built { about.append(["built", built.formatted(.iso8601)]) }
    if let platform = environment?.platform { about.append(["platform", platform]) }
    if let compiler = environment?.compiler { about.append(["compiler", compiler]) }
    if let builder = environment?.builder { about.append(["builder", builder]) }
    if let command = environment?.command { about.append(["command", command.joined(separator: " ")]) }
    let artifacts = signature.artifacts.map { artifact in
      ["\(artifact.size)", String(artifact.sha256.description.prefix(12)), "\(artifact.sources.count)", artifact.path]
    }
    var parts = [
      SignatureMessages.table(["", ""], about).trimmingCharacters(in: .whitespacesAndNewlines),
      SignatureMessages.table(["SIZE", "SHA256", "SOURCES", "ARTIFACT"], artifacts),
    ]
    let sources = sourceRows(signature)
    if !sources.isEmpty {
      parts.append(SignatureMessages.table(["REVISION", "REVISED", "AUTHOR", "SOURCE", "ARTIFACTS"], sources))
    }
    return parts.joined(separator: "\n\n")
  }

  private func sourceRows(_ signature: Signature) -> [[String]] {
    let uses = signature.artifacts.flatMap(\.sources).reduce(into: [SourceRevision: Int]()) { $0[$1, default: 0] += 1 }
    return uses.sorted { ($0.key.repository, $0.key.path) < ($1.key.repository, $1.key.path) }.map { source, count in
      [
        source.uncommitted ? "uncommitted" : String((source.revision ?? source.blob).prefix(12)),
        source.revised?.formatted(.iso8601) ?? "", source.author ?? "", source.path, "\(count)",
      ]
    }
  }
}
