import TestSupport

/// What a machine may lack.
enum MachinePart { case landlock, bubblewrap, blockServer, libguestfs, libtsk, libnbd }

/// A command that runs another as on a machine without these; where mounts can be made (`canMount`).
func machine(without parts: Set<MachinePart>) -> [String] {
  let files: [MachinePart: String] = [
    .bubblewrap: "/usr/bin/bwrap", .blockServer: "/usr/bin/qemu-nbd", .libguestfs: "/usr/lib/*/libguestfs.so.0.*",
    .libtsk: "/usr/lib/*/libtsk.so.*.*", .libnbd: "/usr/lib/*/libnbd.so.0.*",
  ]
  let mounts = parts.compactMap { files[$0] }.map { "for file in \($0); do mount --bind /dev/null \"$file\"; done" }
  let commands = (mounts + ["exec \"$@\""]).joined(separator: " && ")
  return ["unshare", "-m", "sh", "-ec", commands, "sh"]
    + (parts.contains(.landlock) ? ["python3", "-c", withoutLandlock] : [])
}

/// seccomp(2): a program that loads the number of a call, and lets landlock_create_ruleset (444) fail with ENOSYS.
private let withoutLandlock = """
  import ctypes, os, struct, sys
  steps = [(0x20, 0, 0, 0), (0x15, 0, 1, 444), (0x06, 0, 0, 0x50000 | 38), (0x06, 0, 0, 0x7FFF0000)]
  code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in steps))
  program = ctypes.create_string_buffer(struct.pack("=H6xQ", len(steps), ctypes.addressof(code)))
  library = ctypes.CDLL(None)
  # PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP with SECCOMP_MODE_FILTER
  assert library.prctl(38, 1, 0, 0, 0) == 0 and library.prctl(22, 2, program, 0, 0) == 0
  os.execvp(sys.argv[1], sys.argv[1:])
  """
