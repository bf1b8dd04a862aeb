/// The text part of a VMDK (VMware, Virtual Disk Format 5.0, "The Descriptor").
///
///     # Disk DescriptorFile
///     CID=fb183c20
///     parentCID=ffffffff
///     createType="twoGbMaxExtentSparse"
///     RW 4192256 SPARSE "disk-s001.vmdk"
///     RW 20480 FLAT "disk-flat.vmdk" 0
///     ddb.adapterType = "ide"
///
/// Every line must be understood: what is not might be a reference that another reader follows.
struct VMDKDescriptor {
  struct Extent {
    enum Kind: String { case flat = "FLAT", sparse = "SPARSE", zero = "ZERO", vmfs = "VMFS", vmfsSparse = "VMFSSPARSE" }
    let kind: Kind
    let sectors: UInt64
    let name: String?
    let offset: UInt64

    var reference: OutsideReference? {
      guard let name else { return nil }
      let flat = kind == .flat || kind == .vmfs
      return OutsideReference(
        name: name, kind: .extent, format: flat ? .raw : .vmdk, offset: flat ? offset.times(512) : 0,
        length: sectors.times(512))
    }
  }

  private(set) var values: [String: String] = [:]
  private(set) var extents: [Extent] = []
  private var parentHint: String?

  /// At most 1 MiB, and of an embedded one what its header says, up to the first zero byte.
  init(_ source: DiskSource, at offset: UInt64, length: UInt64) throws(DiskFormatError) {
    guard length <= 1 << 20 else { throw source.error(.damaged, "its descriptor is over 1 MiB") }
    let text = try Self.text(source, at: offset, length: Int(length))
    for line in text.split(whereSeparator: \.isNewline) { try read(line.trimmed, source) }
    // Each extent is a file to be held open.
    guard extents.count <= 512 else { throw source.error(.unsupported, "has more than 512 extents") }
    // QEMU looks into 20 sectors, whatever length the header gives.
    try readParentHint(try Self.text(source, at: offset, length: max(Int(length), 20 * 512)), source)
  }

  private static func text(_ source: DiskSource, at offset: UInt64, length: Int) throws(DiskFormatError) -> String {
    String(decoding: try source.some(at: offset, count: length).prefix { $0 != 0 }, as: UTF8.self)
  }

  private mutating func read(_ line: Substring, _ source: DiskSource) throws(DiskFormatError) {
    if line.isEmpty || line.hasPrefix("#") { return }
    if ["RW ", "RDONLY ", "NOACCESS "].contains(where: line.hasPrefix) {
      return extents.append(try Self.extent(line, source))
    }
    guard let equals = line.firstIndex(of: "=") else {
      throw source.error(.damaged, "a line of its descriptor is not understood")
    }
    let value = line[line.index(after: equals)...].trimmed
    values[line[..<equals].trimmed.lowercased()] = value.filter { $0 != "\"" }
  }

  /// `RW 20480 FLAT "disk-flat.vmdk" 0`
  private static func extent(_ line: Substring, _ source: DiskSource) throws(DiskFormatError) -> Extent {
    let quoted = line.split(separator: "\"", omittingEmptySubsequences: false)
    let words = quoted[0].split(separator: " ")
    let rest = quoted.count == 3 ? quoted[2].split(separator: " ") : []
    guard words.count == 3, quoted.count == 1 || quoted.count == 3, let sectors = UInt64(words[1]),
      let kind = Extent.Kind(rawValue: String(words[2]).uppercased()),
      (kind == .zero) == (quoted.count == 1), let offset = rest.isEmpty ? 0 : UInt64(rest[0])
    else { throw source.error(.unsupported, "an extent in its descriptor is of an unknown kind") }
    return Extent(kind: kind, sectors: sectors, name: quoted.count == 3 ? String(quoted[1]) : nil, offset: offset)
  }

  /// QEMU looks for the parent's name anywhere in the text, comments included, and so does this.
  private mutating func readParentHint(_ text: String, _ source: DiskSource) throws(DiskFormatError) {
    guard let key = text.firstRange(of: "parentFileNameHint") else { return }
    let parts = text[key.upperBound...].split(separator: "\"", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, !parts[1].isEmpty else {
      throw source.error(.damaged, "the name of its parent is not understood")
    }
    parentHint = String(parts[1])
  }

  /// An extent lies beside its descriptor: no folder, no protocol.
  private func checkNames(_ source: DiskSource) throws(DiskFormatError) {
    for name in extents.compactMap(\.name) {
      guard !name.isEmpty, name != "..", name != ".", !name.contains(where: { "/\\:".contains($0) }) else {
        throw source.error(.refersOutside, "names an extent outside its folder, \(name)")
      }
    }
  }

  /// Puts what the text says into `header`. Throws `refersOutside` where an extent lies outside the folder.
  func describe(_ source: DiskSource, _ header: inout DiskHeader) throws(DiskFormatError) {
    header.subformat = values["createtype"]
    header.id = values["cid"]?.lowercased()
    header.encrypted = values.keys.contains { $0.hasPrefix("encryption.") }
    let parentID = values["parentcid"]?.lowercased()
    if parentHint != nil || (parentID ?? "ffffffff") != "ffffffff" {
      header.parent = DiskParent(name: parentHint, id: parentID == "ffffffff" ? nil : parentID)
      header.references.append(OutsideReference(name: parentHint ?? "unnamed", kind: .backing))
    }
    try checkNames(source)
  }
}

extension Substring {
  /// Without blanks at either end.
  fileprivate var trimmed: Substring {
    let start = drop { $0.isWhitespace }
    guard let end = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
    return start[...end]
  }
}
