internal import CZlib
internal import Foundation

/// The crates that cargo-auditable lists in a program: zlib-compressed JSON in a section of its own
/// (cargo-auditable, PARSING.md).
enum RustAudit {
  static let sectionName = ".dep-v0"
  /// PARSING.md advises readers to stop at 8 MiB.
  private static let longest = 8 << 20

  private struct List: Decodable {
    struct Crate: Decodable {
      var name: String
      var version: String
      var source: String?
      var root: Bool?
    }
    var packages: [Crate]
  }

  static func read(_ bytes: Bytes) throws -> SelfDescription {
    let list = try JSONDecoder().decode(List.self, from: try inflate(bytes.data))
    let root = list.packages.first { $0.root == true }
    return SelfDescription(
      kind: .rustAudit, name: root?.name ?? "", version: root?.version ?? "",
      fields: root?.source.map { ["source": $0] } ?? [:],
      components: list.packages.filter { $0.root != true }.map { .init(name: $0.name, version: $0.version) })
  }

  /// Unpacks a zlib stream into at most `longest` bytes.
  private static func inflate(_ packed: Data) throws -> Data {
    guard packed.count <= longest else { throw Malformed("\(packed.count) packed bytes are too many") }
    // Deflate packs at most 1032 to one.
    var plain = Data(count: min(longest, packed.count * 1032 + 64))
    var size = uLongf(plain.count)
    let status = plain.withUnsafeMutableBytes { target in
      packed.withUnsafeBytes { source in
        CZlib.uncompress(
          target.bindMemory(to: Bytef.self).baseAddress, &size, source.bindMemory(to: Bytef.self).baseAddress,
          uLong(source.count))
      }
    }
    guard status == Z_OK else { throw Malformed("zlib says \(status)") }
    return plain.prefix(Int(size))
  }
}
