/// A call to libguestfs that failed: which, on what, and what libguestfs said.
package struct GuestfsError: Error, Sendable, CustomStringConvertible {
  /// The call's name in guestfs(3), such as `mount_options`.
  package var operation: String
  /// What it was called with that matters: a device, a path.
  package var subject: String
  /// libguestfs's own words; they may quote the guest, so print them safely.
  package var reason: String
  /// Whether it is the image that QEMU does not take.
  package var isOfImage = false

  package init(operation: String, subject: String, reason: String) {
    self.operation = operation
    self.subject = subject
    self.reason = reason
  }

  package var description: String { "\(operation) \(subject): \(reason)" }
}
