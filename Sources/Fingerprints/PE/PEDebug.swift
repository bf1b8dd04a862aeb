/// One entry of the debug directory: where its data is in the file.
struct PEDebugEntry {
  enum Kind { static let codeView: UInt32 = 2, reproducible: UInt32 = 16, pdbChecksum: UInt32 = 19 }
  /// The place of the entry's time stamp in the file.
  let timeStamp: UInt64
  let type: UInt32
  let data: Range<UInt64>

  /// Whether the data names this build and not what was built.
  var namesBuild: Bool { [Kind.codeView, Kind.reproducible, Kind.pdbChecksum].contains(type) }
}

extension PE {
  /// The debug directory; a real one has fewer than ten entries of 28 bytes.
  func debugEntries() throws -> [PEDebugEntry] {
    guard let directory = header.directory(PEDirectory.Index.debug) else { return [] }
    let (start, available) = try offset(of: directory.address)
    let table = try bytes.slice(start, min(UInt64(directory.size), available))
    return try (0..<min(table.count / 28, 64)).map { index in
      let size = UInt64(try table.u32(index * 28 + 16))
      let offset = UInt64(try table.u32(index * 28 + 24))
      _ = try bytes.slice(offset, size)
      return PEDebugEntry(
        timeStamp: start + index * 28 + 4, type: try table.u32(index * 28 + 12), data: offset..<offset + size)
    }
  }

  /// `GUID-age` of the CodeView record (`RSDS`, GUID, age, path of the PDB).
  func codeView() throws -> String? {
    for entry in try debugEntries() where entry.type == PEDebugEntry.Kind.codeView {
      let record = try bytes.slice(entry.data.lowerBound, UInt64(entry.data.count))
      guard record.starts(with: Array("RSDS".utf8)) else { continue }
      return "\(try guid(record, 4))-\(try record.u32(20))"
    }
    return nil
  }
}

/// The 16 bytes of a GUID as people write them: the first three groups are little endian (RFC 9562, 4).
func guid(_ bytes: Bytes, _ offset: UInt64) throws -> String {
  let raw = Array(try bytes.slice(offset, 16).data)
  let groups = [
    raw[0..<4].reversed(), raw[4..<6].reversed(), raw[6..<8].reversed(), Array(raw[8..<10]), Array(raw[10...]),
  ]
  return groups.map(\.hex).joined(separator: "-")
}
