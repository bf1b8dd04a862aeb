/// The one line of what a program of QEMU's printed as it failed that says why, without the names of the program, of its
/// option, and of the file that we gave it:
///
///     qemu-nbd: Failed to blk_new_open 'json:{"driver":"vpc",…}': Incorrect header checksum
///     qemu-system-x86_64: -drive file=/…/overlay.qcow2,…: Could not open backing file: Incorrect header checksum
///     qcow2: Image is corrupt: L2 table offset 0x40200 unaligned (L1 index: 0); further non-fatal corruption events …
///
/// Nil where it printed nothing. Names inside are as found: whoever prints them escapes them.
package func qemuReason(_ printed: [UInt8]) -> String? {
  let lines = String(decoding: printed.prefix(64 << 10), as: UTF8.self).split(whereSeparator: \.isNewline)
    .filter { !$0.contains(": warning:") }
  // That a client went away is what came of an error.
  let error = lines.first { $0.hasPrefix("qemu-") && !$0.contains(disconnect) }
  guard var reason = error ?? lines.first(where: { $0.contains("Image is corrupt") }) ?? lines.last else { return nil }
  if reason.hasPrefix("qemu-"), let end = reason.firstRange(of: ": ") { reason = reason[end.upperBound...] }
  if reason.hasPrefix("-"), let end = reason.firstRange(of: ": ") { reason = reason[end.upperBound...] }
  if let name = reason.ranges(of: "': ").last { reason = reason[name.upperBound...] }
  // The backing file of our overlay is the image.
  for prefix in ["Could not open backing file: ", disconnect] where reason.hasPrefix(prefix) {
    reason = reason.dropFirst(prefix.count)
  }
  if let end = reason.firstRange(of: "; further non-fatal") { reason = reason[..<end.lowerBound] }
  return reason.isEmpty ? nil : String(reason.prefix(300))
}

private let disconnect = "Disconnect client, due to: Failed to send reply: "
