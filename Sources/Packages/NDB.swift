/// The header blobs of an NDB file, `Packages.db`.
///
///     0    "RpmP", u32 version 0, u32 generation, u32 number of slot pages, u32 next package number, 12 bytes
///     32   slots, 16 bytes each, to the end of the last slot page (4,096 bytes a page, the first holds the header):
///          "Slot", u32 package number, u32 first block, u32 number of blocks; a first block of 0 means unused
///     …    blobs, in blocks of 16 bytes: "BlbS", u32 package number, u32 time, u32 length; the header; zeros;
///          then, to the end of the last block: u32 Adler-32 of all before, u32 length, "BlbE"
///
/// All integers are little-endian. Source: rpm's lib/backend/ndb/rpmpkg.c.
func ndbBlobs(_ file: [UInt8]) -> RPMBlobs {
  let bytes = RPMBytes(bytes: file)
  var blobs = RPMBlobs(fileSize: file.count)
  guard bytes.slice(0, 4)?.elementsEqual("RpmP".utf8) == true, bytes.u32(4) == 0, let pages = bytes.u32(12) else {
    blobs.damage("it does not begin as an NDB file of version 0")
    return blobs
  }
  if pages > file.count / 4096 { blobs.damage("the file ends in the middle of its slots") }
  var slots: [(number: Int, block: Int, blocks: Int)] = []
  for offset in stride(from: 32, to: min(pages, file.count / 4096 + 1) * 4096, by: 16) {
    guard let magic = bytes.slice(offset, 4), let number = bytes.u32(offset + 4), let block = bytes.u32(offset + 8),
      let blocks = bytes.u32(offset + 12)
    else { break }
    guard magic.elementsEqual("Slot".utf8) else {
      blobs.damage("a slot has no magic number")
      continue
    }
    if block != 0 { slots.append((number, block, blocks)) }
  }
  for slot in slots.sorted(by: { $0.number < $1.number }) {
    guard let blob = ndbBlob(bytes, slot.number, offset: slot.block * 16, size: slot.blocks * 16) else {
      blobs.damage("the blob of package \(slot.number) is cut or changed")
      continue
    }
    blobs.add(blob)
  }
  return blobs
}

private func ndbBlob(_ bytes: RPMBytes, _ number: Int, offset: Int, size: Int) -> ArraySlice<UInt8>? {
  guard size >= 32, let whole = bytes.slice(offset, size), whole.prefix(4).elementsEqual("BlbS".utf8),
    whole.suffix(4).elementsEqual("BlbE".utf8), bytes.u32(offset + 4) == number,
    let length = bytes.u32(offset + 12), length <= size - 28, bytes.u32(offset + size - 8) == length,
    bytes.u32(offset + size - 12) == adler32(whole.dropLast(12))
  else { return nil }
  return bytes.slice(offset + 16, length)
}

/// RFC 1950, section 9.
private func adler32(_ bytes: ArraySlice<UInt8>) -> Int {
  var low = 1
  var high = 0
  for byte in bytes {
    low = (low + Int(byte)) % 65521
    high = (high + low) % 65521
  }
  return high << 16 | low
}
