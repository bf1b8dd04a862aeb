internal import CHivex
internal import Foundation
internal import Glibc
internal import Inventory

/// A registry hive, read only, through libhivex. The only place that touches it.
///
/// A hive that was being written is first recovered from its logs, in memory (`HiveRecovery`). What is damaged becomes a
/// problem and is left out, the rest stays readable. `HIVEX_OPEN_UNSAFE` stays off: its heuristics go on past damage that the
/// library's own checks found, and a hive from a guest may be damaged on purpose. What the library then refuses as a whole is
/// made readable around the damage (`HiveMending`, `HiveLists`), and the library checks it as any other.
/// A crafted hive can list the same large cells again and again, so all that is read is charged to one budget.
final class Hive {
  /// A key of this hive; good as long as the hive is.
  struct Key: Hashable {
    fileprivate let node: hive_node_h
    /// Its path from the root, for messages.
    fileprivate let path: String
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
  private(set) var remarks: [Problem] = []
  private let data: Data
  /// The bytes once more, for what the library cannot list.
  private lazy var lists = HiveLists(hive: [UInt8](data))

  init(
    _ stored: Data, logs: HiveLogs = HiveLogs(), path: GuestPath,
    scratch: URL = FileManager.default.temporaryDirectory
  ) throws {
    func problem(_ code: String, _ reason: String) -> Problem {
      Problem(code: code, operation: "open registry hive", subject: path.description, reason: reason)
    }
    guard stored.count <= Hive.sizeLimit else { throw problem("too-large", "\(stored.count) bytes") }
    var data = stored
    if let recovery = HiveRecovery(stored, logs) {
      data = Data(recovery.hive)
      if let loss = recovery.loss { problems.append(problem("dirty", "\(recovery.state), and \(loss)")) }
      if let applied = recovery.applied {
        remarks.append(problem("registry-log-applied", "\(recovery.state); applied \(applied)"))
      }
    }
    guard data.starts(with: Array("regf".utf8)) else { throw problem("malformed", "no hive header") }
    do {
      handle = try Self.open(data, in: scratch)
    } catch .noSpace(let reason) {
      throw problem("no-space", reason)
    } catch .refused(let reason) {
      let mending = HiveMending([UInt8](data))
      guard let first = mending.first, let mended = try? Self.open(Data(mending.hive), in: scratch) else {
        throw problem("malformed", reason)
      }
      handle = mended
      data = Data(mending.hive)
      let broken = "\(mending.count) of its bins and cells are broken, the first at offset \(first)"
      problems.append(problem("malformed", "\(broken); what they held is left out"))
    }
    self.data = data
    self.path = path
  }

  private enum Failure: Error { case noSpace(String), refused(String) }

  /// Opens a copy of the bytes in a private folder below `scratch` that is gone before this returns (the library maps the
  /// open file).
  private static func open(_ data: Data, in scratch: URL) throws(Failure) -> OpaquePointer {
    var template = Array(scratch.appending(path: "vmlineage-hive-XXXXXX").path.utf8CString)
    guard mkdtemp(&template) != nil else { throw .noSpace(String(cString: strerror(errno))) }
    let name = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let folder = URL(fileURLWithPath: name)
    defer { try? FileManager.default.removeItem(at: folder) }
    let copy = folder.appending(path: "hive")
    do { try data.write(to: copy) } catch { throw .noSpace("\(error)") }
    guard let handle = hivex_open(copy.path, 0) else { throw .refused(String(cString: strerror(errno))) }
    return handle
  }

  deinit { hivex_close(handle) }

  /// The key at `path`, names separated by `\`, capitals and small letters alike, from the root or from `start`.
  func key(_ path: String, below start: Key? = nil) -> Key? {
    let root = hivex_root(handle)
    guard var key = start ?? (root == 0 ? nil : Key(node: root, path: "")) else { return nil }
    for name in path.split(separator: "\\").prefix(32) {
      let wanted = name.lowercased()
      guard let child = children(of: key).first(where: { $0.name.lowercased() == wanted }) else { return nil }
      key = child.key
    }
    return key
  }

  /// The keys directly below; names that are not valid text have U+FFFD in them.
  func children(of key: Key) -> [(name: String, key: Key)] {
    let children =
      nodes(hivex_node_children(handle, key.node), "list keys", key) ?? nodes(lists.keys(of: Int(key.node)))
    return children.compactMap { node in
      guard charge(Hive.cellCost) else { return nil }
      return text(hivex_node_name(handle, node), length: hivex_node_name_len(handle, node), "read key name", key)
        .map { ($0, Key(node: node, path: key.path + "\\" + $0)) }
    }
  }

  /// All values of a key by their names in small letters; the default value is named "".
  func values(of key: Key) -> [String: Value] {
    var values: [String: Value] = [:]
    let list = nodes(hivex_node_values(handle, key.node), "list values", key) ?? nodes(lists.values(of: Int(key.node)))
    for node in list {
      guard charge(Hive.cellCost) else { break }
      let length = hivex_value_key_len(handle, node)
      guard let name = text(hivex_value_key(handle, node), length: length, "read value name", key) else { continue }
      if let value = value(node, key) { values[name.lowercased()] = value }
    }
    return values
  }

  private func value(_ node: hive_value_h, _ key: Key) -> Value? {
    var kind = hive_type(0)
    var length = 0
    guard hivex_value_type(handle, node, &kind, &length) == 0 else {
      fail("read value type", key)
      return nil
    }
    guard length <= Hive.valueLimit, charge(length) else { return nil }
    guard let bytes = hivex_value_value(handle, node, &kind, &length) else {
      fail("read value", key)
      return nil
    }
    defer { free(bytes) }
    return Value(kind: kind.rawValue, bytes: Array(UnsafeRawBufferPointer(start: bytes, count: length)))
  }

  /// Takes over a list of the library that ends with 0; nil where there is none, which is noted.
  private func nodes(_ list: UnsafeMutablePointer<Int>?, _ operation: String, _ key: Key) -> [Int]? {
    guard let list else {
      fail(operation, key)
      return nil
    }
    defer { free(list) }
    var count = 0
    while list[count] != 0 { count += 1 }
    return nodes(Array(UnsafeBufferPointer(start: list, count: count)))
  }

  private func nodes(_ list: [Int]) -> [Int] { charge(list.count * 8) ? list : [] }

  /// Takes over a UTF-8 string of the library.
  private func text(
    _ bytes: UnsafeMutablePointer<CChar>?, length: Int, _ operation: String, _ key: Key
  ) -> String? {
    guard let bytes else {
      fail(operation, key)
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
  private func fail(_ operation: String, _ key: Key) {
    let reason = "\(String(cString: strerror(errno))) in the key \(key.path.isEmpty ? "\\" : key.path)"
    if charge(Hive.failureCost) { add("malformed", operation, reason) }
  }

  private func add(_ code: String, _ operation: String, _ reason: String) {
    let problem = Problem(code: code, operation: operation, subject: path.description, reason: reason)
    if problems.count < 16, !problems.contains(problem) { problems.append(problem) }
  }
}
