package import Foundation

/// One document as every command prints it: sorted keys, times in ISO 8601 and UTC, a line feed at its end.
package func jsonDocument(_ value: some Encodable) throws -> Data {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
  encoder.dateEncodingStrategy = .iso8601
  return try encoder.encode(value) + Data("\n".utf8)
}
