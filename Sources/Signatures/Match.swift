package import Fingerprints

/// What one file of an image can be looked up by. The caller numbers its files; the numbers come back in the hits.
package struct MatchKey: Hashable, Sendable {
  /// The caller's number of the file.
  package var file: Int
  package var sha256: Digest?
  package var marks: [Mark]

  package init(file: Int, sha256: Digest?, marks: [Mark]) {
    self.file = file
    self.sha256 = sha256
    self.marks = marks
  }
}

/// One agreement between a file of an image and an artifact of a build. Facts only: what they mean is for Lineage.
package struct MatchHit: Hashable, Sendable {
  package var file: Int
  package var build: Digest
  /// Position in the build's `artifacts`.
  package var artifact: Int
  /// Nil where the digests are equal, else the mark that is.
  package var mark: Mark?

  package init(file: Int, build: Digest, artifact: Int, mark: Mark?) {
    self.file = file
    self.build = build
    self.artifact = artifact
    self.mark = mark
  }
}

/// Everything that an index knows about a set of files: the values that inference works on.
package struct MatchSet: Sendable {
  package var hits: [MatchHit]
  /// The builds that any hit names, whole.
  package var builds: [Digest: Signature]
  /// For each digest that was hit: in how many applications of the whole index it occurs.
  package var applicationsPerDigest: [Digest: Int]
  /// How many applications the whole index holds.
  package var applications: Int

  package init(
    hits: [MatchHit] = [], builds: [Digest: Signature] = [:], applicationsPerDigest: [Digest: Int] = [:],
    applications: Int = 0
  ) {
    self.hits = hits
    self.builds = builds
    self.applicationsPerDigest = applicationsPerDigest
    self.applications = applications
  }
}

/// What decides whether a file is worth reading, held in memory while an image is read.
package struct Screen: Sendable {
  /// Sizes that some artifact has: another size cannot be an exact match.
  package var sizes: Set<UInt64>
  /// `shape` marks of executables.
  package var shapes: Set<String>
  /// `build-id` marks.
  package var buildIDs: Set<String>
  /// Paths' last names of artifacts that have a `text` mark: a text elsewhere is not read for its canonical form alone.
  package var textNames: Set<String>

  package init(
    sizes: Set<UInt64> = [], shapes: Set<String> = [], buildIDs: Set<String> = [], textNames: Set<String> = []
  ) {
    self.sizes = sizes
    self.shapes = shapes
    self.buildIDs = buildIDs
    self.textNames = textNames
  }
}
