internal import CSandbox
internal import Foundation

/// What a process may still do that reads what strangers wrote: Landlock (landlock(7)), or a sandbox in which it was
/// started (`Sandbox`), bounds the files that it can open, seccomp(2) the calls that it can make, setrlimit(2) its memory
/// and how long its files become. It holds for threads and programs started afterwards.
package struct Confinement {
  /// Files and folders that can be read.
  var readable: [String]
  /// Folders in which files can be made, written and removed.
  var writable: [String] = []
  /// Programs, and the loader that they need.
  var executable: [String] = []
  /// Calls that fail with EPERM.
  var refused: [String]

  /// Confines the calling thread.
  ///
  /// - Parameters:
  ///   - readable: files that are opened later on, beside those that the program itself needs.
  ///   - writable: folders in which temporary files are made.
  ///   - memory: bytes of address space.
  ///   - written: the most bytes that any file has which it writes; what it says on standard error may be such a file.
  ///   - means: with a sandbox it is the one that this process is in.
  /// - Throws: where the kernel lacks any part of it; nothing may be read then.
  package static func confine(
    readable: [String], writable: [String], memory: UInt64, written: UInt64, by means: Means? = .landlock
  ) throws(DirectDiskError) {
    let confinement = Confinement(
      readable: readable + ["/usr", "/lib", "/lib64", "/etc/localtime", "/proc/self", "/dev/null", "/dev/urandom"],
      writable: writable, refused: neverNeeded + ["execve", "execveat", "fork", "vfork"] + network)
    guard vmlineage_limit(Int32(RLIMIT_AS.rawValue), memory) == 0, vmlineage_limit(Int32(RLIMIT_CORE.rawValue), 0) == 0
    else { throw DirectDiskError("confine", "memory cannot be limited") }
    guard vmlineage_limit_files(written) == 0 else { throw DirectDiskError("confine", "files cannot be limited") }
    try confinement.withKernelForm(by: means) { ruleset, filter throws(DirectDiskError) in
      guard vmlineage_confine(ruleset, filter) == 0 else {
        throw DirectDiskError("confine", String(cString: strerror(errno)))
      }
    }
  }

  /// What the kernel gets of it: a ruleset, which is -1 in a sandbox, and a filter.
  func withKernelForm<Result>(
    by means: Means?, _ body: (Int32, UnsafeMutableRawPointer) throws(DirectDiskError) -> Result
  ) throws(DirectDiskError) -> Result {
    if means == .bubblewrap, !Sandbox.isThis { throw DirectDiskError("confine", "this process is in no sandbox") }
    let ruleset = means == .bubblewrap ? -1 : try ruleset()
    defer { if ruleset >= 0 { close(ruleset) } }
    guard let filter = seccomp_init(Self.allow) else { throw DirectDiskError("confine", "seccomp gave no filter") }
    defer { seccomp_release(filter) }
    for name in refused {
      let call = seccomp_syscall_resolve_name(name)
      // Not every architecture has every call.
      if call == Self.unknownCall { continue }
      guard seccomp_rule_add_array(filter, Self.refuse, call, 0, nil) == 0 else {
        throw DirectDiskError("confine", "seccomp does not take \(name)")
      }
    }
    return try body(ruleset, filter)
  }

  // SCMP_ACT_ALLOW, SCMP_ACT_ERRNO(EPERM) and __NR_SCMP_ERROR (seccomp.h), which are macros with casts.
  private static let allow: UInt32 = 0x7FFF_0000
  private static let refuse: UInt32 = 0x0005_0000 | UInt32(EPERM)
  private static let unknownCall: Int32 = -1

  private func ruleset() throws(DirectDiskError) -> Int32 {
    let version = vmlineage_landlock_version()
    guard version > 0 else {
      throw DirectDiskError(
        "confine",
        "this kernel has no Landlock and no sandbox can be made by bubblewrap, so nothing is read outside of the appliance"
      )
    }
    // landlock(7): 13 rights in version 1, one more in each of the next two.
    let handled: UInt64 = (1 << (12 + UInt64(min(version, 3)))) - 1
    let ruleset = vmlineage_landlock_create(handled)
    guard ruleset >= 0 else { throw DirectDiskError("confine", String(cString: strerror(errno))) }
    let read = UInt64(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
    let execute = UInt64(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE)
    for (places, rights) in [
      (readable, read), (executable, execute), (writable, handled & ~UInt64(LANDLOCK_ACCESS_FS_EXECUTE)),
    ] {
      for place in places { allow(place, rights, in: ruleset) }
    }
    return ruleset
  }

  /// What is not there cannot be allowed, and needs not be.
  private func allow(_ place: String, _ rights: UInt64, in ruleset: Int32) {
    let descriptor = open(place, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    var facts = stat()
    guard fstat(descriptor, &facts) == 0 else { return }
    // The kernel refuses rights of folders for what is none.
    let ofFiles = UInt64(
      LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_EXECUTE)
    _ = vmlineage_landlock_allow(ruleset, descriptor, facts.st_mode & S_IFMT == S_IFDIR ? rights : rights & ofFiles)
  }

  /// Calls by which a process reaches beyond itself.
  static let neverNeeded = [
    "acct", "add_key", "adjtimex", "bpf", "chmod", "chown", "chroot", "clock_adjtime", "clock_settime",
    "delete_module", "fchmod", "fchmodat", "fchown", "fchownat", "finit_module", "fsconfig", "fsmount", "fsopen",
    "fspick", "futimesat", "init_module", "io_uring_enter", "io_uring_register", "io_uring_setup", "ioperm", "iopl",
    "kcmp", "kexec_file_load", "kexec_load", "keyctl", "lchown", "mknod", "mknodat", "mount", "mount_setattr",
    "move_mount", "name_to_handle_at", "open_by_handle_at", "open_tree", "perf_event_open", "personality",
    "pidfd_getfd", "pidfd_send_signal", "pivot_root", "process_madvise", "process_vm_readv", "process_vm_writev",
    "ptrace", "quotactl", "reboot", "removexattr", "request_key", "setdomainname", "sethostname", "setns",
    "settimeofday", "setxattr", "swapoff", "swapon", "syslog", "umount2", "unshare", "userfaultfd", "utime",
    "utimensat", "utimes", "vhangup",
  ]

  static let network = ["accept", "accept4", "bind", "connect", "listen", "socket"]
}
