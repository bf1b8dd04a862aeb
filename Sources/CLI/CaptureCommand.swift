internal import ArgumentParser
internal import Capture
internal import Fingerprints
internal import Foundation
internal import Reports
internal import Signatures

/// `vmlineage capture … -- COMMAND…`
struct CaptureCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "capture",
    abstract: "Runs a build and records which source revisions went into each file that it made.",
    discussion: """
      The command runs as it would without capture: same input and output, same exit status. Its system calls are \
      followed with strace: what a process read went into what it wrote, through all that was made in between. Sources \
      are files below the --source folders (default: the git work tree of the working folder) that were there before. \
      Build from clean: what an earlier build left is not traced, and is left out with a warning. What a compiler cache \
      or a daemon does is not seen.

      Exit status: that of the command; 2 where it succeeded and the capture did not.
      """)

  @Option(help: "The application's name.") var application: String
  @Option(help: "The release, such as 2.1.") var release: String
  @Option(help: "The folder that holds the finished files at the end.") var artifacts: String
  @Option(parsing: .singleValue, help: "A folder of sources; may be given again.") var source: [String] = []
  @Option(name: .shortAndLong, help: "The signature file to write.") var output: String
  @Argument(parsing: .postTerminator, help: "The build command and its arguments, after --.") var command: [String]

  func validate() throws {
    guard !command.isEmpty else { throw ValidationError("The build command is missing: put it after --.") }
    let folder = URL(fileURLWithPath: output).deletingLastPathComponent().path
    guard FileManager.default.isWritableFile(atPath: folder) else {
      throw ValidationError("The folder of --output is missing or cannot be written: \(folder)")
    }
    for folder in source where !FileManager.default.fileExists(atPath: folder) {
      throw ValidationError("There is no folder \(folder).")
    }
  }

  func run() async throws {
    try await SignatureMessages.ending {
      let build = BuildCapture(
        application: application, release: release, artifacts: URL(fileURLWithPath: artifacts),
        sources: source.map { URL(fileURLWithPath: $0) }, command: command)
      switch try await build.run() {
      case .failed(let status):
        SignatureMessages.say("the build failed with status \(status): no signature was written")
        throw ExitCode(status)
      case .captured(let signature, let warnings):
        warnings.forEach { SignatureMessages.warn($0) }
        try signature.write(to: URL(fileURLWithPath: output))
        let sources = Set(signature.artifacts.flatMap(\.sources)).count
        SignatureMessages.say(
          "\(output): \(counted(signature.artifacts.count, "artifact")), \(counted(sources, "source"))")
      }
    }
  }
}
