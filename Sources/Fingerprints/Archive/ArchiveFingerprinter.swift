/// Archives and compressed files: recognised, not unpacked.
struct ArchiveFingerprinter: Fingerprinter {
  private static let magics: [(offset: UInt64, bytes: [UInt8])] = [
    (0, [0x50, 0x4B, 3, 4]),  // zip
    (0, [0x50, 0x4B, 5, 6]),  // zip without entries
    (0, [0x1F, 0x8B]),  // gzip
    (0, Array("!<arch>\n".utf8)),  // ar
    (0, [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0]),  // xz
    (0, [0x28, 0xB5, 0x2F, 0xFD]),  // zstd
    (0, Array("BZh".utf8)),  // bzip2; the block's magic follows
    (257, Array("ustar".utf8)),  // tar
  ]

  func kind(of bytes: Bytes) -> FileKind? {
    for magic in Self.magics {
      guard let part = try? bytes.slice(from: magic.offset), part.starts(with: magic.bytes) else { continue }
      // Text may begin with BZh: the block's magic, pi in decimal, does not occur in it.
      if magic.bytes == Array("BZh".utf8), (try? bytes.u8(4)) != 0x31 || (try? bytes.u8(5)) != 0x41 { continue }
      return .archive
    }
    return nil
  }

  func read(_ bytes: Bytes, name: String, into fingerprint: inout Fingerprint) {}
}
