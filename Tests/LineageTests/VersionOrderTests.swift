import Foundation
import TestSupport
import Testing

@testable import Lineage

struct VersionOrderTests {
  /// Versions that Debian orders as everybody does.
  private static let versions = [
    "0.9", "1.0~beta2", "1.0~rc1", "1.0", "1.0.1", "1.2", "1.9", "1.10", "1.10.1a", "2", "10.0",
  ]

  @Test func `agrees with dpkg`() throws {
    for left in Self.versions {
      for right in Self.versions where left != right {
        let truth = try run(["dpkg", "--compare-versions", left, "lt", right]).status == 0
        #expect(isOlder(left, right) == truth, "\(left) < \(right)")
      }
    }
  }

  @Test func `candidates come before their release whatever joins them`() {
    for candidate in ["1.0-rc1", "1.0rc1", "1.0.dev3", "1.0-alpha.2", "1.0b1"] {
      #expect(isOlder(candidate, "1.0") && !isOlder("1.0", candidate))
    }
  }
}
