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
  package let isBelowOthers: Bool
  /// Whether it is a part of logical volumes and none itself, such as a pool: what it begins with may be anything.
  var isHidden = false
  /// How many members an array lacks.
  package var missingMembers = 0
  /// Whether it is an array that was not started.
  package var isStopped = false

  /// blkid's name of what it holds; nil where blkid knows it not.
  package var type: String? { identity["TYPE"] }

  /// Whether it is something of its own and not part of another device.
  package var isOnTop: Bool { !isBelowOthers && !isHidden }

  /// Whether it holds a file system and is not part of another device.
  package var isVolume: Bool { isOnTop && identity["USAGE"] == "filesystem" && type != nil }

  /// Whether what is looked at of it is zeros: its first MiB.
  package var isBlank: Bool { identity["BLANK"] == "+" }

  /// Whether blkid finds signatures of several kinds, none of which it prefers.
  package var isAmbivalent: Bool { identity["EXIT"] == "8" }

  /// Whether it is a disc with a file system of its own, be it that it has a partition table too.
  package var isDisc: Bool { ["iso9660", "udf"].contains(type) }

  /// Whether it is encrypted and not opened.
  package var isLocked: Bool { isOnTop && ["crypto_LUKS", "BitLocker"].contains(type) }
}

/// Everything that stands on an image's disk.
package struct DeviceReport: Sendable {
  /// The disk first, then partitions in their order, then what is made of these.
  package var devices: [BlockDevice] = []
  package var groups = LogicalVolumes()
  /// Whether there is more than what is told here.
  package var isCut = false

  package init() {}

  init(devices: [BlockDevice], groups: LogicalVolumes, isCut: Bool) {
    (self.devices, self.groups, self.isCut) = (devices, groups, isCut)
  }

  /// Whether something can perhaps be started that was not: the appliance leaves alone what is not whole, or not its own.
  package var isAsleep: Bool {
    groups.areAsleep || devices.contains { $0.isOnTop && ($0.type == "linux_raid_member" || $0.isStopped) }
  }
}

extension Appliance {
  /// What stands on the image's disk.
  /// - Parameter before: what was there at first, by which groups keep their names.
  package func deviceReport(after before: DeviceReport? = nil) throws(GuestfsError) -> DeviceReport {
    parseDeviceReport(try shell(.devices), names: before?.groups.names ?? [:])
  }

  /// Starts what the appliance did not start by itself.
  /// - Returns: what the programs that do so said.
  package func wake() throws(GuestfsError) -> String { try shell(.wake) }
}

/// Reads what `GuestScript.devices` prints, in sections that begin with a line of one letter:
///
///     D image-device; M where there are more devices; for each one `B device parent start sectors name` (parent `-` for a
///       disk), `H device` where it is below another, `N device kind name` of device-mapper's, `A device missing` of an array
///     T  for each device-mapper target `name: start sectors target rest`
///     I  what blkid says, with EXIT and BLANK
///     L  logical volumes, S thin pools in use, G groups, P physical volumes (`LogicalVolumes`)
///
/// Devices are `major:minor`, sectors have 512 bytes.
func parseDeviceReport(_ text: String, names: [String: String] = [:]) -> DeviceReport {
  var sections: [Substring: [Substring]] = [:]
  var section: Substring = ""
  for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
    if ["T", "I", "L", "S", "G", "P"].contains(line) {
      section = line
    } else {
      sections[section, default: []].append(line)
    }
  }
  let groups = LogicalVolumes(sections, names: names)
  var topology = Topology(groupNames: groups.names)
  for line in sections[""] ?? [] { topology.add(line.split(separator: " ")) }
  for line in sections["T"] ?? [] { topology.addTarget(line) }
  var devices = topology.devices(identities: parseIdentities(sections["I"] ?? []))
  let shown = Set(groups.volumes.map(\.name))
  for position in devices.indices where topology.isLogicalVolume(devices[position].number) && !groups.groups.isEmpty {
    devices[position].isHidden = !shown.contains(devices[position].name)
  }
  let isCut = (sections[""] ?? []).contains("M") || text.utf8.count >= GuestScript.answerBound
  return DeviceReport(devices: devices, groups: groups, isCut: isCut)
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
  private var targets: [String: [[Substring]]] = [:]
  /// As device-mapper has them, and as libguestfs does.
  private var mapperNames: [Number: (raw: String, name: String)] = [:]
  private var logical: Set<Number> = []
  private var missing: [Number: Int] = [:]
  private var held: Set<Number> = []
  /// What groups are called, by their ids.
  let groupNames: [String: String]

  init(groupNames: [String: String]) { self.groupNames = groupNames }

  func isLogicalVolume(_ number: BlockDevice.Number) -> Bool { logical.contains(number) }

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
    case ("A", 3): missing[number] = Int(fields[2])
    case ("N", 4...):
      let raw = fields[3...].joined(separator: " ")
      mapperNames[number] = (raw, "/dev/mapper/\(raw)")
      guard fields[2].hasPrefix("LVM-"), let (group, volume) = logicalNames(raw) else { return }
      logical.insert(number)
      // The id of the group has 32 letters, that of the volume follows it.
      let id = String(fields[2].dropFirst(4).prefix(32))
      mapperNames[number]?.name = "/dev/\(groupNames[id] ?? group)/\(volume)"
    default: return
    }
  }

  mutating func addTarget(_ line: Substring) {
    guard let colon = line.firstRange(of: ": ") else { return }
    targets[String(line[..<colon.lowerBound]), default: []].append(line[colon.upperBound...].split(separator: " "))
  }

  func devices(identities: [Substring: [String: String]]) -> [BlockDevice] {
    order.sorted { rank($0) < rank($1) }.map { number in
      BlockDevice(
        number: number, name: name(number), identity: identities[names[number] ?? ""] ?? [:], map: map(number),
        isBelowOthers: held.contains(number), missingMembers: missing[number] ?? 0,
        isStopped: isArray(number) && sizes[number] == 0)
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
    if let mapper = mapperNames[number] { return mapper.name }
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
    guard let name = mapperNames[device]?.raw, let lines = targets[name] else { return nil }
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
private func logicalNames(_ name: String) -> (group: String, volume: String)? {
  let parts = name.replacing("--", with: "\0").split(separator: "-", maxSplits: 1).map {
    String($0.replacing("\0", with: "-"))
  }
  return parts.count == 2 ? (parts[0], parts[1]) : nil
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
