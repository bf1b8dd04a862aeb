internal import DiskFormats
package import Foundation

/// The throw-away layers that stand between an image and the appliance (hostile.md, rule 1).
package enum Overlay {
  /// Makes a qcow2 overlay whose backing file is the image, so that every layer has a format that we gave.
  ///
  /// - Parameters:
  ///   - backing: the backing file's `json:{…}` with explicit drivers, as `qemuBacking` makes it.
  ///   - driver: QEMU's driver of the topmost layer of it.
  ///   - virtualSize: bytes.
  /// - Throws: `GuestfsError` with what qemu-img said.
  package static func create(at overlay: URL, backing: String, driver: String, virtualSize: UInt64) throws {
    // The size is given and `-u` leaves the backing file unopened here: QEMU opens it once, read-only, in the appliance.
    try runProgram(
      "qemu-img",
      ["create", "-q", "-u", "-f", "qcow2", "-F", driver, "-b", backing, overlay.path, String(virtualSize)])
  }

  /// Makes an empty disk, to try out whether an appliance boots.
  package static func createEmpty(at overlay: URL) throws {
    try runProgram("qemu-img", ["create", "-q", "-f", "qcow2", overlay.path, "1M"])
  }

  /// Makes the sparse raw file that contents come out by. Its length is a bound, not what it takes.
  package static func createScratch(at file: URL, size: UInt64) throws {
    try Data().write(to: file)
    let handle = try FileHandle(forWritingTo: file)
    try handle.truncate(atOffset: size)
    try handle.close()
  }

  private static func runProgram(_ name: String, _ arguments: [String]) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/\(name)")
    process.arguments = arguments
    process.environment = ["LC_ALL": "C"]
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    let errors = Pipe()
    process.standardError = errors
    try process.run()
    let said = try errors.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    if process.terminationStatus != 0 {
      throw GuestfsError(
        operation: name, subject: arguments.last ?? "", reason: qemuReason(Array(said)) ?? "it gave no reason")
    }
  }
}
