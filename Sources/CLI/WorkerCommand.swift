internal import ArgumentParser
internal import Scanner

/// The child's side of a scan: started by the program itself, one process an image.
struct WorkerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: workerCommand, shouldDisplay: false)

  func run() { runWorker() }
}
