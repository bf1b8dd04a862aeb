import Foundation
import Inventory
import TestSupport
import Testing

@testable import Catalog

/// Tables are a function of the facts, whatever the order in which these arrive.
struct HistoryTests {
  private func catalog(_ folder: URL, _ name: String) throws -> (Catalog, String) {
    let path = folder.appending(path: name).path
    let catalog = try Catalog(path: path)
    // Scans are of images that are known.
    _ = try catalog.record(
      (0..<3).map { image in
        Data(#"{"id":"i\#(image)","kind":"image-created","at":"2026-01-01T00:00:00Z","image":"gold\#(image)"}"#.utf8)
      })
    return (catalog, path)
  }

  @Test(arguments: testsAll ? 1...60 : 1...5 as ClosedRange<UInt64>)
  func `any order of arrival gives the same tables, and so does making them again`(seed: UInt64) throws {
    try withTemporaryFolder { folder in
      var estate = Estate(seed: seed)
      let happenings = (0..<120).map { _ in estate.happening() }
      let (inOrder, first) = try catalog(folder, "first.db")
      let outcomes = try Estate.tell(happenings, to: inOrder, batch: 1)
      let recorded = outcomes.filter { $0 == .recorded() }.count
      #expect(recorded > 80 && recorded == outcomes.count)
      let expected = try dump(first)
      #expect(expected.contains("inherited") && expected.contains("life|vm"))

      var generator = SeededGenerator(seed: seed)
      for (position, batch) in [1, 7, 500].enumerated() {
        let (other, path) = try catalog(folder, "\(position).db")
        #expect(
          try Estate.tell(happenings.shuffled(using: &generator), to: other, batch: batch).count == outcomes.count)
        try expectSame(expected, path)
        try other.rebuild()
        try expectSame(expected, path)
        #expect(try other.check() == [])
        // Told once more, nothing changes.
        let events = happenings.filter { if case .event = $0 { true } else { false } }
        #expect(try Estate.tell(events, to: other, batch: batch).allSatisfy { $0 == .repeated })
        try expectSame(expected, path)
      }
    }
  }

  /// Endings that come late, where something was told of what they end since.
  @Test(arguments: [
    ["image-deleted 1", "vm-created 2", "image-deleted 3"],
    ["image-created 1", "vm-created 2", "image-deleted 3", "application-installed 4"],
    ["vm-created 1", "host-decommissioned 2", "vm-migrated 3", "vm-deleted 4"],
    ["vm-created 1", "vm-deleted 2", "host-decommissioned 3", "vm-created 4"],
  ])
  func `an ending that comes late ends the same`(events: [String]) throws {
    let lines = events.map { event in
      let (kind, day) = (event.dropLast(2), event.suffix(1))
      let vm = kind.hasPrefix("image") || kind.hasPrefix("host") ? "" : #""vm":"v","#
      let release = kind == "application-installed" ? #""application":"shop","release":"1","# : ""
      let image = kind.hasPrefix("application") ? "" : #""image":"gold","role":"deployed","#
      return Data(
        #"{"id":"\#(event)","kind":"\#(kind)",\#(vm)\#(release)\#(image)"host":"h","at":"2026-01-0\#(day)T00:00:00Z"}"#
          .utf8)
    }
    try expectSameInAnyOrder(lines)
  }

  /// The same for the image that a vm has of its own, of which another vm was made.
  @Test func `a deletion of a vm's own image that comes late ends the same for others`() throws {
    let lines = [
      #""kind":"vm-created","vm":"a","image":"gold""#,
      #""kind":"application-installed","vm":"a","application":"shop","release":"1""#,
      #""kind":"vm-created","vm":"b","image":"vm:a""#, #""kind":"image-deleted","image":"vm:a""#,
      #""kind":"application-installed","vm":"b","application":"till","release":"1""#,
    ].enumerated().map { Data(#"{"id":"\#($0)","at":"2026-01-0\#($0 + 1)T00:00:00Z",\#($1)}"#.utf8) }
    try expectSameInAnyOrder(lines)
  }

  private func expectSameInAnyOrder(_ lines: [Data]) throws {
    try withTemporaryFolder { folder in
      var expected: String?
      for (position, order) in permutations(lines).enumerated() {
        let path = folder.appending(path: "\(position).db").path
        let catalog = try Catalog(path: path)
        for line in order { #expect(try catalog.record([line]) == [.recorded()]) }
        if let expected { try expectSame(expected, path) } else { expected = try dump(path) }
      }
    }
  }

  private func permutations(_ lines: [Data]) -> [[Data]] {
    if lines.isEmpty { return [[]] }
    return lines.indices.flatMap { place in
      var rest = lines
      let first = rest.remove(at: place)
      return permutations(rest).map { [first] + $0 }
    }
  }

  /// Tens of thousands of events, in batches as the program makes them.
  @Test(.enabled(if: testsAll))
  func `any order of a large estate gives the same tables`() throws {
    try withTemporaryFolder { folder in
      var estate = Estate(seed: 11, scale: 400)
      let happenings = (0..<24_000).map { _ in estate.happening() }.filter {
        if case .event = $0 { true } else { false }
      }
      let (inOrder, first) = try catalog(folder, "first.db")
      #expect(try Estate.tell(happenings, to: inOrder, batch: 700).count == happenings.count)
      let expected = try dump(first)
      for kind in ["inherited", "vm-cloned", "application-patched", "release-built"] {
        #expect(expected.contains(kind))
      }
      var generator = SeededGenerator(seed: 11)
      for (position, batch) in [3000, 50_000].enumerated() {
        let (other, path) = try catalog(folder, "\(position).db")
        _ = try Estate.tell(happenings.shuffled(using: &generator), to: other, batch: batch)
        try expectSame(expected, path)
        try other.rebuild()
        try expectSame(expected, path)
        #expect(try other.check() == [])
      }
    }
  }
}
