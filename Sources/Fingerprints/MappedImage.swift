/// An executable whose contents can be found by the address at which they are mapped.
protocol MappedImage {
  /// `count` bytes of the file that are mapped from `address` on.
  func bytes(atAddress address: UInt64, count: UInt64) throws -> Bytes
  /// Whether pointers have 8 bytes.
  var isWide: Bool { get }
}
