/// The members of a key by its own lists (Maxim Suhanov, "Windows registry file format specification", Key node and the
/// lists): for a key one member of which is broken, for which the library gives none. Members that have no signature are left
/// out, and the library checks the others when it reads them.
struct HiveLists {
  let hive: [UInt8]

  private static let most = 1 << 16

  /// - Parameter node: the offset of the key's cell in the file, which is the library's handle too.
  func keys(of node: Int) -> [Int] {
    guard hive.holds("nk", at: node + 4), let list = cell(node + 4 + 28) else { return [] }
    // An index root lists lists, and no index root (Index root, notes).
    let lists = hive.holds("ri", at: list + 4) ? members(list, step: 4) : [list]
    var keys: [Int] = []
    for list in lists where keys.count < Self.most {
      if hive.holds("lf", at: list + 4) || hive.holds("lh", at: list + 4) { keys += members(list, step: 8) }
      if hive.holds("li", at: list + 4) { keys += members(list, step: 4) }
    }
    return keys.prefix(Self.most).filter { hive.holds("nk", at: $0 + 4) }
  }

  func values(of node: Int) -> [Int] {
    guard hive.holds("nk", at: node + 4), let count = hive.little32(node + 4 + 36), let list = cell(node + 4 + 40)
    else { return [] }
    return (0..<min(Int(count), Self.most)).compactMap { cell(list + 4 + $0 * 4) }
      .filter { hive.holds("vk", at: $0 + 4) }
  }

  private func members(_ list: Int, step: Int) -> [Int] {
    guard let head = hive.little32(list + 4) else { return [] }
    return (0..<Int(head >> 16)).compactMap { cell(list + 8 + $0 * step) }
  }

  /// The offset in the file of the cell that is named at `offset`.
  private func cell(_ offset: Int) -> Int? {
    guard let relative = hive.little32(offset), relative != .max else { return nil }
    return HiveBaseBlock.length + Int(relative)
  }
}
