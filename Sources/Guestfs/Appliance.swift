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
    /// Bytes of a sector of the image's disk: 512 or 4,096.
    package var sectorSize: UInt64 = 512
    /// Whether a GPT is to be taken whose first header is damaged, or that has no protective MBR.
    package var needsGPTForced = false

    package init(overlay: URL, scratch: URL) {
      self.overlay = overlay
      self.scratch = scratch
    }
  }

  /// Boots an appliance.
  /// - Parameters:
  ///   - temporary: a private folder for what libguestfs leaves on disk while it runs.
  ///   - cache: where libguestfs keeps what it makes appliances from; nil for its own place.
  ///   - memory: mebibytes.
  /// - Throws: where it does not boot. A hang is for the caller to end: this process's whole group is to be killed.
  package init(
    drives: Drives, acceleration: Acceleration, temporary: URL, cache: URL?, memory: Int, processors: Int
  ) throws(GuestfsError) {
    handle = try Handle()
    scratch = drives.scratch
    try handle.check("set_backend", "direct") { vmlineage_guestfs_set_backend($0, "direct") }
    var options: [String] = drives.needsGPTForced ? ["gpt"] : []
    if acceleration == .tcg {
      try handle.check("set_backend_setting", "force_tcg") {
        vmlineage_guestfs_set_backend_setting($0, "force_tcg", "1")
      }
      // ACPI's tables are a program, which takes an emulated processor a second; nothing here needs it.
      #if arch(x86_64)
        options.append("acpi=off")
      #endif
    }
    let append = options.joined(separator: " ")
    if !append.isEmpty { try handle.check("set_append", append) { vmlineage_guestfs_set_append($0, append) } }
    try handle.check("set_tmpdir", temporary.path) { vmlineage_guestfs_set_tmpdir($0, temporary.path) }
    if let cache { try handle.check("set_cachedir", cache.path) { vmlineage_guestfs_set_cachedir($0, cache.path) } }
    // QEMU stays in this process's group, so that one kill ends all of it (hostile.md, rule 5).
    try handle.check("set_pgroup", "off") { vmlineage_guestfs_set_pgroup($0, 0) }
    try handle.check("set_network", "off") { vmlineage_guestfs_set_network($0, 0) }
    try handle.check("set_memsize", "\(memory)") { vmlineage_guestfs_set_memsize($0, Int32(clamping: memory)) }
    try handle.check("set_smp", "\(processors)") { vmlineage_guestfs_set_smp($0, Int32(clamping: processors)) }
    try add(drives.overlay, format: "qcow2", label: "image", sectorSize: drives.sectorSize)
    try add(drives.scratch, format: "raw", label: "scratch")
    try handle.launch()
  }

  private func add(_ file: URL, format: String, label: String, sectorSize: UInt64 = 512) throws(GuestfsError) {
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
            if sectorSize != 512 {
              options.bitmask |= vmlineage_add_drive_blocksize
              options.blocksize = Int32(clamping: sectorSize)
            }
            return vmlineage_guestfs_add_drive(guestfs, file.path, &options)
          }
        }
      }
    }
  }

  /// Opens an encrypted device, which appears as `/dev/mapper/NAME`.
  package func openEncrypted(_ device: String, key: String, name: String) throws(GuestfsError) {
    try handle.check("cryptsetup_open", device) { guestfs in
      var options = guestfs_cryptsetup_open_argv()
      return vmlineage_guestfs_cryptsetup_open(guestfs, device, key, name, &options)
    }
  }

  /// Looks for volume groups again, after an encrypted device was opened.
  package func scanVolumeGroups() throws(GuestfsError) {
    try handle.check("lvm_scan", "appliance") { vmlineage_guestfs_lvm_scan($0, 1) }
  }

  /// Runs one of this room's fixed texts in the appliance's shell. Not an official call (guestfs(3), debug), which is
  /// why only this room may reach it, and why nothing from the guest is ever part of the text.
  func shell(_ script: GuestScript) throws(GuestfsError) -> String {
    let text = script.text
    return try handle.text("debug sh", script.name) { guestfs in
      text.withCString { text in
        var arguments: [UnsafeMutablePointer<CChar>?] = [UnsafeMutablePointer(mutating: text), nil]
        return vmlineage_guestfs_debug(guestfs, "sh", &arguments)
      }
    }
  }

  /// Copies a local file to the appliance's own root, which is not any volume's.
  func upload(_ file: URL, to name: String) throws(GuestfsError) {
    try handle.check("upload", name) { vmlineage_guestfs_upload($0, file.path, "/\(name)") }
  }

  /// Copies a file of the appliance's own root here.
  func download(_ name: String, to file: URL) throws(GuestfsError) {
    try handle.check("download", name) { vmlineage_guestfs_download($0, "/\(name)", file.path) }
  }

  /// The scratch disk as this machine sees it.
  var scratchFile: URL { scratch }
}
