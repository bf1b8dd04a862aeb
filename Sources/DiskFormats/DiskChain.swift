internal import Foundation

/// An image and all the files that it is read from, each opened once and checked.
package struct DiskChain: Sendable {
  /// One file of the chain with what its own header says, and the extents that it is made of.
  package struct Layer: Sendable {
    package let file: DiskFile
    package let header: DiskHeader
    /// In the order of the descriptor.
    package let extents: [DiskFile]
  }

  /// The image first, then what backs it, to the one that stands alone.
  package let layers: [Layer]

  /// What the image's own header says.
  package var header: DiskHeader { layers[0].header }
  /// Every file, the image first.
  package var files: [DiskFile] { layers.flatMap { [$0.file] + $0.extents } }

  /// At most so many layers.
  static let maximumDepth = 32
}

/// Opens an image and, where it names backing files or extents, those too: relative to the folder of the file that
/// names them, only regular files that lie inside the `allowed` folders after all links are resolved.
///
/// The format of each layer comes from its own header; a backing file without one is raw only where the image says so,
/// whatever it shows.
/// Throws what `readDiskHeader` throws, `refersOutside` for files in other folders, and `loop`. Differencing VHD, VHDX
/// and VDI are refused, whatever is allowed: QEMU does not read them with their parent.
///
/// - Parameter inherited: a descriptor of the image that this process was started with, for where it cannot open it itself.
package func readDiskChain(
  path: String, assume: DiskFormat? = nil, allowed: [String] = [], inherited: Int32? = nil
) throws(DiskFormatError) -> DiskChain {
  let file = try DiskFile(path: path, inherited: inherited)
  let format = assume ?? (file.isBlockDevice ? .raw : nil)
  guard !allowed.isEmpty else {
    let header = try readDiskHeader(file, name: path, assume: format)
    return DiskChain(layers: [DiskChain.Layer(file: file, header: header, extents: [])])
  }
  var opener = LayerOpener(allowed: allowed, subject: path)
  let source = try DiskSource(bytes: file, name: path)
  let known = try chooseFormat(of: source, assume: format)
  do throws(DiskFormatError) {
    try opener.admit(file)
    return DiskChain(layers: try opener.layers(from: file, format: known))
  } catch {
    var failure = error
    // The image's own header, not that of a layer below, carries the edge.
    failure.header = opener.first ?? failure.header
    throw failure
  }
}

/// Follows references of one image within the allowed folders.
private struct LayerOpener {
  let allowed: [String]
  let subject: String
  private(set) var first: DiskHeader?
  private var seen: Set<[UInt64]> = []

  init(allowed: [String], subject: String) {
    self.allowed = allowed.compactMap(resolved)
    self.subject = subject
  }

  private func failure(_ code: DiskFormatError.Code, _ reason: String, remedy: String? = nil) -> DiskFormatError {
    DiskFormatError(code, operation: "follow reference", subject: subject, reason: reason, remedy: remedy)
  }

  /// Each file may be there once only: a second time is a loop.
  mutating func admit(_ file: DiskFile) throws(DiskFormatError) {
    guard seen.insert([file.device, file.inode]).inserted else {
      throw failure(.loop, "\(file.path) is in the chain of files twice")
    }
  }

  mutating func layers(from image: DiskFile, format: DiskFormat) throws(DiskFormatError) -> [DiskChain.Layer] {
    var layers: [DiskChain.Layer] = []
    var next: (file: DiskFile, format: DiskFormat)? = (image, format)
    while let (file, format) = next {
      guard layers.count < DiskChain.maximumDepth else {
        throw failure(.loop, "has more than \(DiskChain.maximumDepth) layers")
      }
      let source = try DiskSource(bytes: file, name: file.path)
      let header = try readDiskHeader(source, format: format) { _ throws(DiskFormatError) in }
      first = first ?? header
      var extents: [DiskFile] = []
      next = nil
      for reference in header.references {
        switch reference.kind {
        case .extent: extents.append(try extent(reference, beside: file))
        case .backing where next == nil: next = try backing(reference, beside: file)
        default: throw failure(.refersOutside, "its \(reference.kind.rawValue) \(reference.name) is never followed")
        }
      }
      layers.append(DiskChain.Layer(file: file, header: header, extents: extents))
    }
    return layers
  }

  private mutating func backing(
    _ reference: OutsideReference, beside file: DiskFile
  ) throws(DiskFormatError) -> (file: DiskFile, format: DiskFormat) {
    let layer = try open(reference.name, beside: file)
    // Said to be raw, it is raw, whatever its guest wrote to its first sectors.
    if reference.format == .raw { return (layer, .raw) }
    let source = try DiskSource(bytes: layer, name: layer.path)
    return (layer, try chooseFormat(of: source, assume: reference.format, takesRaw: false))
  }

  private mutating func extent(
    _ reference: OutsideReference, beside file: DiskFile
  ) throws(DiskFormatError) -> DiskFile {
    let part = try open(reference.name, beside: file)
    guard reference.format == .vmdk else {
      guard reference.offset.plus(reference.length) <= part.size else {
        throw failure(.truncated, "the extent \(reference.name) ends before what its descriptor says")
      }
      return part
    }
    let source = try DiskSource(bytes: part, name: part.path)
    guard VMDK.recognises(source) else { throw failure(.damaged, "the extent \(reference.name) is not a VMDK") }
    let header = try readDiskHeader(source, format: .vmdk) { header throws(DiskFormatError) in
      try refuseReferences(of: header, name: part.path)
    }
    guard header.virtualSize >= reference.length else {
      throw failure(.damaged, "the extent \(reference.name) is smaller than its descriptor says")
    }
    return part
  }

  /// Looks before opening, so that nothing outside is touched, and after, so that no swapped path leads outside.
  private mutating func open(_ name: String, beside file: DiskFile) throws(DiskFormatError) -> DiskFile {
    let outside = failure(
      .refersOutside, "refers to \(name), which is no file in an allowed folder",
      remedy: "allow its folder with --allow-backing FOLDER")
    let beforeSlash = name.prefix { $0 != "/" }
    guard !name.isEmpty, !beforeSlash.contains(":") else { throw outside }
    guard let folder = file.realPath.map({ ($0 as NSString).deletingLastPathComponent }),
      let path = resolved(name.hasPrefix("/") ? name : folder + "/" + name), isAllowed(path)
    else { throw outside }
    let opened = try DiskFile(path: path, followLinks: false)
    guard !opened.isBlockDevice, let real = opened.realPath, isAllowed(real) else { throw outside }
    try admit(opened)
    return opened
  }

  private func isAllowed(_ path: String) -> Bool {
    allowed.contains { path.hasPrefix($0 == "/" ? $0 : $0 + "/") }
  }
}

/// The path without links, or nil where there is nothing.
func resolved(_ path: String) -> String? {
  guard !path.utf8.contains(0), let real = realpath(path, nil) else { return nil }
  defer { free(real) }
  return String(validatingCString: real)
}
