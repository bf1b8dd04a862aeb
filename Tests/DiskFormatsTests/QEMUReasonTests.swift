import DiskFormats
import Testing

/// Lines that qemu-nbd, qemu-img and qemu-system-x86_64 7.2 printed.
struct QEMUReasonTests {
  @Test(arguments: [
    (
      "qemu-nbd: Failed to blk_new_open 'json:{\"driver\":\"vpc\",\"file\":{}}': Incorrect header checksum\n",
      "Incorrect header checksum"
    ),
    (
      "qemu-nbd: warning: x: y\nqemu-nbd: Failed to blk_new_open 'json:{}': Unsupported VMDK version 9",
      "Unsupported VMDK version 9"
    ),
    (
      "qemu-system-x86_64: -drive file=/t/overlay.qcow2,format=qcow2: Could not open backing file: No reference table\n",
      "No reference table"
    ),
    (
      "qcow2: Image is corrupt: L2 table offset 0x40200 unaligned (L1 index: 0); further non-fatal corruption events will "
        + "be suppressed\nqemu-nbd: Disconnect client, due to: Failed to send reply: reading from file failed: I/O error",
      "qcow2: Image is corrupt: L2 table offset 0x40200 unaligned (L1 index: 0)"
    ),
    (
      "Failed to open /dev/null for OFD lock probing: Permission denied\nqemu-nbd: Disconnect client, due to: Failed to send "
        + "reply: reading from file failed: Input/output error\n",
      "reading from file failed: Input/output error"
    ),
    (
      "qemu-img: overlay.qcow2: Could not resize image: No space left on device",
      "overlay.qcow2: Could not resize image: No space left on device"
    ),
  ])
  func `the line that matters, without what we named ourselves`(_ printed: String, _ reason: String) {
    #expect(qemuReason(Array(printed.utf8)) == reason)
  }

  @Test func `nothing, blanks and endless text`() {
    #expect(qemuReason([]) == nil && qemuReason(Array("\n\n".utf8)) == nil)
    #expect(qemuReason([UInt8](repeating: 0x61, count: 1 << 20))?.count == 300)
  }
}
