package import DiskFormats

/// A block device that stands on the image's disk: the disk itself, a partition, a logical volume, an array, an opened
/// encrypted device.
package struct BlockDevice: Sendable, Equatable {
  /// What the kernel calls it.
  struct Number: Hashable, Sendable {
    var major: UInt32
    var minor: UInt32
  }

  let number: Number
  /// As libguestfs names it, whatever the appliance's kernel does: the image's disk is `/dev/sda` although disks are found
  /// in any order, a logical volume `/dev/VG/LV`, another device-mapper target `/dev/mapper/NAME`, an array `/dev/mdN`.
  package let name: String
  /// What blkid(8) reads there: `UUID`, `LABEL`, `TYPE`, `USAGE`, `PART_ENTRY_UUID`, `PART_ENTRY_NAME`, ….
  package let identity: [String: String]
  /// Where its bytes lie on the disk; nil where it does not stand on it plainly.
  package let map: BlockMap?
  /// Whether partitions or other devices stand on it.
  let isBelowOthers: Bool

  /// blkid's name of what it holds; nil where blkid knows it not.
  package var type: String? { identity["TYPE"] }

  /// Whether it holds a file system and is not part of another device.
  package var isVolume: Bool { !isBelowOthers && identity["USAGE"] == "filesystem" && type != nil }

  /// Whether it is a disc with a file system of its own, be it that it has a partition table too.
  package var isDisc: Bool { ["iso9660", "udf"].contains(type) }

  /// Whether it is encrypted and not opened.
  package var isLocked: Bool { !isBelowOthers && ["crypto_LUKS", "BitLocker"].contains(type) }
}

extension Appliance {
  /// What stands on the image's disk: the disk first, then partitions in their order, then what is made of these.
  package func blockDevices() throws(GuestfsError) -> [BlockDevice] {
    parseBlockDevices(try shell(.devices))
  }
}

/// Reads what `GuestScript.devices` prints: `D image-device`; for each block device `B device parent start sectors name`
/// (parent `-` for a disk); for each one that is below another `H device`; for each device-mapper target
/// `T device start sectors target rest` and its name `N device kind name`; then `I` and what blkid says. Devices are
/// `major:minor`, sectors have 512 bytes.
func parseBlockDevices(_ text: String) -> [BlockDevice] {
  var topology = Topology()
  var lines = text.split(separator: "\n", omittingEmptySubsequences: false)[...]
  while let line = lines.popFirst(), line != "I" { topology.add(line.split(separator: " ")) }
  return topology.devices(identities: parseIdentities(lines))
}

/// What `blkid -o export` prints: `NAME=value` lines, an empty one between devices; by the kernel's name.
private func parseIdentities(_ lines: some Sequence<Substring>) -> [Substring: [String: String]] {
  var identities: [Substring: [String: String]] = [:]
  var device: Substring = ""
  for line in lines {
    guard let equals = line.firstIndex(of: "=") else { continue }
    let (name, value) = (line[..<equals], line[line.index(after: equals)...])
    if name == "DEVNAME" { device = value.dropFirst("/dev/".count) }
    identities[device, default: [:]][String(name)] = unescaped(value)
  }
  return identities
}

/// blkid puts a backslash before what a shell would not take as it is, and udev's form has `\x20` for a space in names.
private func unescaped(_ value: Substring) -> String {
  var plain: [UInt8] = []
  var bytes = Array(value.utf8)[...]
  while let byte = bytes.popFirst() {
    plain.append(byte == UInt8(ascii: "\\") ? bytes.popFirst() ?? byte : byte)
  }
  let text = String(decoding: plain, as: UTF8.self)
  return text.replacing(/\\x([0-9A-Fa-f]{2})/) { match in
    UInt8(match.1, radix: 16).map { String(decoding: [$0], as: UTF8.self) } ?? String(match.0)
  }
}

/// What stands on what.
private struct Topology {
  private typealias Number = BlockDevice.Number

  private var image: Number?
  private var order: [Number] = []
  private var names: [Number: Substring] = [:]
  private var parents: [Number: (parent: Number, start: UInt64)] = [:]
  private var sizes: [Number: UInt64] = [:]
  private var targets: [Number: [[Substring]]] = [:]
  private var mapperNames: [Number: String] = [:]
  private var held: Set<Number> = []

  mutating func add(_ fields: [Substring]) {
    guard fields.count >= 2, let number = Number(fields[1]) else { return }
    switch (fields[0], fields.count) {
    case ("D", 2): image = number
    case ("B", 6):
      guard let start = sectors(fields[3]), let size = sectors(fields[4]) else { return }
      order.append(number)
      names[number] = fields[5]
      sizes[number] = size
      if let parent = Number(fields[2]) {
        parents[number] = (parent, start)
        held.insert(parent)
      }
    case ("H", 2): held.insert(number)
    case ("T", 5...): targets[number, default: []].append(Array(fields[2...]))
    case ("N", 4...):
      let name = fields[3...].joined(separator: " ")
      mapperNames[number] = mapperName(name, isLogicalVolume: fields[2].hasPrefix("LVM-"))
    default: return
    }
  }

  func devices(identities: [Substring: [String: String]]) -> [BlockDevice] {
    order.sorted { rank($0) < rank($1) }.map { number in
      BlockDevice(
        number: number, name: name(number), identity: identities[names[number] ?? ""] ?? [:], map: map(number),
        isBelowOthers: held.contains(number))
    }
  }

  private func isArray(_ number: Number) -> Bool { names[number]?.hasPrefix("md") == true }

  /// The disk, its partitions as they lie in its table, arrays, and the rest by name.
  private func rank(_ number: Number) -> (Int, UInt32, String) {
    if number == image { return (0, 0, "") }
    if mapperNames[number] != nil { return (3, 0, name(number)) }
    return (isArray(number) ? 2 : 1, number.minor, "")
  }

  private func name(_ number: Number) -> String {
    if let name = mapperNames[number] { return name }
    let own = names[number] ?? ""
    guard let image, let disk = names[image], own.hasPrefix(disk) else { return "/dev/\(own)" }
    return "/dev/sda\(own.dropFirst(disk.count))"
  }

  /// Depth is bounded: a volume on a volume on a partition is real, more is not.
  private func map(_ device: Number, depth: Int = 0) -> BlockMap? {
    guard depth < 6, let size = sizes[device] else { return nil }
    if device == image { return BlockMap(joining: [(0, size)]) }
    if let (parent, start) = parents[device] {
      guard let pieces = map(parent, depth: depth + 1)?.pieces(at: start, count: size) else { return nil }
      return BlockMap(joining: pieces)
    }
    guard let lines = targets[device] else { return nil }
    var pieces: [(disk: UInt64, count: UInt64)] = []
    for fields in lines {
      guard fields.count == 5, fields[2] == "linear", let length = sectors(fields[1]), let start = sectors(fields[4]),
        let below = Number(fields[3]).flatMap({ map($0, depth: depth + 1) })?.pieces(at: start, count: length)
      else { return nil }
      pieces += below
    }
    return BlockMap(joining: pieces)
  }
}

/// lvm(8): a mapper name joins group and volume by a hyphen, and doubles those that are in them.
private func mapperName(_ name: String, isLogicalVolume: Bool) -> String {
  let parts = name.replacing("--", with: "\0").split(separator: "-", maxSplits: 1)
  guard isLogicalVolume, parts.count == 2 else { return "/dev/mapper/\(name)" }
  return "/dev/" + parts.map { $0.replacing("\0", with: "-") }.joined(separator: "/")
}

private func sectors(_ text: Substring) -> UInt64? {
  UInt64(text).flatMap { $0 <= UInt64.max >> 10 ? $0 * 512 : nil }
}

extension BlockDevice.Number {
  fileprivate init?(_ text: Substring) {
    let parts = text.split(separator: ":")
    guard parts.count == 2, let major = UInt32(parts[0]), let minor = UInt32(parts[1]) else { return nil }
    (self.major, self.minor) = (major, minor)
  }
}
