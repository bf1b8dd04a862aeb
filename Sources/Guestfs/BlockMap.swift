internal import Foundation

/// Where a volume's bytes lie on the image's disk, for volumes that stand on it plainly: the whole disk, a partition, a
/// linear logical volume. Encrypted, striped and mirrored ones have none.
package struct BlockMap: Sendable, Equatable {
  /// A run of bytes of the volume, in order, without gaps.
  struct Segment: Sendable, Equatable {
    var start: UInt64
    var length: UInt64
    var disk: UInt64
  }

  var segments: [Segment]

  /// The pieces of the disk that a run of the volume's bytes lies on; nil where it is not all inside the volume.
  package func pieces(at offset: UInt64, count: UInt64) -> [(disk: UInt64, count: UInt64)]? {
    var pieces: [(disk: UInt64, count: UInt64)] = []
    var position = offset
    var left = count
    for segment in segments where left > 0 && position >= segment.start && position - segment.start < segment.length {
      let inside = position - segment.start
      let length = min(left, segment.length - inside)
      pieces.append((segment.disk + inside, length))
      position += length
      left -= length
    }
    return left == 0 ? pieces : nil
  }
}

extension Appliance {
  /// The block maps of the mounted volumes, by the number of their mount point. A volume without one is absent.
  package func blockMaps() -> [Int: BlockMap] {
    guard let text = try? shell(.devices) else { return [:] }
    return parseBlockMaps(text)
  }
}

/// Reads what `GuestScript.devices` prints: `D image-device`, then for each block device `B device parent start sectors`
/// (parent `-` for a disk), for each device-mapper target `T device start sectors target rest`, for each mount
/// `M device mountpoint`. Devices are `major:minor`; sectors have 512 bytes.
func parseBlockMaps(_ text: String) -> [Int: BlockMap] {
  var parents: [String: (parent: String, start: UInt64)] = [:]
  var sizes: [String: UInt64] = [:]
  var targets: [String: [[Substring]]] = [:]
  var mounts: [(device: String, volume: Int)] = []
  var image = ""
  for line in text.split(separator: "\n") {
    let fields = line.split(separator: " ")
    switch (fields.first, fields.count) {
    case ("D", 2): image = String(fields[1])
    case ("B", 5):
      guard let start = sectors(fields[3]), let size = sectors(fields[4]) else { continue }
      sizes[String(fields[1])] = size
      if fields[2] != "-" { parents[String(fields[1])] = (String(fields[2]), start) }
    case ("T", 5...): targets[String(fields[1]), default: []].append(Array(fields[2...]))
    case ("M", 3):
      if let volume = Int(fields[2].dropFirst("/sysroot/v".count)) { mounts.append((String(fields[1]), volume)) }
    default: continue
    }
  }

  /// Depth is bounded: a volume on a volume on a partition is real, more is not.
  func map(_ device: String, depth: Int = 0) -> BlockMap? {
    guard depth < 6, let size = sizes[device] else { return nil }
    if device == image { return BlockMap(segments: [.init(start: 0, length: size, disk: 0)]) }
    if let (parent, start) = parents[device] {
      guard let pieces = map(parent, depth: depth + 1)?.pieces(at: start, count: size) else { return nil }
      return BlockMap(joining: pieces)
    }
    guard let lines = targets[device] else { return nil }
    var pieces: [(disk: UInt64, count: UInt64)] = []
    for fields in lines {
      guard fields.count == 5, fields[2] == "linear", let length = sectors(fields[1]), let start = sectors(fields[4]),
        let below = map(String(fields[3]), depth: depth + 1)?.pieces(at: start, count: length)
      else { return nil }
      pieces += below
    }
    return BlockMap(joining: pieces)
  }

  return mounts.reduce(into: [:]) { $0[$1.volume] = map($1.device) }
}

private func sectors(_ text: Substring) -> UInt64? {
  UInt64(text).flatMap { $0 <= UInt64.max >> 10 ? $0 * 512 : nil }
}

extension BlockMap {
  fileprivate init(joining pieces: [(disk: UInt64, count: UInt64)]) {
    segments = []
    var start: UInt64 = 0
    for piece in pieces {
      segments.append(.init(start: start, length: piece.count, disk: piece.disk))
      start += piece.count
    }
  }
}
