package import Catalog
package import Foundation
internal import Inventory

/// The JSON of `common`, `vmlineage.common/1`.
package func commonDocument(_ shared: [Shared], _ subject: Comparison.Subject) throws -> Data {
  struct Document: Encodable {
    var schema = "vmlineage.common/1"
    var subject: String
    var count: Int
    var items: [Item]
  }
  struct Item: Encodable {
    var name: String
    var version: String?
    var revision: String?
    var sha256: String?
    var author: String?
    var repository: String?
    var application: String?
    var having: Int
    var of: Int
    var othersHaving: Int
    var others: Int
    var confidence: Double
    var lift: Double?
    var p: Double?
    var corrected: Double?
  }
  let items = shared.map { one in
    Item(
      name: one.name, version: subject == .applications ? one.detail : nil,
      revision: subject == .sources ? one.detail : nil, sha256: subject == .artifacts ? one.detail : nil,
      author: one.author, repository: one.repository, application: one.application, having: one.having, of: one.of,
      othersHaving: one.othersHaving, others: one.others, confidence: one.confidence, lift: one.lift, p: one.p,
      corrected: one.corrected)
  }
  return try jsonDocument(Document(subject: subject.rawValue, count: shared.count, items: items))
}

/// What is shared, for people.
package func commonTable(_ shared: [Shared], width: Int) -> String {
  let isCompared = shared.contains { $0.lift != nil }
  let header = ["NAME", "VERSION", "AUTHOR", "HAVE IT"] + (isCompared ? ["OTHERS", "LIFT", "CORRECTED P"] : [])
  let rows = shared.map { one in
    let detail = one.detail.map { String(printable($0).prefix(12)) } ?? "(any)"
    return [printable(one.name), detail, printable(one.author ?? ""), "\(one.having)/\(one.of)"]
      + (isCompared
        ? [
          "\(one.othersHaving)/\(one.others)", String(format: "%.1f", one.lift ?? 0),
          String(format: "%.2g", one.corrected ?? 1),
        ] : [])
  }
  return Columns(rows: [header] + rows, indent: 0).lines(width: width).map { $0 + "\n" }.joined()
}
