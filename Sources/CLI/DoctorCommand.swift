internal import ArgumentParser
internal import Foundation
internal import Reports
internal import Scanner

/// `vmlineage doctor`: what is missing on this machine.
struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Tell what is missing on this machine, and the command that mends it.",
    discussion: """
      Looks for what scanning and capturing need, and boots an empty appliance as a scan would (10 to 20 seconds \
      without KVM, longer the first time).

      EXIT STATUS
        0   images can be scanned
        1   something that scanning needs is missing
      """)

  @OptionGroup var output: FormatOption

  func run() async throws {
    var checks = checkMachine()
    checks.append(await checkAppliance())
    switch output.format {
    case .table: try answer(Data((checks.map(line).joined(separator: "\n") + "\n").utf8))
    case .json: try answer(try jsonDocument(Document(checks: checks)))
    }
    if checks.contains(where: { $0.isNeeded && $0.outcome == .missing }) { throw ExitCode(1) }
  }

  private func line(_ check: MachineCheck) -> String {
    let mark =
      switch check.outcome {
      case .good: "ok      "
      case .missing: "MISSING "
      case .limited: "limited "
      }
    let remedy = check.remedy.map { "\n          → \($0)" } ?? ""
    return "\(mark)\(check.name): \(check.detail)\(remedy)"
  }

  private struct Document: Encodable {
    let schema = "vmlineage.doctor/1"
    let checks: [MachineCheck]
  }
}
