internal import Crypto
internal import Foundation

private enum Table { static let module = 0x00, typeRef = 0x01, memberRef = 0x0A, attribute = 0x0C, assembly = 0x20 }

extension DotNetMetadata {
  /// The MVID: a GUID that compilers make new for each build, or from its contents.
  func moduleVersionID() throws -> String? {
    count(Table.module) == 0 ? nil : try guid(number: try cell(Table.module, row: 1, column: 2))
  }

  /// What the manifest says; nil for a module without one.
  func assembly() throws -> SelfDescription? {
    guard count(Table.assembly) > 0 else { return nil }
    func cell(_ column: Int) throws -> UInt64 { try self.cell(Table.assembly, row: 1, column: column) }
    let version = try (1...4).map { String(try cell($0)) }.joined(separator: ".")
    var result = SelfDescription(
      kind: .dotnetAssembly, name: try string(try cell(7)), version: version, fields: ["AssemblyVersion": version])
    let culture = try string(try cell(8))
    if !culture.isEmpty { result.fields["Culture"] = culture }
    let key = try blob(try cell(6))
    if !key.isEmpty { result.fields["PublicKeyToken"] = Self.token(key) }
    for (name, value) in try assemblyAttributes() { result.fields[name] = value }
    if let said = result.fields["AssemblyInformationalVersion"], !said.isEmpty {
      let parts = said.split(separator: "+", maxSplits: 1)
      result.version = parts.first.map(String.init) ?? version
      result.revision = parts.dropFirst().first.flatMap(Self.commit)
    }
    return result
  }

  /// The last 8 bytes of the key's SHA-1, backwards (ECMA-335 II.6.2.1.3).
  private static func token(_ key: Bytes) -> String {
    Array(Insecure.SHA1.hash(data: key.data)).suffix(8).reversed().hex
  }

  /// The commit in a version's build part: compilers write `1.2.3+COMMIT`, some tools `1.2.3+branch.Sha.COMMIT`.
  private static func commit(_ build: Substring) -> String? {
    build.split(whereSeparator: { ".-".contains($0) })
      .last { (7...64).contains($0.count) && $0.allSatisfy(\.isHexDigit) }.map { $0.lowercased() }
  }

  /// The attributes of the assembly whose one argument is a text, by name without `Attribute`.
  private func assemblyAttributes() throws -> [String: String] {
    var found: [String: String] = [:]
    for row in 1..<min(count(Table.attribute), Self.mostAttributes) + 1 {
      // 14 is the number of Assembly among the tables that have attributes, 3 that of MemberRef among constructors.
      let (parent, type) = (
        try cell(Table.attribute, row: row, column: 0), try cell(Table.attribute, row: row, column: 1)
      )
      guard parent & 31 == 14, parent >> 5 == 1, type & 7 == 3, found.count < 64 else { continue }
      guard let name = try attributeName(constructor: type >> 3), Self.keptAttributes.contains(name) else { continue }
      let value = try blob(try cell(Table.attribute, row: row, column: 2))
      // Prolog 0x0001, then a counted string; 0xFF for none (II.23.3).
      guard value.count > 2, try value.u16(0) == 1, try value.u8(2) != 0xFF else { continue }
      let key = name.hasSuffix("Attribute") ? String(name.dropLast("Attribute".count)) : name
      found[key] = String(decoding: try Self.counted(value, 2).prefix(1024).data, as: UTF8.self)
    }
    return found
  }

  private func attributeName(constructor row: UInt64) throws -> String? {
    let parent = try cell(Table.memberRef, row: row, column: 0)
    // 1 is the number of TypeRef among the tables that have members.
    guard parent & 7 == 1 else { return nil }
    return try string(try cell(Table.typeRef, row: parent >> 3, column: 1))
  }

  /// The most rows that are looked at: assemblies come first in the table, which is sorted by what has the attribute.
  private static let mostAttributes: UInt64 = 1 << 18

  private static let keptAttributes: Set = [
    "AssemblyInformationalVersionAttribute", "AssemblyFileVersionAttribute", "AssemblyProductAttribute",
    "AssemblyTitleAttribute", "AssemblyCompanyAttribute", "AssemblyConfigurationAttribute", "TargetFrameworkAttribute",
  ]
}
