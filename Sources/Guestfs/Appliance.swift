internal import CGuestfs
package import Foundation

/// How the appliance's processor is made.
package enum Acceleration: String, Codable, Sendable { case kvm, tcg }

/// One running appliance that holds one image, through an overlay that is thrown away, and a scratch disk by which
/// file contents come out of it much faster than through libguestfs's own channel.
///
/// Used from one thread only. Every call blocks.
package final class Appliance {
  private let handle: Handle
  private let scratch: URL

  /// How the drives are given. Libguestfs probes nothing: both formats are stated.
  package struct Drives: Sendable {
    /// A qcow2 file of our own, whose backing file is the image.
    package var overlay: URL
    /// A sparse raw file of our own.
    package var scratch: URL

    package init(overlay: URL, scratch: URL) {
      self.overlay = overlay
      self.scratch = scratch
    }
  }

  /// Boots an appliance.
  /// - Parameters:
  ///   - temporary: a private folder for what libguestfs leaves on disk while it runs.
  ///   - memory: mebibytes.
  /// - Throws: where it does not boot. A hang is for the caller to end: this process's whole group is to be killed.
  package init(
    drives: Drives, acceleration: Acceleration, temporary: URL, memory: Int, processors: Int
  ) throws(GuestfsError) {
    handle = try Handle()
    scratch = drives.scratch
    try handle.check("set_backend", "direct") { guestfs_set_backend($0, "direct") }
    if acceleration == .tcg {
      try handle.check("set_backend_setting", "force_tcg") { guestfs_set_backend_setting($0, "force_tcg", "1") }
    }
    try handle.check("set_tmpdir", temporary.path) { guestfs_set_tmpdir($0, temporary.path) }
    // QEMU stays in this process's group, so that one kill ends all of it (hostile.md, rule 5).
    try handle.check("set_pgroup", "off") { guestfs_set_pgroup($0, 0) }
    try handle.check("set_network", "off") { guestfs_set_network($0, 0) }
    try handle.check("set_memsize", "\(memory)") { guestfs_set_memsize($0, Int32(clamping: memory)) }
    try handle.check("set_smp", "\(processors)") { guestfs_set_smp($0, Int32(clamping: processors)) }
    try add(drives.overlay, format: "qcow2", label: "image")
    try add(drives.scratch, format: "raw", label: "scratch")
    try handle.check("launch", "appliance") { guestfs_launch($0) }
  }

  private func add(_ file: URL, format: String, label: String) throws(GuestfsError) {
    try handle.check("add_drive_opts", file.path) { guestfs in
      format.withCString { format in
        label.withCString { label in
          "unsafe".withCString { cacheMode in
            var options = guestfs_add_drive_opts_argv()
            options.bitmask =
              vmlineage_add_drive_format | vmlineage_add_drive_label | vmlineage_add_drive_cachemode
            options.format = format
            options.label = label
            // Both files are thrown away: nothing is gained by flushing them to the disk.
            options.cachemode = cacheMode
            return guestfs_add_drive_opts_argv(guestfs, file.path, &options)
          }
        }
      }
    }
  }

  /// What the drives hold: mountable name and file system type of each, in the appliance's order, the scratch disk left
  /// out. Types are those of blkid; `unknown` where it knows none.
  package func fileSystems() throws(GuestfsError) -> [(mountable: String, type: String)] {
    let pairs = try handle.texts("list_filesystems", "appliance") { guestfs_list_filesystems($0) }
    let scratch = try scratchDevice()
    return stride(from: 0, to: pairs.count - 1, by: 2).map { (pairs[$0], pairs[$0 + 1]) }
      .filter { $0.0 != scratch }
  }

  /// Encrypted devices, which `fileSystems` passes over where they are locked: device and `crypto_LUKS` or `BitLocker`.
  package func lockedDevices() throws(GuestfsError) -> [(mountable: String, type: String)] {
    var candidates = try devices()
    candidates += try handle.texts("list_partitions", "appliance") { guestfs_list_partitions($0) }
    candidates += try handle.texts("lvs", "appliance") { guestfs_lvs($0) }
    var locked: [(mountable: String, type: String)] = []
    for device in candidates {
      guard let type = try? handle.text("vfs_type", device, { guestfs_vfs_type($0, device) }) else { continue }
      if ["crypto_LUKS", "BitLocker"].contains(type) { locked.append((device, type)) }
    }
    return locked
  }

  /// Whole disks, the scratch disk left out.
  package func devices() throws(GuestfsError) -> [String] {
    let scratch = try scratchDevice()
    return try handle.texts("list_devices", "appliance") { guestfs_list_devices($0) }.filter { $0 != scratch }
  }

  private func scratchDevice() throws(GuestfsError) -> String {
    try handle.text("canonical_device_name", "scratch") { guestfs in
      guestfs_canonical_device_name(guestfs, "/dev/disk/guestfs/scratch")
    }
  }

  /// What a device says of itself, by blkid(8)'s names: `UUID`, `LABEL`, `TYPE`, `PART_ENTRY_UUID`, `PART_ENTRY_NAME`, ….
  package func identity(of device: String) throws(GuestfsError) -> [String: String] {
    let pairs = try handle.texts("blkid", device) { guestfs_blkid($0, device) }
    return stride(from: 0, to: pairs.count - 1, by: 2).reduce(into: [:]) { $0[pairs[$1]] = pairs[$1 + 1] }
  }

  /// Opens an encrypted device, which appears as `/dev/mapper/NAME`.
  package func openEncrypted(_ device: String, key: String, name: String) throws(GuestfsError) {
    try handle.check("cryptsetup_open", device) { guestfs in
      var options = guestfs_cryptsetup_open_argv()
      return guestfs_cryptsetup_open_argv(guestfs, device, key, name, &options)
    }
  }

  /// Looks for volume groups again, after an encrypted device was opened.
  package func scanVolumeGroups() throws(GuestfsError) {
    try handle.check("lvm_scan", "appliance") { guestfs_lvm_scan($0, 1) }
  }

  /// Mounts a file system read-only at `/vINDEX`. A dirty journal of ext, XFS or btrfs is replayed into the overlay by
  /// the kernel, as at boot.
  package func mount(_ mountable: String, type: String, index: Int) throws(GuestfsError) {
    let options =
      switch type {
      // Clones and snapshots share UUIDs, which XFS refuses without this.
      case "xfs": "ro,nouuid"
      // Names come out as UTF-8 whatever the kernel's default is.
      case "vfat": "ro,utf8"
      case "iso9660": "ro,iocharset=utf8"
      default: "ro"
      }
    try handle.check("mkmountpoint", "/v\(index)") { guestfs_mkmountpoint($0, "/v\(index)") }
    try handle.check("mount_options", mountable) { guestfs_mount_options($0, options, mountable, "/v\(index)") }
  }

  /// Whether ntfs-3g would mount it for writing: 0 yes, 14 hibernated, 15 unclean (guestfs(3), ntfs_3g_probe).
  package func probeNTFS(_ device: String) throws(GuestfsError) -> Int32 {
    try handle.number("ntfs_3g_probe") { guestfs_ntfs_3g_probe($0, 1, device) }
  }

  /// The kernel log of the appliance.
  package func kernelLog() throws(GuestfsError) -> String {
    try handle.text("dmesg", "appliance") { guestfs_dmesg($0) }
  }

  /// Runs one of this room's fixed texts in the appliance's shell. Not an official call (guestfs(3), debug), which is
  /// why only this room may reach it, and why nothing from the guest is ever part of the text.
  func shell(_ script: GuestScript) throws(GuestfsError) -> String {
    let text = script.text
    return try handle.text("debug sh", script.name) { guestfs in
      text.withCString { text in
        var arguments: [UnsafeMutablePointer<CChar>?] = [UnsafeMutablePointer(mutating: text), nil]
        return guestfs_debug(guestfs, "sh", &arguments)
      }
    }
  }

  /// Copies a local file to the appliance's own root, which is not any volume's.
  func upload(_ file: URL, to name: String) throws(GuestfsError) {
    try handle.check("upload", name) { guestfs_upload($0, file.path, "/\(name)") }
  }

  /// Copies a file of the appliance's own root here.
  func download(_ name: String, to file: URL) throws(GuestfsError) {
    try handle.check("download", name) { guestfs_download($0, "/\(name)", file.path) }
  }

  /// The scratch disk as this machine sees it.
  var scratchFile: URL { scratch }
}
