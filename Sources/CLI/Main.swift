internal import ArgumentParser
internal import Foundation

/// The command of every command.
@main
struct VMLineage: AsyncParsableCommand {
  static func main() async {
    holdStandardDescriptors()
    // Else a reader that goes away, or a child that dies at once, ends the program before it has cleaned up.
    signal(SIGPIPE, SIG_IGN)
    await main(nil)
  }

  static let configuration = CommandConfiguration(
    commandName: "vmlineage",
    abstract: "Says what is installed in virtual machine disk images, and which source files it came from.",
    version: "0.1.0",
    subcommands: [
      ScanCommand.self,
      FindCommand.self,
      WhyCommand.self,
      CommonCommand.self,
      SQLCommand.self,
      CaptureCommand.self,
      SignaturesCommand.self,
      RecordCommand.self,
      CatalogCommand.self,
      DoctorCommand.self,
      WorkerCommand.self,
    ])
}
