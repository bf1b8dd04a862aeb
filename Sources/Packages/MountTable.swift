internal import Fingerprints
package import Foundation
package import Inventory

/// The volumes that a system puts together, as its `etc/fstab` (fstab(5)) or a mount unit (systemd.mount(5)) says. Swap,
/// network, bind and virtual file systems are left out: they are nothing on a disk of the image.
package struct MountTable: Equatable, Sendable {
  /// What names a volume; values as written, quotes and escapes undone.
  package enum Source: Hashable, Sendable {
    /// A path below `/dev`, such as `/dev/sda1` or `/dev/mapper/vg-root`.
    case device(String)
    case uuid(String)
    case label(String)
    case partitionUUID(String)
    case partitionLabel(String)
  }

  package struct Entry: Equatable, Sendable {
    package var source: Source
    /// From the root of the system; empty for the root itself.
    package var mountPoint: GuestPath
    /// `ext4`, `btrfs`, `auto`, …; may be a list with commas.
    package var fileSystem: String
    package var options: [String]

    /// The value of an option `name=value`, such as `subvol`.
    package func option(_ name: String) -> String? {
      options.last { $0.hasPrefix("\(name)=") }.map { String($0.dropFirst(name.utf8.count + 1)) }
    }
  }

  /// Parents before what is mounted in them, else in the order of the file.
  package let entries: [Entry]
  /// Lines that make no sense, counted from 1.
  package let senseless: [Int]

  /// Reads at most 1 MiB and 1,000 entries; lines that make no sense are passed over.
  package init(fstab: Data) {
    var (found, senseless): ([Entry], [Int]) = ([], [])
    for (number, line) in lines(of: [UInt8](fstab.prefix(1 << 20))).enumerated() where found.count < 1000 {
      do {
        if let entry = try entry(line) { found.append(entry) }
      } catch {
        senseless.append(number + 1)
      }
    }
    self.init(found, senseless: senseless)
  }

  /// Reads the `[Mount]` section of a mount unit, of at most 64 KiB.
  package init(unit: Data) {
    var (section, fields): (Substring, [Substring: String]) = ("", [:])
    for line in String(decoding: unit.prefix(64 << 10), as: UTF8.self).split(whereSeparator: \.isNewline) {
      if line.hasPrefix("[") {
        section = line
      } else if section.hasPrefix("[Mount]"), let equals = line.firstIndex(of: "=") {
        let value = line[line.index(after: equals)...].trimmingCharacters(in: .whitespaces)
        fields[line[..<equals]] = value.trimmingCharacters(in: CharacterSet(charactersIn: "\""))
      }
    }
    let entry = source(fields["What"] ?? "").flatMap { source in
      try? Entry(source, Array((fields["Where"] ?? "").utf8), fields["Type"] ?? "auto", fields["Options"] ?? "")
    }
    self.init(entry.map { [$0] } ?? [], senseless: [])
  }

  private init(_ found: [Entry], senseless: [Int]) {
    self.senseless = senseless
    let depths = found.map { ($0.mountPoint.bytes.split(separator: UInt8(ascii: "/")).count, $0) }
    entries = depths.enumerated().sorted { ($0.element.0, $0.offset) < ($1.element.0, $1.offset) }.map(\.element.1)
  }
}

/// A line of an fstab is not what fstab(5) says.
private struct Senseless: Error {}

extension MountTable.Entry {
  /// Nil where it is nothing on a disk of the image.
  fileprivate init?(
    _ source: MountTable.Source, _ target: [UInt8], _ fileSystem: String, _ options: String
  ) throws(Senseless) {
    guard target.first == UInt8(ascii: "/"), !target.contains(0) else { throw Senseless() }
    let isRoot = target.allSatisfy { $0 == UInt8(ascii: "/") }
    guard let mountPoint = isRoot ? "" : GuestPath(declared: target[...]) else { throw Senseless() }
    let options = options.split(separator: ",").map(String.init)
    if options.contains("bind") || options.contains("rbind") { return nil }
    self.init(source: source, mountPoint: mountPoint, fileSystem: fileSystem, options: options)
  }
}

/// Nil for a comment, and for what is nothing on a disk of the image.
private func entry(_ line: ArraySlice<UInt8>) throws(Senseless) -> MountTable.Entry? {
  let fields = line.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: "\r") }
  guard let first = fields.first, first.first != UInt8(ascii: "#") else { return nil }
  guard fields.count >= 3, fields.allSatisfy({ $0.count <= 4096 }) else { throw Senseless() }
  let target = unescaped(fields[1])
  if ["swap", "ignore"].contains(text(fields[2])) || target == Array("none".utf8) { return nil }
  guard target.first == UInt8(ascii: "/") else { throw Senseless() }
  guard let source = source(text(first)) else { return nil }
  return try MountTable.Entry(source, target, text(fields[2]), fields.count > 3 ? text(fields[3]) : "")
}

/// A tag as blkid(8) writes it, a link that udev makes for one, or a device.
private func source(_ text: String) -> MountTable.Source? {
  let kinds: [(tag: String, folder: String, source: (String) -> MountTable.Source)] = [
    ("UUID=", "/dev/disk/by-uuid/", { .uuid($0) }), ("LABEL=", "/dev/disk/by-label/", { .label($0) }),
    ("PARTUUID=", "/dev/disk/by-partuuid/", { .partitionUUID($0) }),
    ("PARTLABEL=", "/dev/disk/by-partlabel/", { .partitionLabel($0) }),
  ]
  for (tag, folder, source) in kinds {
    if text.hasPrefix(tag) {
      let value = text.dropFirst(tag.count)
      let isQuoted = value.count >= 2 && value.hasPrefix("\"") && value.hasSuffix("\"")
      return source(String(isQuoted ? value.dropFirst().dropLast() : value))
    }
    if text.hasPrefix(folder) { return source(withoutUdevEscapes(String(text.dropFirst(folder.count)))) }
  }
  return text.hasPrefix("/dev/") ? .device(text) : nil
}

/// udev writes what may not stand in a link's name as `\xNN`.
private func withoutUdevEscapes(_ text: String) -> String {
  var bytes: [UInt8] = []
  var rest = Array(text.utf8)[...]
  while let first = rest.popFirst() {
    if first == UInt8(ascii: "\\"), rest.first == UInt8(ascii: "x"), rest.count >= 3,
      let value = [UInt8](hex: String(decoding: rest.dropFirst().prefix(2), as: UTF8.self))
    {
      bytes += value
      rest = rest.dropFirst(3)
    } else {
      bytes.append(first)
    }
  }
  return String(decoding: bytes, as: UTF8.self)
}

/// White space and backslashes are written as `\` and three octal digits (getmntent(3)).
private func unescaped(_ field: ArraySlice<UInt8>) -> [UInt8] {
  var bytes: [UInt8] = []
  var rest = field
  while let first = rest.popFirst() {
    let digits = rest.prefix(3)
    if first == UInt8(ascii: "\\"), digits.count == 3, digits.first != UInt8(ascii: "+"),
      let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
    {
      bytes.append(value)
      rest = rest.dropFirst(3)
    } else {
      bytes.append(first)
    }
  }
  return bytes
}

private func text(_ field: ArraySlice<UInt8>) -> String { String(decoding: unescaped(field), as: UTF8.self) }
