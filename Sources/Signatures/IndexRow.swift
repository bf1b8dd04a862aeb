internal import Fingerprints
internal import Foundation
internal import GRDB

/// Contents that no index of ours has.
struct IndexDamage: Error {
  var reason: String

  init(_ reason: String) { self.reason = reason }
}

/// Reading that throws where a subscript of `Row` would end the program: STRICT binds who writes a file, not a stranger
/// who made it byte by byte.
extension Row {
  func value<Value: DatabaseValueConvertible>(_ column: Int, _ type: Value.Type = Value.self) throws -> Value {
    guard let value = Value.fromDatabaseValue(self[column]) else {
      throw IndexDamage("column \(column) of a row has another type")
    }
    return value
  }

  func optional<Value: DatabaseValueConvertible>(_ column: Int) throws -> Value? {
    let value: DatabaseValue = self[column]
    return value.isNull ? nil : try self.value(column, Value.self)
  }

  func digest(_ column: Int) throws -> Digest {
    guard let digest = Digest(bytes: try value(column, Data.self)) else {
      throw IndexDamage("a digest is not 32 bytes")
    }
    return digest
  }

  func time(_ column: Int) throws -> Date? {
    guard let text: String = try optional(column) else { return nil }
    guard let date = try? Date(text, strategy: .iso8601) else { throw IndexDamage("a time is not ISO 8601") }
    return date
  }
}
