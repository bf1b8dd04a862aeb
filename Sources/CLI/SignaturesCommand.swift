internal import ArgumentParser
internal import Fingerprints
internal import Foundation
internal import Signatures

/// `vmlineage signatures …`
struct SignaturesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "signatures",
    abstract: "Makes, indexes, shows and verifies signatures: what builds say of the files that they ship.",
    subcommands: [SignaturesAdd.self, SignaturesIndex.self, SignaturesShow.self, SignaturesVerify.self])
}

struct SignaturesIndex: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "index",
    abstract: "Makes one indexed file of many signatures.",
    discussion: """
      Takes signature files, folders of them and other indexes. A file of a folder that cannot be used is named in a \
      warning and left out; one that is named on the command line ends the command. The output appears whole or not \
      at all, and the same input gives the same bytes.

      Exit status: 0 done, 2 failed.
      """)

  @Option(name: .shortAndLong, help: "The index to write, FILE.db.") var output: String
  @Argument(help: "Signature files, folders, indexes.") var paths: [String]

  func run() async throws {
    try await SignatureMessages.ending {
      let built = try SignatureIndex.build(from: paths, at: output)
      built.problems.forEach { SignatureMessages.warn($0) }
      let repeated = built.repeated > 0 ? ", \(built.repeated) given twice" : ""
      SignatureMessages.say("\(output): \(built.builds) builds\(repeated)")
    }
  }
}

struct SignaturesVerify: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Says whether signature files are what their build id says.",
    discussion: "Exit status: 0 all verify, 1 one does not, 2 one could not be read at all.")

  @Argument(help: "Signature files.") var files: [String]

  func run() async throws {
    var status: Int32 = 0
    for file in files {
      do {
        let signature = try Signature.read(URL(fileURLWithPath: file))
        let differences = try signature.differences()
        let verdict = differences.isEmpty ? "verified, build \(signature.build?.description ?? "")" : "does not verify"
        print(SignatureMessages.line("\(file): \(verdict)"))
        for difference in differences { print(SignatureMessages.line("  \(difference)")) }
        if !differences.isEmpty { status = max(status, 1) }
      } catch {
        SignatureMessages.say("\(error)")
        status = max(status, FileManager.default.isReadableFile(atPath: file) ? 1 : 2)
      }
    }
    if status != 0 { throw ExitCode(status) }
  }
}
