/// What things of one set have that those of another lack.
package struct Comparison: Sendable {
  /// What may be shared.
  package enum Subject: String, CaseIterable, Sendable {
    case sources, applications, artifacts

    /// From the nearest to where it runs to the finest: a source is told down to its revision.
    var level: Level {
      switch self {
      case .sources: .revision
      case .applications: .release
      case .artifacts: .artifact
      }
    }
  }

  package var subject: Subject
  /// Hosts, vms or images, by name; all of one kind.
  package var of: Filter
  /// Those that do not show what is looked for. Empty: what is common to all of `of`.
  package var against: Filter

  package init(_ subject: Subject, of: Filter, against: Filter) {
    self.subject = subject
    self.of = of
    self.against = against
  }
}

/// One thing that a set shares, and how strongly it separates.
package struct Shared: Sendable {
  package var name: String
  /// The version, or the commit.
  package var detail: String?
  package var author: String?
  package var repository: String?
  /// The application that it belongs to, where it is an artifact.
  package var application: String?
  /// Whether it is all versions of a source or an application together.
  package var isAny: Bool
  /// How many of the set have it, of how many; how many of the other.
  package var having: Int
  package var of: Int
  package var othersHaving: Int
  package var others: Int
  package var confidence: Double
  /// Nil without a set to compare with.
  package var lift: Double?
  package var p: Double?
  /// Corrected for the number of things that were tested.
  package var corrected: Double?
}
