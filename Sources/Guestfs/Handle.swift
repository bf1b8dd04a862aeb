internal import CGuestfs

/// Whether libguestfs is on this machine.
package var libguestfsIsThere: Bool { vmlineage_guestfs_function("guestfs_cryptsetup_open_argv") != nil }

/// The owner of one `guestfs_h`, and the only unsafe code of this room. It cannot be copied, so it is closed once.
///
/// libguestfs keeps the last error and the error handler per thread (lib/errors.c), so each call and the reading of its
/// error happen in one synchronous function here.
struct Handle: ~Copyable {
  private let guestfs: OpaquePointer

  /// - Throws: where libguestfs is not there, or has no memory for a handle.
  init() throws(GuestfsError) {
    guard let guestfs = vmlineage_guestfs_create() else {
      let reason = libguestfsIsThere ? "libguestfs gave none" : "libguestfs (libguestfs.so.0) is not on this machine"
      throw GuestfsError(operation: "create", subject: "handle", reason: reason)
    }
    self.guestfs = guestfs
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

  private func lastError(_ operation: String, _ subject: String) -> GuestfsError {
    let reason = vmlineage_guestfs_last_error(guestfs).map { String(cString: $0) } ?? "no reason given"
    return GuestfsError(operation: operation, subject: subject, reason: reason)
  }
}
