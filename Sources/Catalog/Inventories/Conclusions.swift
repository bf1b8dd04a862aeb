internal import Fingerprints
internal import Foundation
internal import GRDB
internal import Inventory
internal import Lineage
internal import Synchronization

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
  func findings(of inventory: Int64, basis: Digest, _ known: ConcludedApplications) throws -> Findings? {
    let select = try db.cachedStatement(
      sql: "SELECT explained, unexplained, applications FROM conclusion WHERE inventory_id = ? AND basis = ?")
    guard let row = try Row.fetchOne(select, arguments: [inventory, Data(basis.bytes)]) else { return nil }
    var applications: [Application] = []
    for number in PackedNumbers.unpack(row[2]) {
      guard let application = try known.application(number, { try application(number) }) else { return nil }
      applications.append(application)
    }
    return Findings(applications: applications, explained: row[0], unexplained: row[1])
  }

  /// Nil where a program told it that wrote applications otherwise: not to be told again.
  private func application(_ number: Int) throws -> Application? {
    let select = try db.cachedStatement(sql: "SELECT body FROM concluded_application WHERE id = ?")
    guard let body = try String.fetchOne(select, arguments: [number]) else { return nil }
    return try? JSONDecoder().decode(Application.self, from: Data(body.utf8))
  }
}

/// Those that were told since the catalog was opened, by number: rows that never change, and most images have what others
/// have.
final class ConcludedApplications: Sendable {
  private static let most = 10_000
  private let known = Mutex<[Int: Application]>([:])

  func application(_ number: Int, _ read: () throws -> Application?) rethrows -> Application? {
    if let application = known.withLock({ $0[number] }) { return application }
    guard let application = try read() else { return nil }
    known.withLock { known in
      if known.count == Self.most { known = [:] }
      known[number] = application
    }
    return application
  }
}
