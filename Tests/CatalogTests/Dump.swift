import Foundation
import TestSupport
import Testing

/// All that is projected, and what signatures say, by names instead of numbers, as the sqlite3 shell says it: two catalogs that
/// hold the same facts must give the same text.
func dump(_ path: String) throws -> String {
  let sql = packageFolder.appending(path: "scripts/estate/projected.sql")
  return try sqlite(path, String(contentsOf: sql, encoding: .utf8))
}

/// That a catalog's dump is the expected one; shows only what differs.
func expectSame(_ expected: String, _ path: String, _ place: SourceLocation = #_sourceLocation) throws {
  let (left, right) = (Set(expected.split(separator: "\n")), Set(try dump(path).split(separator: "\n")))
  let differences = left.subtracting(right).map { "- \($0)" } + right.subtracting(left).map { "+ \($0)" }
  #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))", sourceLocation: place)
}
