/// CRC-32C (Castagnoli polynomial, RFC 3720 appendix B.4), reflected, as VHDX and btrfs use it.
func crc32c(_ bytes: [UInt8]) -> UInt32 { checksum(bytes, castagnoli) }

/// CRC-32 (IEEE 802.3), reflected, as GPT uses it (UEFI 2.10, section 5.3.2).
package func crc32(_ bytes: [UInt8]) -> UInt32 { checksum(bytes, ieee) }

private func checksum(_ bytes: [UInt8], _ table: [UInt32]) -> UInt32 {
  var value = UInt32.max
  for byte in bytes { value = value >> 8 ^ table[Int((value ^ UInt32(byte)) & 0xFF)] }
  return ~value
}

private let castagnoli = table(0x82F6_3B78)
private let ieee = table(0xEDB8_8320)

private func table(_ polynomial: UInt32) -> [UInt32] {
  (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { value, _ in value & 1 == 1 ? value >> 1 ^ polynomial : value >> 1 }
  }
}
