package import Catalog
package import Foundation
internal import Inventory

/// The JSON of `sql`, `vmlineage.sql/1`: column names and rows, bytes as base64.
package func selectDocument(_ result: SelectedRows) throws -> Data {
  struct Document: Encodable {
    var schema = "vmlineage.sql/1"
    var columns: [String]
    var rows: [[Cell]]
    var cut: Bool
  }
  struct Cell: Encodable {
    var cell: SelectedRows.Cell

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch cell {
      case .null: try container.encodeNil()
      case .number(let number): try container.encode(number)
      case .real(let number): try container.encode(number)
      case .text(let text): try container.encode(text)
      case .bytes(let bytes): try container.encode(Data(bytes).base64EncodedString())
      }
    }
  }
  return try jsonDocument(
    Document(columns: result.columns, rows: result.rows.map { $0.map { Cell(cell: $0) } }, cut: result.isCut))
}

/// The rows for people.
package func selectTable(_ result: SelectedRows, width: Int) -> String {
  let rows = result.rows.map { row in
    row.map { cell in
      switch cell {
      case .null: ""
      case .number(let number): "\(number)"
      case .real(let number): "\(number)"
      case .text(let text): printable(text)
      case .bytes(let bytes): bytes.map { String(format: "%02x", $0) }.joined()
      }
    }
  }
  return Columns(rows: [result.columns] + rows, indent: 0).lines(width: width).map { $0 + "\n" }.joined()
}
