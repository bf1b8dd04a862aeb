/// CRC-32C (Castagnoli polynomial, RFC 3720 appendix B.4), reflected, as VHDX uses it.
func crc32c(_ bytes: [UInt8]) -> UInt32 {
  var value = UInt32.max
  for byte in bytes { value = value >> 8 ^ table[Int((value ^ UInt32(byte)) & 0xFF)] }
  return ~value
}

private let table: [UInt32] = (0..<256).map { byte in
  (0..<8).reduce(UInt32(byte)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0x82F6_3B78 : value >> 1 }
}
