internal import Fingerprints
internal import Foundation
internal import GRDB
internal import Inventory
internal import Lineage

/// What was concluded of the newest inventory of each image, word for word, for as long as it rests on the same basis:
/// claims can be asked, but a report has more in it than can be asked.
struct Conclusions {
  let db: Database

  /// Replaces what is kept of this image. The files that declared packages list are not kept.
  func keep(_ findings: Findings, basis: Digest, inventory: Int64, image: Int64) throws {
    try db.execute(
      sql: "DELETE FROM conclusion WHERE inventory_id IN (SELECT id FROM inventory WHERE image_id = ?)",
      arguments: [image])
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let numbers = try findings.applications.map { application in
      var application = application
      application.package?.files = []
      return Int(UInt32(clamping: try number(of: try encoder.encode(application))))
    }
    try db.execute(
      sql: "INSERT INTO conclusion VALUES (?, ?, ?, ?, ?)",
      arguments: [inventory, Data(basis.bytes), findings.explained, findings.unexplained, PackedNumbers.pack(numbers)])
  }

  private func number(of body: Data) throws -> Int64 {
    let digest = Data(Digest(of: body).bytes)
    let select = try db.cachedStatement(sql: "SELECT id FROM concluded_application WHERE digest = ?")
    if let known = try Int64.fetchOne(select, arguments: [digest]) { return known }
    let insert = try db.cachedStatement(sql: "INSERT INTO concluded_application (digest, body) VALUES (?, ?)")
    try insert.execute(arguments: [digest, String(decoding: body, as: UTF8.self)])
    return db.lastInsertedRowID
  }

  /// Nil where there are none on this basis.
  func findings(of inventory: Int64, basis: Digest) throws -> Findings? {
    let row = try Row.fetchOne(
      db, sql: "SELECT explained, unexplained, applications FROM conclusion WHERE inventory_id = ? AND basis = ?",
      arguments: [inventory, Data(basis.bytes)])
    guard let row else { return nil }
    var applications: [Application] = []
    let select = try db.cachedStatement(sql: "SELECT body FROM concluded_application WHERE id = ?")
    for number in PackedNumbers.unpack(row[2]) {
      // Told by a program that wrote applications otherwise: not to be told again.
      guard let body = try String.fetchOne(select, arguments: [number]),
        let application = try? JSONDecoder().decode(Application.self, from: Data(body.utf8))
      else { return nil }
      applications.append(application)
    }
    return Findings(applications: applications, explained: row[0], unexplained: row[1])
  }
}
