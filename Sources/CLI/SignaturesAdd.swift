internal import ArgumentParser
internal import Capture
internal import Fingerprints
internal import Foundation
internal import Reports
internal import Signatures

struct SignaturesAdd: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add",
    abstract: "Makes a signature of finished files: a folder, or an archive.",
    discussion: """
      A folder gives its regular files by their paths below it; links are not followed. What is unpacked when it is \
      installed gives its entries: tar (plain or packed), zip, deb (its data), and a Python wheel (.data folders as \
      pip lays them out). A jar is installed as it is, so it is one artifact itself; so is any other file.

      With --source, an artifact that is equal to a file of that git work tree's HEAD, byte by byte or as text but for \
      line ends, gets that file's revision: scripts and configuration that are installed as they are. What is compiled \
      gets its sources from `vmlineage capture`.

      Exit status: 0 done, 2 failed.
      """)

  @Option(help: "The application's name.") var application: String
  @Option(help: "The release, such as 2.1.") var release: String
  @Option(help: "A git work tree that files were installed from as they are.") var source: String?
  @Option(help: "What it was built for, such as linux-x86_64.") var platform: String?
  @Option(name: .shortAndLong, help: "The signature file to write.") var output: String
  @Argument(help: "Folders, archives or files.") var paths: [String]

  func run() async throws {
    try await SignatureMessages.ending {
      var found = ArtifactList()
      for path in paths { try found.add(path) }
      found.problems.forEach { SignatureMessages.warn($0) }
      if let source {
        try await SourceMatcher.addSources(to: &found.artifacts, from: URL(fileURLWithPath: source))
      }
      let environment = platform.map { BuildEnvironment(platform: $0) }
      let signature = try Signature(
        application: application, release: release, environment: environment, artifacts: found.artifacts
      ).sealed()
      try signature.write(to: URL(fileURLWithPath: output))
      SignatureMessages.say(
        "\(output): \(counted(signature.artifacts.count, "artifact")), build \(signature.build?.description ?? "")")
    }
  }
}
