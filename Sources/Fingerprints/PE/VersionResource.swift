internal import Foundation

// Resources are a tree of three levels (type, name, language), each a table in the same section (PE Format, ".rsrc"):
//
//   16 bytes: …, count of named entries (at 12), count of numbered entries (at 14)
//   8 bytes an entry: number or name, offset from the section's start: high bit set = another table, else a data entry
//   a data entry: relative address, size, code page, 0
//
// VS_VERSIONINFO is a tree too: length, length of value, type (1 = text), key in UTF-16, padding to 4, value, children.

extension PE {
  private static let versionType: UInt32 = 16

  /// The version resource: what Explorer shows under "Details". Nil where there is none.
  func versionResource(fileName: String) throws -> SelfDescription? {
    guard let directory = header.directory(PEDirectory.Index.resources) else { return nil }
    let (start, available) = try offset(of: directory.address)
    let tree = try bytes.slice(start, available)
    // Exactly three levels are followed, and the first entry of each below the type: no cycle can hold this up.
    guard let type = try entry(in: tree, at: 0, where: { $0 == Self.versionType }) else { return nil }
    var place = type
    for _ in 0..<2 {
      guard place & 0x8000_0000 != 0, let next = try entry(in: tree, at: place & 0x7FFF_FFFF, where: { _ in true })
      else { throw Malformed("the resource tree is not three levels deep") }
      place = next
    }
    guard place & 0x8000_0000 == 0 else { throw Malformed("the resource tree is more than three levels deep") }
    let size = UInt64(try tree.u32(UInt64(place) + 4))
    let block = try slice(try tree.u32(UInt64(place)), size)
    return try VersionInfo(block).description(fileName: fileName)
  }

  private func entry(in tree: Bytes, at table: UInt32, where matches: (UInt32) -> Bool) throws -> UInt32? {
    let table = UInt64(table)
    let count = UInt64(try tree.u16(table + 12)) + UInt64(try tree.u16(table + 14))
    let entries = try tree.slice(table + 16, count * 8)
    for index in 0..<count where matches(try entries.u32(index * 8)) { return try entries.u32(index * 8 + 4) }
    return nil
  }
}

/// VS_VERSIONINFO, read.
private struct VersionInfo {
  var fixedVersion: String?
  var fields: [String: String] = [:]

  /// The most strings that are kept; real resources have about ten.
  private static let limit = 256

  init(_ block: Bytes) throws {
    let root = try Node(block)
    if root.value.count >= 52, try root.value.u32(0) == 0xFEEF_04BD {
      let (high, low) = (try root.value.u32(8), try root.value.u32(12))
      fixedVersion = "\(high >> 16).\(high & 0xFFFF).\(low >> 16).\(low & 0xFFFF)"
    }
    for part in try root.children() where part.key == "StringFileInfo" {
      for table in try part.children() {
        for string in try table.children() where fields.count < Self.limit && !string.key.isEmpty {
          // The first language that says something is kept.
          if fields[string.key] == nil { fields[string.key] = string.text }
        }
      }
    }
  }

  func description(fileName: String) -> SelfDescription {
    func first(_ keys: [String]) -> String? { keys.lazy.compactMap { fields[$0] }.first { !$0.isEmpty } }
    let name = first(["ProductName", "OriginalFilename", "InternalName", "FileDescription"])
    let version = first(["ProductVersion"]) ?? fixedVersion ?? first(["FileVersion"])
    var all = fields
    all["FixedFileVersion"] = fixedVersion
    return SelfDescription(kind: .versionResource, name: name ?? fileName, version: version ?? "", fields: all)
  }
}

/// One block of the tree.
private struct Node {
  let key: String
  let value: Bytes
  private let rest: Bytes

  /// Takes the block at the start of `bytes`.
  init(_ bytes: Bytes) throws {
    let length = UInt64(try bytes.u16(0))
    let block = try bytes.slice(0, length)
    let isText = try block.u16(4) == 1
    // A text's length is in characters; some compilers give bytes, so the block's end bounds it.
    let size = UInt64(try block.u16(2)) * (isText ? 2 : 1)
    (key, value, rest) = try Self.parts(block, size)
  }

  private static func parts(_ block: Bytes, _ size: UInt64) throws -> (String, Bytes, Bytes) {
    let key = try utf16(try block.slice(from: 6))
    let start = min(try aligned(6 + UInt64(key.utf16.count) * 2 + 2, to: 4), block.count)
    let value = try block.slice(start, min(size, block.count - start))
    let end = min(try aligned(start + value.count, to: 4), block.count)
    return (key, value, try block.slice(from: end))
  }

  /// The value as text, up to its NUL, without the blanks around it.
  var text: String { ((try? utf16(value)) ?? "").trimmingCharacters(in: .whitespaces) }

  func children() throws -> [Node] {
    var nodes: [Node] = []
    var position: UInt64 = 0
    while position < rest.count, rest.count - position >= 6, nodes.count < 256 {
      let length = UInt64(try rest.u16(position))
      // Zeros may pad the end.
      guard length >= 6 else { break }
      nodes.append(try Node(try rest.slice(position, min(length, rest.count - position))))
      position = try aligned(position + length, to: 4)
    }
    return nodes
  }
}

/// UTF-16 up to a NUL or the end.
private func utf16(_ bytes: Bytes) throws -> String {
  var units: [UInt16] = []
  for position in 0..<bytes.count / 2 {
    let unit = try bytes.u16(position * 2)
    if unit == 0 { break }
    units.append(unit)
  }
  return String(decoding: units, as: UTF16.self)
}
