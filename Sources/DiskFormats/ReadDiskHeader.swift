/// Reads one format. A format is one file with one of these, and a line in `diskHeaderReaders`.
protocol DiskHeaderReader: SendableMetatype {
  static var format: DiskFormat { get }
  /// Whether the source has this format's signature.
  static func recognises(_ source: DiskSource) -> Bool
  init(_ source: DiskSource)
  /// Reads the header. What is read before an error stays in `header`.
  mutating func read(into header: inout DiskHeader) throws(DiskFormatError)
  /// Walks the allocation tables for `highestMappedByte`.
  func measure(into header: inout DiskHeader) throws(DiskFormatError)
  /// Where the blocks lie, after `read`; nil where that is for qemu-nbd to say.
  func blockTable(of header: DiskHeader) throws(DiskFormatError) -> (any BlockTable)?
}

extension DiskHeaderReader {
  func blockTable(of header: DiskHeader) throws(DiskFormatError) -> (any BlockTable)? { nil }
}

let diskHeaderReaders: [any DiskHeaderReader.Type] = [QCOW2.self, VHD.self, VHDX.self, VMDK.self, VDI.self]

/// Reads and checks the header of an image that stands alone.
///
/// A known header decides the format. Without one the bytes are raw where they show a disk (`rawSectorSize`) or `assume`
/// says so (for block devices and `--image-format`), else `unrecognised`. Throws a refusal, which carries the header, for images that name other files
/// (`refersOutside`), differencing disks, unknown features, and files that end before what their tables map.
package func readDiskHeader(
  _ bytes: some RandomAccessBytes, name: String, assume: DiskFormat? = nil
) throws(DiskFormatError) -> DiskHeader {
  let source = try DiskSource(bytes: bytes, name: name)
  return try readDiskHeader(source, format: try chooseFormat(of: source, assume: assume)) {
    header throws(DiskFormatError) in
    try refuseReferences(of: header, name: name)
  }
}

/// The format of the header, or nil where there is no known one.
func knownFormat(of source: DiskSource) throws(DiskFormatError) -> DiskFormat? {
  let found = diskHeaderReaders.filter { $0.recognises(source) }.map { $0.format }
  guard found.count < 2 else {
    let names = found.map(\.rawValue).joined(separator: " and ")
    throw source.error(.ambiguous, "has the headers of \(names), so what it holds is not certain")
  }
  return found.first
}

/// The format to read it as: see `readDiskHeader`.
/// - Parameter takesRaw: whether one without a header may be raw though nobody says so.
func chooseFormat(
  of source: DiskSource, assume: DiskFormat?, takesRaw: Bool = true
) throws(DiskFormatError) -> DiskFormat {
  guard source.size > 0 else { throw source.error(.empty, "the file is empty") }
  if let found = try knownFormat(of: source) {
    guard let assume, assume != .raw, assume != found else { return found }
    throw source.error(.ambiguous, "has the header of \(found.rawValue), not of \(assume.rawValue) as stated")
  }
  guard assume != .raw else { return .raw }
  guard let assume else {
    // A fixed VHD begins like a raw disk, and all that says what it is stands at its end.
    guard !source.name.lowercased().hasSuffix(".vhd") else {
      throw source.error(.unrecognised, "has no VHD footer: it is no VHD, or its end is missing")
    }
    guard takesRaw else {
      throw source.error(.unrecognised, "has no known disk image header, and the image that names it states no format")
    }
    _ = try source.rawSectorSize()
    return .raw
  }
  throw source.error(.unrecognised, "has no header of \(assume.rawValue) as stated")
}

/// Reads the header of an image whose format is decided; `admit` throws where what the header says is not welcome.
/// Without `measure` the allocation tables are not read.
func readDiskHeader(
  _ source: DiskSource, format: DiskFormat, measure: Bool = true,
  admit: (DiskHeader) throws(DiskFormatError) -> Void
) throws(DiskFormatError) -> DiskHeader {
  var header = DiskHeader(format: format)
  guard let type = diskHeaderReaders.first(where: { $0.format == format }) else {
    header.virtualSize = source.size
    header.sectorSize = try? source.rawSectorSize()
    return header
  }
  do throws(DiskFormatError) {
    var reader = type.init(source)
    try reader.read(into: &header)
    try admit(header)
    guard measure else { return header }
    try reader.measure(into: &header)
    if let last = header.highestMappedByte, last >= source.size {
      throw source.error(
        .truncated, "the file ends at byte \(source.size), but its data goes on to byte \(last)",
        remedy: "copy the image again from its origin")
    }
    return header
  } catch {
    throw error.carrying(header)
  }
}

/// Throws `refersOutside` for an image that names other files.
func refuseReferences(of header: DiskHeader, name: String) throws(DiskFormatError) {
  guard let first = header.references.first else { return }
  throw DiskFormatError(
    .refersOutside, subject: name, reason: "refers to another file, \(first.name) (\(first.kind.rawValue))",
    remedy: first.kind == .dataFile ? nil : "allow the folder of that file with --allow-backing FOLDER",
    header: header)
}

extension DiskSource {
  /// The refusal of an image that holds only differences and that nothing here can put together with its parent.
  func differencing(_ parent: DiskParent?) -> DiskFormatError {
    let name = parent?.name ?? parent?.id ?? "unknown"
    return error(
      .differencing, "is a differencing disk of \(name), and holds only what changed since",
      remedy: "merge it with its parent into one disk first")
  }
}
