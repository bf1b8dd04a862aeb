import Foundation
import TestSupport
import Testing

/// What becomes of the processes of a scan, whatever happens to them. Each test boots an appliance.
@Suite(.serialized) struct ProcessTests {
  let vmlineage: String
  let multi: String
  let squashfs: String

  init() {
    vmlineage = builtProgram
    multi = Program.image("multi.qcow2")
    squashfs = Program.image("squashfs.qcow2")
  }

  /// The group that scans an image, once its QEMU runs.
  private func scanner(of image: String, in scan: Running) -> (group: Int32, qemu: Int32)? {
    // Other tests boot appliances beside it, and the first of all is made then.
    eventually(240) {
      for worker in scan.workers where openFiles(worker).contains(image) {
        if let qemu = qemu(ofGroup: worker) { return (worker, qemu) }
      }
      return nil
    }
  }

  private func images(_ finished: Finished) throws -> [String: [String: Any]] {
    let document = try JSONSerialization.jsonObject(with: finished.output) as? [String: Any]
    let images = document?["images"] as? [[String: Any]] ?? []
    return Dictionary(images.map { (($0["path"] as? String) ?? "", $0) }, uniquingKeysWith: { $1 })
  }

  @Test func `a paused appliance ends by the deadline and the others are done`() throws {
    try withTemporaryFolder { folder in
      let scan = try Running(
        [vmlineage, "scan", multi, squashfs, "--jobs", "2", "--deadline", "120s", "--format", "json"], in: folder)
      let (group, qemu) = try #require(scanner(of: multi, in: scan))
      let sockets = try #require(socketFolder(ofQEMU: qemu))
      kill(qemu, SIGSTOP)
      let finished = try scan.finish()
      #expect(finished.status == 2)
      let images = try images(finished)
      #expect(images[multi]?["status"] as? String == "failed")
      #expect((images[multi]?["error"] as? [String: Any])?["code"] as? String == "deadline")
      #expect(images[squashfs]?["status"] as? String == "scanned")
      #expect(members(ofGroup: group).isEmpty)
      #expect(!FileManager.default.fileExists(atPath: sockets))
      #expect(try left(in: folder).isEmpty)
    }
  }

  /// QEMU reads what is gone as zeros, and says nothing.
  @Test func `an image that is cut while an appliance reads it fails with that reason`() throws {
    try withTemporaryFolder { folder in
      let image = folder.appending(path: "cut.qcow2")
      try FileManager.default.copyItem(at: Program.fixtures.appending(path: "multi.qcow2"), to: image)
      let scan = try Running([vmlineage, "scan", image.path, "--format", "json"], in: folder)
      _ = try #require(scanner(of: image.path, in: scan))
      let handle = try FileHandle(forWritingTo: image)
      try handle.truncate(atOffset: try handle.seekToEnd() - 4096)
      let finished = try scan.finish()
      let found = try #require(try images(finished)[image.path])
      #expect(finished.status == 2 && found["status"] as? String == "failed")
      #expect((found["error"] as? [String: Any])?["code"] as? String == "truncated")
      #expect((found["volumes"] as? [Any])?.isEmpty == true && (found["applications"] as? [Any])?.isEmpty == true)
      #expect(try left(in: folder).isEmpty)
    }
  }

  @Test func `nothing goes on where the program was killed`() throws {
    try withTemporaryFolder { folder in
      // In a format whose blocks a program of its own gives.
      let served = folder.appending(path: "multi.vmdk").path
      #expect(try run(["qemu-img", "convert", "-O", "vmdk", multi, served]).status == 0)
      let scan = try Running([vmlineage, "scan", served, squashfs, "--jobs", "2"], in: folder)
      let groups = [try #require(scanner(of: served, in: scan)), try #require(scanner(of: squashfs, in: scan))]
      let sockets = groups.compactMap { socketFolder(ofQEMU: $0.qemu) }
      #expect(sockets.count == 2)
      // In the middle: files are being read.
      let reader = eventually(180) {
        members(ofGroup: groups[0].group).first { arguments(of: $0).first?.contains("qemu-nbd") == true }
      }
      #expect(reader != nil)
      kill(scan.process.processIdentifier, SIGKILL)
      _ = try scan.finish()
      for (group, _) in groups {
        #expect(eventually { members(ofGroup: group).isEmpty ? true : nil } != nil)
      }
      for sockets in sockets { #expect(!FileManager.default.fileExists(atPath: sockets)) }
      // Each worker took its own folder away; the program's, with the signatures' index in it, is still there.
      for run in try left(in: folder) {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: run).path)
        #expect(!names.contains { $0.hasPrefix("image-") })
      }
      // The next run takes away what nobody was left to.
      _ = try Running([vmlineage, "scan", folder.appending(path: "nothing").path], in: folder).finish()
      #expect(try left(in: folder).isEmpty)
    }
  }

  @Test func `what was done before an interruption is stored`() throws {
    try withTemporaryFolder { folder in
      let half = Program.image("hostile/half.vhd")
      let scan = try Running([vmlineage, "scan", half, multi, "--jobs", "1", "--format", "json"], in: folder)
      let (group, qemu) = try #require(scanner(of: multi, in: scan))
      let sockets = try #require(socketFolder(ofQEMU: qemu))
      kill(scan.process.processIdentifier, SIGINT)
      let finished = try scan.finish()
      #expect(finished.status == 130)
      #expect(try images(finished).keys.sorted() == [half])
      #expect(members(ofGroup: group).isEmpty)
      #expect(!FileManager.default.fileExists(atPath: sockets))
      #expect(try left(in: folder).isEmpty)
      let catalog = folder.appending(path: "catalog.db").path
      let check = try sqlite3([catalog, "PRAGMA integrity_check; PRAGMA foreign_key_check"])
      #expect(check.text == "ok\n")
      let stored = try sqlite3([catalog, ".dump"]).text
      #expect(stored.contains("half.vhd"))
      #expect(!stored.contains("multi.qcow2"))
    }
  }

  /// What the guest sees of the second image looks like a qcow2 whose backing file is a file of this machine.
  @Test func `nothing is written to an image and nothing is opened that it names inside`() throws {
    try withTemporaryFolder { folder in
      let secret = folder.appending(path: "host-secret").path
      let words = "what only this machine knows 7f3a91\n"
      try Data(String(repeating: words, count: 4096).utf8).write(to: URL(fileURLWithPath: secret))
      let (outer, inner) = (folder.appending(path: "outer.qcow2").path, folder.appending(path: "inner.qcow2").path)
      #expect(try run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", secret, "-F", "raw", outer]).status == 0)
      #expect(try run(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", outer, inner]).status == 0)
      let before = try [multi, inner].map { try state(of: $0) }

      let trace = folder.appending(path: "trace").path
      // Whoever sets these decides nothing: the appliance is libguestfs's own.
      let hostile = [
        "LIBGUESTFS_PATH": "/nonexistent", "LIBGUESTFS_BACKEND": "libvirt", "LIBGUESTFS_HV": "/bin/false",
        "LIBGUESTFS_TMPDIR": "/nonexistent", "LIBGUESTFS_CACHEDIR": "/nonexistent", "LIBGUESTFS_DEBUG": "1",
        "LIBGUESTFS_MEMSIZE": "1", "LIBGUESTFS_APPEND": "panic=1",
      ]
      let opens = "open,openat,openat2,creat,truncate,rename,renameat,renameat2,unlink,unlinkat"
      let finished = try Running(
        [
          "strace", "-f", "--seccomp-bpf", "-y", "-s", "4096", "-o", trace, "-e", "trace=\(opens)", vmlineage, "scan",
          multi, inner,
          "--digests", "all", "--format", "json",
        ], in: folder, environment: hostile
      ).finish()
      let images = try images(finished)
      #expect(images[multi]?["status"] as? String == "scanned", "\(finished.errorText)")
      #expect(images[inner] != nil)

      #expect(try [multi, inner].map { try state(of: $0) } == before)
      let calls = String(decoding: try Data(contentsOf: URL(fileURLWithPath: trace)), as: UTF8.self).split(
        separator: "\n")
      for image in [multi, inner] {
        let touching = calls.filter { $0.contains(image) }
        #expect(touching.contains { $0.contains("O_RDONLY") })
        let writing = touching.filter { $0.contains(/O_WRONLY|O_RDWR|O_TRUNC|creat\(|truncate\(|rename|unlink/) }
        #expect(writing.isEmpty)
      }
      #expect(calls.filter { $0.contains("host-secret") }.isEmpty)
      for file in try FileManager.default.contentsOfDirectory(atPath: folder.path) where file.hasPrefix("catalog.db") {
        let stored = try Data(contentsOf: folder.appending(path: file))
        #expect(stored.firstRange(of: Data(words.dropLast().utf8)) == nil, "\(file)")
      }
    }
  }

  private func state(of image: String) throws -> [String] {
    [try run(["sha256sum", image]).text, try run(["stat", "-c", "%s %y %z %i", image]).text]
  }

  /// In a mount space of its own KVM is a device that does nothing, and QEMU ends, or never answers, where it is asked to
  /// use it. The second takes the minute after which a guest is given up.
  @Test(
    .enabled(if: canMount && access("/dev/kvm", F_OK) == 0),
    arguments: testsAll ? ["exit 1", "exec sleep 3600"] : ["exit 1"])
  func `where guests die or hang under KVM one line says so once`(fate: String) throws {
    try withTemporaryFolder { folder in
      let wrapper = folder.appending(path: "wrapper").path
      let original = folder.appending(path: "original").path
      try Data().write(to: URL(fileURLWithPath: original))
      let script = """
        #!/bin/sh
        case "$*" in *accel=kvm*guestfsd.sock*|*guestfsd.sock*accel=kvm*) \(fate);; esac
        export QEMU_MODULE_DIR=/usr/lib/$(uname -m)-linux-gnu/qemu
        exec \(original) -L /usr/share/qemu -L /usr/share/seabios -L /usr/lib/ipxe/qemu "$@"
        """
      try Data(script.utf8).write(to: URL(fileURLWithPath: wrapper))
      chmod(wrapper, 0o755)
      let qemu = "/usr/bin/qemu-system-x86_64"
      let commands = """
        mount --bind /dev/null /dev/kvm && mount --bind \(qemu) \(original) && mount --bind \(wrapper) \(qemu) && exec "$@"
        """
      let cache = folder.appending(path: "cache")
      // The deadline ends each scan soon: what is decided before it is what this looks at.
      let scan = {
        try Running(
          ["unshare", "-m", "sh", "-ec", commands, "sh", vmlineage, "scan", multi, "--deadline", "1s"], in: folder,
          environment: ["XDG_CACHE_HOME": cache.path]
        ).finish().errorText
      }
      #expect(try scan().split(separator: "\n").count { $0.contains("software emulation is used") } == 1)
      let memory = try Data(contentsOf: cache.appending(path: "vmlineage/acceleration.json"))
      #expect((try JSONSerialization.jsonObject(with: memory) as? [String: String])?["acceleration"] == "tcg")
      #expect(try !scan().contains("software emulation"))
    }
  }
}
