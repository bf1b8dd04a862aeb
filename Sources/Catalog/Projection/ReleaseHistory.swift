internal import Events
internal import GRDB

/// A release that was reported.
struct ReleaseHistory {
  let db: Database

  init(_ db: Database) {
    self.db = db
  }

  /// Its signature joins the two for good; where that is a build's id, whether the signature was ever seen or not.
  func tell(_ report: Report, _ release: Int64) throws {
    guard case .releaseBuilt = report.event.body else { return }
    try setReleased(db, release, at: report.at)
    if let build = report.build { try Links(db).hold(release, build, at: 0, report.claim) }
  }
}
