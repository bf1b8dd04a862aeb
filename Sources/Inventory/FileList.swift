/// The file list of an image, packed: a million files take some 60 MB, and 110 to 180 with what was read of them. Each look
/// at a file unpacks it; `path` and `entry` do less.
package struct FileList: Sendable {
  private struct Places: Sendable {
    var entry: PackedRows.Place
    var reading = PackedRows.nowhere
  }

  /// Volumes by the number that entries begin with.
  private var volumes: [String] = []
  /// These numbers, packed.
  private var heads: [[UInt8]] = []
  /// What the list says of each file.
  private var entries = PackedRows()
  /// What came of reading it, where something did. A row that was replaced stays where it is.
  private var readings = PackedRows()
  private var places: [Places] = []
  // Kept for the room that they have.
  private var entryWriter = PackedWriter()
  private var readingWriter = PackedWriter()

  package init() {}

  package func path(_ position: Int) -> GuestPath { GuestPath(verbatim: pathBytes(position)) }

  /// A file without what was read of it.
  package func entry(_ position: Int) -> FileRecord {
    var reader = PackedReader(entries.row(places[position].entry))
    // What is here was written here, or was read once before it was taken.
    let number = try? reader.number(Int.self)
    let entry = try? reader.entry(of: volumes[number ?? 0])
    return entry ?? FileRecord(volume: "", path: "", kind: .other, size: 0)
  }

  package func isUnreadable(_ position: Int) -> Bool { readings.row(places[position].reading).first == 1 }

  func pathBytes(_ position: Int) -> ArraySlice<UInt8> {
    var reader = PackedReader(entries.row(places[position].entry))
    _ = try? reader.number(Int.self)
    return (try? reader.data()) ?? []
  }

  package func volume(_ position: Int) -> String {
    var reader = PackedReader(entries.row(places[position].entry))
    return (try? reader.number(Int.self)).map { volumes[$0] } ?? ""
  }

  /// The same files in order of path.
  package func sortedByPath() -> FileList {
    func precedes(_ left: Int, _ right: Int) -> Bool { pathBytes(left).lexicographicallyPrecedes(pathBytes(right)) }
    if indices.dropFirst().allSatisfy({ precedes($0 - 1, $0) }) { return self }
    return picked(indices.sorted(by: precedes))
  }

  /// Some of the files in this order, their rows as they are.
  package func picked(_ positions: some Sequence<Int>) -> FileList {
    var files = FileList()
    for position in positions { files.append(position, of: self) }
    return files
  }

  package mutating func append(_ file: FileRecord) {
    pack(file)
    append(entry: entryWriter.bytes[...], of: file.volume, reading: readingWriter.bytes[...])
  }

  private mutating func pack(_ file: FileRecord) {
    entryWriter.clear()
    entryWriter.entry(file)
    readingWriter.clear()
    if file.digests != nil || file.fingerprint != nil || file.unreadable != nil { readingWriter.reading(file) }
  }

  private mutating func append(entry: ArraySlice<UInt8>, of volume: String, reading: ArraySlice<UInt8>) {
    let place = entries.append(entry, after: head(of: volume))
    places.append(Places(entry: place, reading: reading.isEmpty ? PackedRows.nowhere : readings.append(reading)))
  }

  private mutating func head(of volume: String) -> [UInt8] {
    // Files of a volume stand together.
    if let known = volumes.lastIndex(of: volume) { return heads[known] }
    var writer = PackedWriter()
    writer.number(UInt(volumes.count))
    volumes.append(volume)
    heads.append(writer.bytes)
    return writer.bytes
  }

  private mutating func replace(_ position: Int, with file: FileRecord) {
    pack(file)
    let (old, oldReading) = rows(position)
    if file.volume != volume(position) || old != entryWriter.bytes[...] {
      places[position].entry = entries.append(entryWriter.bytes[...], after: head(of: file.volume))
    }
    if oldReading == readingWriter.bytes[...] { return }
    places[position].reading =
      readingWriter.bytes.isEmpty ? PackedRows.nowhere : readings.append(readingWriter.bytes[...])
  }
}

extension FileList: RandomAccessCollection, MutableCollection, RangeReplaceableCollection {
  package var startIndex: Int { 0 }
  package var endIndex: Int { places.count }

  package subscript(position: Int) -> FileRecord {
    get {
      var file = entry(position)
      let row = readings.row(places[position].reading)
      if row.isEmpty { return file }
      var reader = PackedReader(row)
      try? reader.reading(into: &file)
      return file
    }
    set { replace(position, with: newValue) }
  }

  package mutating func replaceSubrange(_ range: Range<Int>, with files: some Collection<FileRecord>) {
    let rest = range.upperBound < endIndex ? Array(self[range.upperBound...]) : []
    places.removeSubrange(range.lowerBound...)
    for file in files { append(file) }
    for file in rest { append(file) }
  }

  /// Takes the rows of another list as they are.
  /// - Throws: where there would be too many volumes.
  package mutating func append(contentsOf other: FileList) throws(Garbled) {
    guard volumes.count < Self.mostVolumes else { throw Garbled("more than \(Self.mostVolumes) volumes") }
    for position in other.indices { append(position, of: other) }
  }

  /// Takes a file of another list as it is.
  package mutating func append(_ position: Int, of other: FileList) {
    let (entry, reading) = other.rows(position)
    append(entry: entry, of: other.volume(position), reading: reading)
  }

  /// The entry without its volume, and the reading.
  private func rows(_ position: Int) -> (entry: ArraySlice<UInt8>, reading: ArraySlice<UInt8>) {
    let row = entries.row(places[position].entry)
    let volume = row.prefix { $0 > 0x7F }.count + 1
    return (row.dropFirst(volume), readings.row(places[position].reading))
  }
}

extension FileList: ExpressibleByArrayLiteral, Hashable, Codable {
  package init(arrayLiteral files: FileRecord...) { self.init(files) }

  package static func == (left: FileList, right: FileList) -> Bool {
    left.count == right.count && left.elementsEqual(right)
  }

  package func hash(into hasher: inout Hasher) { for file in self { hasher.combine(file) } }

  package init(from decoder: any Decoder) throws {
    self.init(try decoder.singleValueContainer().decode([FileRecord].self))
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(Array(self))
  }
}

extension FileList {
  /// What came of reading some of the files, and which these are.
  /// - Parameter first: how many files stand before these where they are told.
  package func packedReadings(_ positions: [Int], after first: Int) -> [UInt8] {
    var writer = PackedWriter()
    writer.list(positions) { writer, position in
      writer.number(UInt(first + position))
      writer.data(rows(position).reading)
    }
    return writer.bytes
  }

  /// - Throws: where the bytes are not what `packedReadings` gives, or the files are not there.
  package mutating func take(readings bytes: [UInt8]) throws(Garbled) {
    var reader = PackedReader(bytes[...])
    let rows = try reader.list { reader throws(Garbled) in (try reader.number(Int.self), try reader.data()) }
    for (position, reading) in rows {
      guard places.indices.contains(position) else { throw Garbled("there is no file \(position)") }
      var (check, file) = (PackedReader(reading), entry(position))
      try check.reading(into: &file)
      guard check.isAtEnd else { throw Garbled("a record goes on after its end") }
      places[position].reading = readings.append(reading)
    }
  }

  /// What was read until now, to forget what is read later.
  package var readMark: UInt64 { readings.end }

  /// Forgets what came of reading these files, all that were read since then.
  package mutating func forgetReadings(_ positions: [Int], since mark: UInt64) {
    for position in positions { places[position].reading = PackedRows.nowhere }
    readings.drop(from: mark)
  }

  /// Some of the files in their order, as a child tells them: those of one volume that stand together under its name.
  package func packed(_ positions: some Collection<Int>) -> [UInt8] {
    var writer = PackedWriter()
    var rest = Array(positions)[...]
    while let first = rest.first {
      let volume = volume(first)
      let run = rest.prefix { self.volume($0) == volume }
      writer.text(volume)
      writer.list(run) { writer, position in
        let (entry, reading) = rows(position)
        writer.data(entry)
        writer.data(reading)
      }
      rest = rest[run.endIndex...]
    }
    return writer.bytes
  }

  /// Many times what a scan reads of one image.
  private static let mostVolumes = 4096

  /// - Throws: where the bytes are not what `packed` gives.
  package init(packed bytes: [UInt8]) throws(Garbled) {
    var reader = PackedReader(bytes[...])
    while !reader.isAtEnd {
      let volume = try reader.text()
      // Each is looked for among all.
      guard volumes.count < Self.mostVolumes else { throw Garbled("more than \(Self.mostVolumes) volumes") }
      let rows = try reader.list { reader throws(Garbled) in (try reader.data(), try reader.data()) }
      for (entry, reading) in rows {
        var check = PackedReader(entry)
        var file = try check.entry(of: volume)
        var rest = PackedReader(reading)
        if !reading.isEmpty { try rest.reading(into: &file) }
        guard check.isAtEnd, rest.isAtEnd else { throw Garbled("a record goes on after its end") }
        append(entry: entry, of: volume, reading: reading)
      }
    }
  }
}
