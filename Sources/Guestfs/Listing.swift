package import Foundation

/// One entry of a volume as `find` in the appliance saw it.
package struct ListedFile: Sendable {
  /// From the root of the volume; empty for the root itself.
  package var path: [UInt8]
  /// `f` file, `d` folder, `l` link, others as in find(1), `%y`.
  package var type: UInt8
  package var size: UInt64
  /// Seconds since 1970.
  package var modified: Int64
  package var inode: UInt64
  package var links: UInt32
  /// Permission bits.
  package var mode: UInt16
  package var uid: UInt32
  package var gid: UInt32
  package var target: [UInt8]
}

extension Appliance {
  /// Lists a mounted volume, other file systems below it left out: `body` gets each entry.
  /// - Returns: what find complained of (empty where all could be read).
  package func list(volume: Int, into folder: URL, _ body: (ListedFile) -> Void) throws -> String {
    let complaints = try shell(.list(volume: volume))
    let file = folder.appending(path: "list")
    defer { try? FileManager.default.removeItem(at: file) }
    try download("list", to: file)
    let list = try Data(contentsOf: file, options: .alwaysMapped)
    let omitted = parseListing(list, body)
    if list.count >= GuestScript.listBound { return "its list of files is too long and was cut; \(complaints)" }
    return omitted == 0 ? complaints : "\(omitted) entries are not understood; \(complaints)"
  }
}

/// Reads ten NUL-terminated fields an entry; an entry cut short at the end, or with a field that is no number, is left out.
/// - Returns: how many were left out.
@discardableResult
func parseListing(_ data: Data, _ body: (ListedFile) -> Void) -> Int {
  let fieldCount = 10
  var omitted = 0
  data.withUnsafeBytes { bytes in
    var fields: [Range<Int>] = []
    var start = 0
    while start < bytes.count, let end = bytes[start...].firstIndex(of: 0) {
      fields.append(start..<end)
      start = end + 1
      if fields.count == fieldCount {
        if let file = listedFile(fields.map { bytes[$0] }) { body(file) } else { omitted += 1 }
        fields.removeAll(keepingCapacity: true)
      }
    }
    if start < bytes.count || !fields.isEmpty { omitted += 1 }
  }
  return omitted
}

private func listedFile(_ fields: [Slice<UnsafeRawBufferPointer>]) -> ListedFile? {
  func number<Number: FixedWidthInteger>(_ field: Slice<UnsafeRawBufferPointer>, radix: Int = 10) -> Number? {
    Number(String(decoding: field, as: UTF8.self), radix: radix)
  }
  // %T@ is seconds, a point and a fraction.
  let seconds = fields[3].prefix { $0 != UInt8(ascii: ".") }
  guard let type = fields[1].first, let size: UInt64 = number(fields[2]), let modified: Int64 = number(seconds),
    let inode: UInt64 = number(fields[4]), let links: UInt32 = number(fields[5]),
    let mode: UInt16 = number(fields[6], radix: 8), let uid: UInt32 = number(fields[7]),
    let gid: UInt32 = number(fields[8])
  else { return nil }
  return ListedFile(
    path: Array(fields[0]), type: type, size: size, modified: modified, inode: inode, links: links, mode: mode,
    uid: uid, gid: gid, target: Array(fields[9]))
}
