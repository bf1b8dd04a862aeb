internal import GRDB

/// A release that was reported.
struct ReleaseHistory {
  let db: Database
  let things: Things

  init(_ db: Database, _ things: Things) {
    self.db = db
    self.things = things
  }

  /// A signature that is a build's id joins the two for good, whether that signature was ever seen or not.
  func tell(_ report: Report, _ release: Int64) throws {
    guard report.event.kind == .releaseBuilt else { return }
    try setReleased(db, release, at: report.at)
    guard let digest = report.event.signature, digest.wholeMatch(of: /[0-9a-f]{64}/) != nil else { return }
    try Links(db).hold(release, try things.id("build", digest), at: 0, report.claim)
  }
}
