package import Foundation

/// The two ends of a file.
package struct FileEnds: Sendable {
  package var head: Data
  package var tail: Data

  package init(head: Data, tail: Data) {
    self.head = head
    self.tail = tail
  }
}

extension Appliance {
  /// Reads files whole: a GNU tar of them, in the order given, names as in `paths` with `./` in front.
  ///
  /// - Parameter paths: from the root of the volume; regular files that `list` named.
  /// - Returns: the scratch file that holds the tar, good until the next call, and which of the files it has other bytes
  ///   of: where one cannot be read tar puts zeros.
  package func archive(
    _ paths: [[UInt8]], volume: Int, folder: URL
  ) throws -> (tar: URL, damaged: Set<[UInt8]>) {
    try uploadNames(paths, folder: folder)
    try clearScratch()
    let complaints = try shell(.archive(volume: volume))
    if complaints.isEmpty { return (scratchFile, []) }
    // Where not all of it is here any of them may be meant.
    if complaints.utf8.count >= GuestScript.complaintBound { return (scratchFile, Set(paths)) }
    return (scratchFile, damagedFiles(complaints, paths))
  }

  /// Reads both ends of files, `outlineLength` bytes each; a file that cannot be read is absent.
  package func ends(
    of files: [(path: [UInt8], size: UInt64)], volume: Int, folder: URL
  ) throws -> [[UInt8]: FileEnds] {
    try uploadNames(files.map(\.path), folder: folder)
    try clearScratch()
    _ = try shell(.heads(volume: volume))
    let heads = try slices(of: files)
    try clearScratch()
    _ = try shell(.tails(volume: volume))
    let tails = try slices(of: files)
    return heads.reduce(into: [:]) { ends, head in
      if let tail = tails[head.key] { ends[head.key] = FileEnds(head: head.value, tail: tail) }
    }
  }

  /// What an earlier call left there must not pass for this one's, whatever becomes of it.
  private func clearScratch() throws {
    let writing = try FileHandle(forWritingTo: scratchFile)
    defer { try? writing.close() }
    let size = try writing.seekToEnd()
    try writing.truncate(atOffset: 0)
    try writing.truncate(atOffset: size)
  }

  func uploadNames(_ paths: [[UInt8]], folder: URL) throws {
    let file = folder.appending(path: "names")
    defer { try? FileManager.default.removeItem(at: file) }
    try Data(paths.map { Array("./".utf8) + $0 + [0] }.joined()).write(to: file)
    try upload(file, to: "names")
  }

  private func slices(of files: [(path: [UInt8], size: UInt64)]) throws -> [[UInt8]: Data] {
    let bound = files.reduce(0) { $0 + $1.path.count + outlineLength + 16 }
    let reading = try FileHandle(forReadingFrom: scratchFile)
    defer { try? reading.close() }
    return parseSlices(try reading.read(upToCount: bound) ?? Data(), files)
  }
}

/// The files that GNU tar complains of: `tar: ./NAME: what`, the name as `--quoting-style=escape` has it.
func damagedFiles(_ complaints: String, _ paths: [[UInt8]]) -> Set<[UInt8]> {
  let names = Dictionary(paths.map { (escaped($0)[...], $0) }) { first, _ in first }
  var damaged: Set<[UInt8]> = []
  for line in complaints.split(separator: "\n") where line.hasPrefix("tar: ./") {
    // A name may hold what ends one: the longest counts.
    let name = line.ranges(of: ": ").dropFirst().reversed().lazy
      .compactMap { names[line[..<$0.lowerBound].dropFirst("tar: ./".count)] }.first
    if let name { damaged.insert(name) }
  }
  return damaged
}

/// As gnulib's quotearg_colon has it where the locale is C: what is no printable ASCII becomes three octal digits.
private func escaped(_ path: [UInt8]) -> String {
  let letters: [UInt8: String] = [7: "a", 8: "b", 9: "t", 10: "n", 11: "v", 12: "f", 13: "r", 58: ":", 92: "\\"]
  return path.map { byte in
    if let letter = letters[byte] { return "\\\(letter)" }
    if (32..<127).contains(byte) { return String(UnicodeScalar(byte)) }
    let digits = String(byte, radix: 8)
    return "\\" + String(repeating: "0", count: 3 - digits.count) + digits
  }.joined()
}

/// Reads what `head -v` and `tail -v` print: `==> ./NAME <==`, a newline, the bytes; a newline before each but the first of
/// an invocation. Names and sizes are known, so nothing that a file holds can pose as a header unless a read failed.
func parseSlices(_ data: Data, _ files: [(path: [UInt8], size: UInt64)]) -> [[UInt8]: Data] {
  var slices: [[UInt8]: Data] = [:]
  var position = data.startIndex
  for file in files {
    let header = Array("==> ./".utf8) + file.path + Array(" <==\n".utf8)
    var start = position
    if start < data.endIndex, data[start] == UInt8(ascii: "\n") { start += 1 }
    if !data[start...].starts(with: header) {
      // The file before was shorter than it said, or this one could not be opened.
      guard let found = data[position...].firstRange(of: header) else { continue }
      start = found.lowerBound
    }
    start += header.count
    let length = min(Int(clamping: file.size), outlineLength, data.endIndex - start)
    slices[file.path] = data[start..<start + length]
    position = start + length
  }
  return slices
}
