import Foundation
import TestSupport
import Testing

@testable import Events

struct EventTimeTests {
  /// https://www.rfc-editor.org/rfc/rfc3339, section 5.8; the numbers are date(1)'s.
  @Test(arguments: [
    "1985-04-12T23:20:50.52Z", "1996-12-19T16:39:57-08:00", "2024-02-29T00:00:00Z", "2000-02-29t12:00:00+05:30",
    "1970-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z",
  ])
  func `times are what date says`(text: String) throws {
    let finished = try run(["date", "-d", text, "+%s%3N"])
    #expect(EventTime(text)?.milliseconds == Int64(finished.text.trimmingCharacters(in: .whitespacesAndNewlines)))
  }

  @Test(arguments: [
    "2026-01-31", "2026-01-31T12:05", "2026-01-31 12:05", "2026-01-31T12:05:07", "2026-01-31T12:05:07.25Z",
    "2026-01-31T12:05+02:00", "2026-01-31T12:05:07-0330",
  ]) func `times that people type are what date says`(text: String) throws {
    let finished = try run(["date", "-u", "-d", text, "+%s%3N"])
    let milliseconds = Double(finished.text.trimmingCharacters(in: .whitespacesAndNewlines))
    #expect(EventTime(typed: text)?.date == milliseconds.map { Date(timeIntervalSince1970: $0 / 1000) })
    #expect(EventTime(typed: "\(text)x") == nil)
  }

  @Test func `text that is no time is rejected`() {
    for text in [
      "", "2026", "2026-02-29T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:00:00", "１-01-01T00:00:00Z",
    ] {
      #expect(EventTime(text) == nil, "\(text)")
    }
  }
}
