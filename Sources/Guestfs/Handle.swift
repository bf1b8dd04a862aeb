internal import CGuestfs
internal import DiskFormats

/// Whether libguestfs is on this machine.
package var libguestfsIsThere: Bool { vmlineage_guestfs_function("guestfs_cryptsetup_open_argv") != nil }

/// The owner of one `guestfs_h`, and the only unsafe code of this room. It cannot be copied, so it is closed once.
///
/// libguestfs keeps the last error and the error handler per thread (lib/errors.c), so each call and the reading of its
/// error happen in one synchronous function here.
struct Handle: ~Copyable {
  private let guestfs: OpaquePointer
  private let console = Console()

  /// - Throws: where libguestfs is not there, or has no memory for a handle.
  init() throws(GuestfsError) {
    guard let guestfs = vmlineage_guestfs_create() else {
      let reason = libguestfsIsThere ? "libguestfs gave none" : "libguestfs (libguestfs.so.0) is not on this machine"
      throw GuestfsError(operation: "create", subject: "handle", reason: reason)
    }
    self.guestfs = guestfs
    // The console outlives the handle.
    let opaque = Unmanaged.passUnretained(console).toOpaque()
    _ = vmlineage_guestfs_set_event_callback(
      guestfs,
      { _, opaque, _, _, _, text, count, _, _ in
        guard let opaque, let text else { return }
        Unmanaged<Console>.fromOpaque(opaque).takeUnretainedValue().take(
          UnsafeRawBufferPointer(start: text, count: count))
      }, vmlineage_event_appliance, opaque)
  }

  deinit { vmlineage_guestfs_close(guestfs) }

  /// Makes a call that answers 0 where it worked.
  func check(_ operation: String, _ subject: String, _ body: (OpaquePointer) -> Int32) throws(GuestfsError) {
    vmlineage_guestfs_push_error_handler(guestfs, nil, nil)
    defer { vmlineage_guestfs_pop_error_handler(guestfs) }
    if body(guestfs) != 0 { throw lastError(operation, subject) }
  }

  /// Makes a call that answers a string of its own, which is copied and freed.
  func text(
    _ operation: String, _ subject: String, _ body: (OpaquePointer) -> UnsafeMutablePointer<CChar>?
  ) throws(GuestfsError) -> String {
    vmlineage_guestfs_push_error_handler(guestfs, nil, nil)
    defer { vmlineage_guestfs_pop_error_handler(guestfs) }
    guard let answer = body(guestfs) else { throw lastError(operation, subject) }
    defer { free(answer) }
    return String(cString: answer)
  }

  /// Makes a call that answers a list of strings of its own, which are copied and freed.
  func texts(
    _ operation: String, _ subject: String,
    _ body: (OpaquePointer) -> UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
  ) throws(GuestfsError) -> [String] {
    vmlineage_guestfs_push_error_handler(guestfs, nil, nil)
    defer { vmlineage_guestfs_pop_error_handler(guestfs) }
    guard let answer = body(guestfs) else { throw lastError(operation, subject) }
    defer { free(answer) }
    var texts: [String] = []
    var next = answer
    while let text = next.pointee {
      texts.append(String(cString: text))
      free(text)
      next += 1
    }
    return texts
  }

  /// Boots the appliance. Why it did not boot libguestfs does not say, only where to look; QEMU's own words are on the console.
  func launch() throws(GuestfsError) {
    do {
      try check("launch", "appliance") { vmlineage_guestfs_launch($0) }
    } catch {
      var error = error
      error.reason = console.reason ?? error.reason
      error.isOfImage = console.isOfImage
      throw error
    }
  }

  private func lastError(_ operation: String, _ subject: String) -> GuestfsError {
    let reason = vmlineage_guestfs_last_error(guestfs).map { String(cString: $0) } ?? "no reason given"
    // What follows the first line is advice to people who debug libguestfs.
    let line = reason.split(whereSeparator: \.isNewline).first.map { String($0.prefix(500)) } ?? reason
    return GuestfsError(operation: operation, subject: subject, reason: line)
  }
}

/// What is printed while an appliance boots, by QEMU and by the guest's kernel, of which only the line is kept that says why
/// it does not. libguestfs calls it within its own calls only, so from the one thread that uses the handle.
private final class Console {
  private var line: [UInt8] = []
  private var cause: [UInt8]?

  private static let causes = ["qemu-system-", "supermin: ", "Kernel panic"]

  func take(_ bytes: UnsafeRawBufferPointer) {
    if cause != nil { return }
    for byte in bytes {
      if byte == UInt8(ascii: "\n") {
        let text = String(decoding: line, as: UTF8.self)
        if Self.causes.contains(where: text.contains), !text.contains(": warning:") { cause = line }
        line = []
      } else if line.count < 4096 {
        line.append(byte)
      }
    }
  }

  var reason: String? { cause.flatMap(qemuReason) }
  /// QEMU names the drive that it does not take.
  var isOfImage: Bool { cause.map { String(decoding: $0, as: UTF8.self).contains("overlay.qcow2") } ?? false }
}
