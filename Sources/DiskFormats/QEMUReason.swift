/// The one line of what a program of QEMU's printed as it failed that says why, without the names of the program, of its
/// option, and of the file that we gave it:
///
///     qemu-nbd: Failed to blk_new_open 'json:{"driver":"vpc",…}': Incorrect header checksum
///     qemu-system-x86_64: -drive file=/…/overlay.qcow2,…: Could not open backing file: Incorrect header checksum
///
/// Nil where it printed nothing. Names inside are as found: whoever prints them escapes them.
package func qemuReason(_ printed: [UInt8]) -> String? {
  let lines = String(decoding: printed.prefix(64 << 10), as: UTF8.self).split(whereSeparator: \.isNewline)
  let errors = lines.filter { $0.hasPrefix("qemu-") && !$0.contains(": warning:") }
  guard var reason = errors.first ?? lines.last else { return nil }
  if reason.hasPrefix("qemu-"), let end = reason.firstRange(of: ": ") { reason = reason[end.upperBound...] }
  if reason.hasPrefix("-"), let end = reason.firstRange(of: ": ") { reason = reason[end.upperBound...] }
  if let name = reason.ranges(of: "': ").last { reason = reason[name.upperBound...] }
  // The backing file of our overlay is the image.
  let backing = "Could not open backing file: "
  if reason.hasPrefix(backing) { reason = reason.dropFirst(backing.count) }
  return reason.isEmpty ? nil : String(reason.prefix(300))
}
