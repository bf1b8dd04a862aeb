internal import ArgumentParser

/// The command of every command.
@main
struct VMLineage: AsyncParsableCommand {
  static func main() async {
    holdStandardDescriptors()
    await main(nil)
  }

  static let configuration = CommandConfiguration(
    commandName: "vmlineage",
    abstract: "Says what is installed in virtual machine disk images, and which source files it came from.",
    subcommands: [
      ScanCommand.self,
      CaptureCommand.self,
      SignaturesCommand.self,
      DoctorCommand.self,
      WorkerCommand.self,
    ])
}
