internal import CHivex
internal import Foundation
internal import Glibc
internal import Inventory

/// A registry hive, read only, through libhivex. The only place that touches it.
///
/// What is damaged becomes a problem and an empty answer, the rest stays readable. `HIVEX_OPEN_UNSAFE` stays off: its
/// heuristics go on past damage that the library's own checks found, and a hive from a guest may be damaged on purpose.
/// A crafted hive can list the same large cells again and again, so all that is read is charged to one budget.
final class Hive {
  /// A key of this hive; good as long as the hive is.
  struct Key: Hashable {
    fileprivate let node: hive_node_h
  }

  /// Bytes; a hive of a real system has at most some hundred MiB.
  static let sizeLimit = 512 << 20
  /// Bytes of one value that are read: text and numbers are small, large values are left out.
  static let valueLimit = 64 << 10
  private static let cellCost = 64
  private static let failureCost = 1 << 20

  private let handle: OpaquePointer
  private let path: GuestPath
  private var budget = 256 << 20
  private(set) var problems: [Problem] = []

  /// Opens a copy of `data` in a private folder below `scratch` that is gone before this returns (the library maps the
  /// open file).
  init(_ data: Data, path: GuestPath, scratch: URL = FileManager.default.temporaryDirectory) throws {
    func problem(_ code: String, _ reason: String) -> Problem {
      Problem(code: code, operation: "open registry hive", subject: path.description, reason: reason)
    }
    guard data.count <= Hive.sizeLimit else { throw problem("too-large", "\(data.count) bytes") }
    guard data.starts(with: Array("regf".utf8)) else { throw problem("malformed", "no hive header") }
    var template = Array(scratch.appending(path: "vmlineage-hive-XXXXXX").path.utf8CString)
    guard mkdtemp(&template) != nil else { throw problem("no-space", String(cString: strerror(errno))) }
    let name = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let folder = URL(fileURLWithPath: name)
    defer { try? FileManager.default.removeItem(at: folder) }
    let copy = folder.appending(path: "hive")
    do { try data.write(to: copy) } catch { throw problem("no-space", "\(error)") }
    guard let handle = hivex_open(copy.path, 0) else { throw problem("malformed", String(cString: strerror(errno))) }
    self.handle = handle
    self.path = path
    if data.dropFirst(4).prefix(4) != data.dropFirst(8).prefix(4) {
      problems.append(problem("dirty", "it was being written; what its log files hold on top is not read"))
    }
  }

  deinit { hivex_close(handle) }

  /// The key at `path`, names separated by `\`, capitals and small letters alike, from the root or from `start`.
  func key(_ path: String, below start: Key? = nil) -> Key? {
    let root = hivex_root(handle)
    guard var key = start ?? (root == 0 ? nil : Key(node: root)) else { return nil }
    for name in path.split(separator: "\\").prefix(32) {
      let wanted = name.lowercased()
      guard let child = children(of: key).first(where: { $0.name.lowercased() == wanted }) else { return nil }
      key = child.key
    }
    return key
  }

  /// The keys directly below; names that are not valid text have U+FFFD in them.
  func children(of key: Key) -> [(name: String, key: Key)] {
    nodes(hivex_node_children(handle, key.node), "list keys").compactMap { node in
      guard charge(Hive.cellCost) else { return nil }
      return text(hivex_node_name(handle, node), length: hivex_node_name_len(handle, node), "read key name")
        .map { ($0, Key(node: node)) }
    }
  }

  /// All values of a key by their names in small letters; the default value is named "".
  func values(of key: Key) -> [String: Value] {
    var values: [String: Value] = [:]
    for node in nodes(hivex_node_values(handle, key.node), "list values") {
      guard charge(Hive.cellCost) else { break }
      let length = hivex_value_key_len(handle, node)
      guard let name = text(hivex_value_key(handle, node), length: length, "read value name") else { continue }
      if let value = value(node) { values[name.lowercased()] = value }
    }
    return values
  }

  private func value(_ node: hive_value_h) -> Value? {
    var kind = hive_type(0)
    var length = 0
    guard hivex_value_type(handle, node, &kind, &length) == 0 else {
      fail("read value type")
      return nil
    }
    guard length <= Hive.valueLimit, charge(length) else { return nil }
    guard let bytes = hivex_value_value(handle, node, &kind, &length) else {
      fail("read value")
      return nil
    }
    defer { free(bytes) }
    return Value(kind: kind.rawValue, bytes: Array(UnsafeRawBufferPointer(start: bytes, count: length)))
  }

  /// Takes over a list of the library that ends with 0.
  private func nodes(_ list: UnsafeMutablePointer<Int>?, _ operation: String) -> [Int] {
    guard let list else {
      fail(operation)
      return []
    }
    defer { free(list) }
    var count = 0
    while list[count] != 0 { count += 1 }
    return charge(count * 8) ? Array(UnsafeBufferPointer(start: list, count: count)) : []
  }

  /// Takes over a UTF-8 string of the library.
  private func text(_ bytes: UnsafeMutablePointer<CChar>?, length: Int, _ operation: String) -> String? {
    guard let bytes else {
      fail(operation)
      return nil
    }
    defer { free(bytes) }
    return String(cString: bytes)
  }

  private func charge(_ cost: Int) -> Bool {
    if budget <= 0 { return false }
    budget -= cost
    if budget <= 0 { add("too-large", "read registry hive", "more than any system needs; the rest is left out") }
    return budget > 0
  }

  /// Notes what the library's last call set `errno` to.
  private func fail(_ operation: String) {
    let reason = String(cString: strerror(errno))
    if charge(Hive.failureCost) { add("malformed", operation, reason) }
  }

  private func add(_ code: String, _ operation: String, _ reason: String) {
    let problem = Problem(code: code, operation: operation, subject: path.description, reason: reason)
    if problems.count < 16, !problems.contains(problem) { problems.append(problem) }
  }
}
