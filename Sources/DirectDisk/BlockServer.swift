internal import CNBD
internal import CSandbox
internal import DiskFormats
internal import Foundation

/// A qemu-nbd for one image, which knows the formats. It is confined to that image, in this process's group, and ends when
/// the connection is closed, at the latest with the thread that started it.
final class BlockServer {
  let nbd: OpaquePointer
  private let process: pid_t
  /// What it prints: why it ends, or does not give a block.
  private let printed: Int32

  /// Bytes of its address space: qemu-nbd itself takes 400 MiB, and a table of a large image some hundred.
  private static let memory: UInt64 = 2 << 30

  /// Bytes that it may write: what it says of an image.
  private static let written: UInt64 = 1 << 20

  /// - Throws: where it does not start or does not open the image.
  init(_ chain: DiskChain, folder: String, by means: Confinement.Means?) throws {
    if let obstacle = chain.header.qemuObstacle {
      // Only what is odd about such an image leads here.
      let why = chain.header.warnings.first.map { "\($0), and " } ?? ""
      throw DirectDiskError("qemu-nbd", why + obstacle, isFinal: true)
    }
    let images = try Inherited(chain.files)
    let backing = try qemuBacking(chain) { images.path(of: $0) }
    let (listener, connection) = try Self.sockets(folder)
    let printed = vmlineage_memory_file("qemu-nbd")
    self.printed = printed
    do {
      // Only qemu-nbd listens from then on: where it ends, the connection does.
      defer { close(listener) }
      process = try Self.start(
        ["qemu-nbd", "--read-only", backing.name], listener, printed, reads: chain.files.map(images.path), by: means)
    } catch {
      close(connection)
      close(printed)
      throw error
    }
    do {
      nbd = try Self.handle(on: connection)
    } catch {
      Self.end(process)
      defer { close(printed) }
      throw Self.error("qemu-nbd", Self.text(of: printed), otherwise: error.reason)
    }
  }

  deinit {
    vmlineage_nbd_close(nbd)
    Self.end(process)
    close(printed)
  }

  /// A read that failed: the image's fault, by what the server says of it.
  func readError() -> DirectDiskError {
    var error = Self.error("read", Self.text(of: printed), otherwise: Self.lastError())
    error.isOfDisk = true
    return error
  }

  private static func error(_ operation: String, _ printed: [UInt8], otherwise reason: String) -> DirectDiskError {
    DirectDiskError(operation, qemuReason(printed) ?? reason)
  }

  /// The first that was printed.
  private static func text(of printed: Int32) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: 64 << 10) { buffer, count in
      count = max(0, pread(printed, buffer.baseAddress, buffer.count, 0))
    }
  }

  private static func end(_ process: pid_t) {
    kill(process, SIGKILL)
    waitpid(process, nil, 0)
  }

  /// Waits until the server has opened the image. One that never does must not hold this process, which does not see yet
  /// whether its parent is there.
  static func handle(
    on connection: Int32, within patience: Duration = .seconds(20)
  ) throws(DirectDiskError) -> OpaquePointer {
    guard let nbd = vmlineage_nbd_create() else {
      close(connection)
      throw DirectDiskError("open libnbd", lastError())
    }
    let end = ContinuousClock.now + patience
    var outcome = vmlineage_nbd_aio_connect_socket(nbd, connection)
    while outcome >= 0, vmlineage_nbd_aio_is_connecting(nbd) == 1, ContinuousClock.now < end {
      outcome = vmlineage_nbd_poll(nbd, 100)
    }
    if outcome >= 0, vmlineage_nbd_aio_is_ready(nbd) == 1 { return nbd }
    let reason = outcome < 0 ? lastError() : "it does not answer"
    vmlineage_nbd_close(nbd)
    throw DirectDiskError("qemu-nbd", "it does not serve the image: \(reason)")
  }

  /// A listening socket and a connection to it. Its name is gone before anything else runs, so nobody else finds it.
  private static func sockets(_ folder: String) throws(DirectDiskError) -> (listener: Int32, connection: Int32) {
    func failure() -> DirectDiskError { DirectDiskError("make socket", String(cString: strerror(errno))) }
    let place = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard place >= 0 else { throw failure() }
    defer { close(place) }
    // A folder's path may be longer than the name of a socket may be.
    let name = "/proc/self/fd/\(place)/blocks"
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(name.utf8)) }
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    let listener = socket(AF_UNIX, kind, 0)
    let connection = socket(AF_UNIX, kind, 0)
    let isJoined = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        let length = socklen_t(MemoryLayout<sockaddr_un>.size)
        guard bind(listener, address, length) == 0 else { return false }
        defer { unlink(name) }
        return listen(listener, 1) == 0 && Glibc.connect(connection, address, length) == 0
      }
    }
    guard isJoined else {
      let error = failure()
      for descriptor in [listener, connection] where descriptor >= 0 { close(descriptor) }
      throw error
    }
    return (listener, connection)
  }

  private static func start(
    _ words: [String], _ listener: Int32, _ printed: Int32, reads files: [String], by means: Confinement.Means?
  ) throws(DirectDiskError) -> pid_t {
    let program = "/usr/bin/qemu-nbd"
    guard access(program, X_OK) == 0 else {
      throw DirectDiskError("qemu-nbd", "it is not installed: sudo apt-get install qemu-utils")
    }
    let confinement = Confinement(
      readable: files + ["/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/proc/self", "/dev/null", "/dev/urandom"],
      executable: [program, "/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1"],
      refused: Confinement.neverNeeded + ["connect", "bind", "socket"])
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    return try confinement.withKernelForm(by: means) { ruleset, filter throws(DirectDiskError) in
      let process = vmlineage_serve(program, &arguments, listener, printed, memory, written, ruleset, filter)
      guard process > 0 else { throw DirectDiskError("qemu-nbd", String(cString: strerror(errno))) }
      return process
    }
  }

  static func lastError() -> String { vmlineage_nbd_get_error().map { String(cString: $0) } ?? "no reason given" }
}

/// Descriptors of an image's files that a program started now has too, until this value is gone.
private final class Inherited {
  private var copies: [String: Int32] = [:]

  init(_ files: [DiskFile]) throws(DirectDiskError) {
    for file in files {
      // The numbers below may be given to the program for something else.
      let copy = fcntl(file.descriptor, F_DUPFD, 64)
      guard copy >= 0 else { throw DirectDiskError("qemu-nbd", String(cString: strerror(errno))) }
      copies[file.path] = copy
    }
  }

  deinit { for copy in copies.values { close(copy) } }

  func path(of file: DiskFile) -> String { "/proc/self/fd/\(copies[file.path] ?? file.descriptor)" }
}
