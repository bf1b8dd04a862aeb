internal import ArgumentParser
internal import Foundation
internal import Inventory

/// Gives standard input, output and error something to stand on where the caller closed them: the next file opened would
/// take their number, and what is printed would go into it.
func holdStandardDescriptors() {
  for descriptor: Int32 in 0...2 where fcntl(descriptor, F_GETFD) < 0 { _ = open("/dev/null", O_RDWR) }
}

/// One line on standard error.
func complain(_ text: String) { writeError("vmlineage: \(text)\n") }

/// Text as it stands on standard error. Where nobody can read it (closed, disk full), work goes on all the same.
func writeError(_ text: String) {
  try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
}

/// Ends a command that could not do what it was asked.
func fail(_ problem: Problem) throws -> Never {
  complain(problem.description)
  throw ExitCode(["usage": 64, "unknown-name": 1][problem.code] ?? 2)
}

/// The answer, on standard output.
/// - Throws: status 2 where it does not all get there: a caller must not take part of a document for all of it.
func answer(_ data: Data) throws {
  do {
    try FileHandle.standardOutput.write(contentsOf: data)
  } catch {
    complain("the answer could not be written to standard output: \(String(cString: strerror(errno)))")
    throw ExitCode(2)
  }
}
