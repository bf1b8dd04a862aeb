package import Foundation

/// A run of a file's bytes on its volume.
package struct Extent: Sendable, Equatable {
  /// From the start of the file.
  package var logical: UInt64
  /// From the start of the volume.
  package var physical: UInt64
  package var length: UInt64
}

extension Appliance {
  /// Where files lie on their volume, without reading them (FIEMAP, by filefrag(8)): four times faster than having the
  /// guest read them, even for small ones. A file with an extent that is not plainly its bytes (inline, encoded,
  /// encrypted, not yet placed) is absent, and so is one that the file system says nothing of.
  package func extents(of paths: [[UInt8]], volume: Int, folder: URL) throws -> [[UInt8]: [Extent]] {
    try uploadNames(paths, folder: folder)
    _ = try shell(.extents(volume: volume))
    let file = folder.appending(path: "extents")
    defer { try? FileManager.default.removeItem(at: file) }
    try download("extents", to: file)
    return parseExtents(try Data(contentsOf: file, options: .alwaysMapped), paths)
  }
}

/// Reads what `filefrag -v -b1` prints for files whose names are known, in their order.
func parseExtents(_ data: Data, _ paths: [[UInt8]]) -> [[UInt8]: [Extent]] {
  var found: [[UInt8]: [Extent]] = [:]
  var position = data.startIndex
  let newline = UInt8(ascii: "\n")
  for path in paths {
    let header = Array("File size of ./".utf8) + path + Array(" is ".utf8)
    let footer = Array("./".utf8) + path + Array(": ".utf8)
    var start = position
    if data[start...].starts(with: Data("Filesystem type is: ".utf8)), let end = data[start...].firstIndex(of: newline)
    {
      start = end + 1
    }
    if !data[start...].starts(with: header) {
      guard let next = data[start...].firstRange(of: header) else { continue }
      start = next.lowerBound
    }
    start += header.count
    var lines: [Substring] = []
    var rest = data[start...]
    while !rest.starts(with: footer), let end = rest.firstIndex(of: newline) {
      lines.append(Substring(decoding: rest[..<end], as: UTF8.self))
      rest = rest[(end + 1)...]
    }
    guard let end = rest.firstIndex(of: newline) else { break }
    position = end + 1
    // The rest of the size line and the line of headings come first.
    if let extents = extents(lines.dropFirst(2)) { found[path] = extents }
  }
  return found
}

/// Nil where one of them is not plainly the file's bytes.
private func extents(_ lines: some Sequence<Substring>) -> [Extent]? {
  var extents: [Extent] = []
  for line in lines {
    let fields = line.split(separator: ":", omittingEmptySubsequences: false).map { $0.trimmed }
    guard fields.count == 5 || fields.count == 6, let logical = UInt64(fields[1].prefix { $0 != "." }),
      let physical = UInt64(fields[2].prefix { $0 != "." }), let length = UInt64(fields[3])
    else { return nil }
    let flags = (fields.last ?? "").split(separator: ",")
    if flags.contains("unwritten") { continue }
    guard flags.allSatisfy({ ["last", "eof", "merged", "shared"].contains($0) }) else { return nil }
    extents.append(Extent(logical: logical, physical: physical, length: length))
  }
  return extents
}

extension Substring {
  fileprivate var trimmed: Substring {
    var text = drop { $0 == " " }
    while text.last == " " { text.removeLast() }
    return text
  }
}
